"""Nothing that an image says about itself can do harm."""

from __future__ import annotations

import time
import zlib

import orjson
import pytest

from gallery.errors import GalleryError
from gallery.imaging import Embedded, decode, prompts
from tests.images import (
    A1111,
    DESCRIPTION,
    MAKE,
    graph_with,
    jpeg,
    png,
    webp,
    with_chunk,
)


def embedded(data: bytes) -> Embedded:
    return decode.inspect(data, 1_000_000).embedded


@pytest.mark.parametrize("data", [png(), jpeg(), webp(), png(text={"Software": "Paint"})])
def test_an_image_without_a_record_has_no_source(data: bytes) -> None:
    assert embedded(data) == Embedded()


def test_the_remarks_of_a_camera_are_no_generation_record() -> None:
    data = jpeg(tags={MAKE: "Canon", DESCRIPTION: "Our holiday"}, comment=b"ASCII\0\0\0 lovely")
    assert embedded(data) == Embedded()


@pytest.mark.parametrize(
    "texts",
    [
        {"parameters": "just some words"},
        {"parameters": "{}"},
        {"prompt": "a plain sentence"},
        {"prompt": "[" * 100_000},
        {"prompt": '{"a":' * 50_000},
        {"prompt": "[1, 2"},
        {"prompt": '{"1": {"class_type": 5, "inputs": []}}'},
        {"parameters": "1" * 10_000},
        {"parameters": '{"sui_image_params": [1]}'},
        {"invokeai_metadata": "[]"},
        {"sd-metadata": '{"image": 3}'},
        {"Dream": '"' + "[" * 10_000},
        {"parameters": "Hashes:{" * 100_000},
        {"Dream": '"a"' + " " * 1_000_000},
        {"workflow": "x" * 5_000_000},
        {"parameters": '{"base_model": [], "prompt": {}, "sampler": 1}'},
    ],
    ids=lambda texts: next(iter(texts.items()))[1][:24],
)
def test_a_record_nobody_can_read_is_unknown_and_soon_so(texts: dict[str, str]) -> None:
    start = time.process_time()
    assert prompts.read(texts) == Embedded("unknown")
    assert time.process_time() - start < 2


def test_links_in_a_circle_end() -> None:
    texts = graph_with(
        ("6", "Loop", {"text": ["50", 0]}), ("50", "Loop", {"text": ["6", 0], "x": ["3", 0]})
    )
    assert prompts.read(texts).prompt is None


def test_links_to_nowhere_and_of_odd_shapes_are_ignored() -> None:
    texts = graph_with(positive=["404", 0], negative=[["7"], 0], seed=[None, 1], model=[{}, {}])
    assert prompts.read(texts) == Embedded("comfyui")


def test_a_long_chain_of_nodes_is_walked_quickly() -> None:
    chain = [(str(n), "Reroute", {"value": [str(n + 1), 0]}) for n in range(1000, 20_000)]
    end = ("20000", "PrimitiveString", {"value": "the far end"})
    texts = graph_with(*chain, end, positive=["1000", 0])
    start = time.process_time()
    assert prompts.read(texts).prompt == "the far end"
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("written", "seed"),
    [
        (0, 0),
        (2**64 - 1, 2**64 - 1),
        (2**64, None),
        (-1, None),
        (1.5, None),
        (True, None),
        ("12", 12),
        ("x", None),
        ("9" * 5000, None),
        (None, None),
    ],
)
def test_a_seed_is_a_number_of_64_bits_or_nothing(written: object, seed: int | None) -> None:
    assert prompts.read(graph_with(seed=written)).seed == seed


def test_long_prompts_are_cut_and_control_characters_of_c_removed() -> None:
    text = "\0a\0" + "b" * 50_000
    found = prompts.read(graph_with(("6", "CLIPTextEncode", {"text": text})))
    assert found.prompt == "a" + "b" * 19_999


def test_halves_of_characters_become_storable() -> None:
    texts = graph_with(("6", "CLIPTextEncode", {"text": "a \ud83d and \ud83d\ude00 b"}))
    found = prompts.read(texts)
    assert found.prompt == "a \ufffd and 😀 b"
    assert orjson.dumps(found.prompt)


def test_a_text_that_unpacks_to_a_giant_is_refused() -> None:
    packed = zlib.compress(bytes(50_000_000))
    data = with_chunk(png(), b"zTXt", b"parameters\0\0" + packed)
    with pytest.raises(GalleryError) as caught:
        decode.inspect(data, 1_000_000)
    assert caught.value.code == "damaged_image"


@pytest.mark.parametrize("name", ["exif", "icc_profile", "xmp", "gamma", "dpi", "srgb"])
def test_texts_named_like_the_decoders_own_values_are_only_texts(name: str) -> None:
    assert embedded(png(text={name: "x", "parameters": A1111})).source == "a1111"


def test_a_text_that_poses_as_transparency_is_the_files_fault() -> None:
    with pytest.raises(GalleryError) as caught:
        embedded(png(text={"transparency": "x"}))
    assert caught.value.code == "damaged_image"
