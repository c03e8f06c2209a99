"""What generators embed is read wherever they put it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gallery.imaging import Embedded, decode, prompts
from tests.images import (
    A1111,
    COMFYUI,
    DESCRIPTION,
    FOOOCUS,
    GRAPH,
    INVOKEAI,
    INVOKEAI_DREAM,
    MAKE,
    MODEL,
    NOVELAI,
    SWARMUI,
    WORKFLOW,
    graph_with,
    jpeg,
    png,
    unicode_comment,
    webp,
)

_READABLE = {
    "a1111": {"parameters": A1111},
    "comfyui": COMFYUI,
    "fooocus": {"parameters": FOOOCUS, "fooocus_scheme": "fooocus"},
    "invokeai": {"invokeai_metadata": INVOKEAI},
    "novelai": NOVELAI,
    "swarmui": {"parameters": SWARMUI},
}
_SEEDS = {
    "a1111": 1234567890,
    "comfyui": 42,
    "fooocus": 77,
    "invokeai": 555,
    "novelai": 9,
    "swarmui": 99,
}
_MODELS = {
    "a1111": "dreamshaper_8",
    "comfyui": "sd_xl_base.st",
    "fooocus": "juggernautXL_v8",
    "invokeai": "Juggernaut XL v9",
    "novelai": "NovelAI Diffusion V4",
    "swarmui": "flux1-dev",
}


def embedded(data: bytes) -> Embedded:
    return decode.inspect(data, 1_000_000).embedded


@pytest.mark.parametrize("source", _READABLE)
def test_every_generator_is_read_from_the_text_of_a_png(source: str) -> None:
    found = embedded(png(text=_READABLE[source]))
    assert found.source == source
    assert found.prompt is not None
    assert "a red bridge" in found.prompt
    assert found.negative_prompt in ("blurry", "blurry, text")
    assert found.seed == _SEEDS[source]
    assert found.model == _MODELS[source]


@pytest.mark.parametrize("make", [jpeg, webp])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16"])
@pytest.mark.parametrize(
    ("source", "text"), [("a1111", A1111), ("fooocus", FOOOCUS), ("swarmui", SWARMUI)]
)
def test_a_user_comment_is_read_in_either_byte_order(
    make: Any, encoding: str, source: str, text: str
) -> None:
    found = embedded(make(comment=unicode_comment(text, encoding)))
    assert found.source == source
    assert found.seed == _SEEDS[source]
    assert found.model == _MODELS[source]


@pytest.mark.parametrize("make", [jpeg, webp])
@pytest.mark.parametrize("prefix", [b"ASCII\0\0\0", bytes(8), b""])
def test_a_user_comment_without_unicode_is_read(make: Any, prefix: bytes) -> None:
    found = embedded(make(comment=prefix + A1111.encode()))
    assert (found.source, found.seed) == ("a1111", 1234567890)


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_a_korean_prompt_survives_either_byte_order(encoding: str) -> None:
    text = A1111.replace("a red bridge", "안개 낀 붉은 다리, 새벽빛")
    found = embedded(jpeg(comment=unicode_comment(text, encoding)))
    assert found.prompt is not None
    assert found.prompt.startswith("안개 낀 붉은 다리, 새벽빛")


@pytest.mark.parametrize("make", [jpeg, webp])
def test_a_comfyui_graph_is_read_from_the_camera_fields_of_exif(make: Any) -> None:
    tags = {MAKE: "workflow:" + COMFYUI["workflow"], MODEL: "prompt:" + COMFYUI["prompt"]}
    found = embedded(make(tags=tags))
    assert (found.source, found.prompt, found.seed) == ("comfyui", "a red bridge", 42)
    assert found.workflow_id == WORKFLOW["id"]


def test_a_comfyui_graph_is_read_from_the_description_of_exif() -> None:
    found = embedded(webp(tags={DESCRIPTION: "Prompt: " + COMFYUI["prompt"]}))
    assert (found.source, found.prompt) == ("comfyui", "a red bridge")


def test_a_comfyui_graph_is_read_from_a_user_comment_of_json() -> None:
    comment = json.dumps({"prompt": GRAPH, "workflow": WORKFLOW})
    found = embedded(jpeg(comment=unicode_comment(comment)))
    assert (found.source, found.seed, found.workflow_id) == ("comfyui", 42, WORKFLOW["id"])


def test_fooocus_is_read_where_it_writes_a_jpeg() -> None:
    found = embedded(jpeg(tags={0x9286: FOOOCUS, 0x0131: "Fooocus v2.5.5"}))
    assert (found.source, found.seed) == ("fooocus", 77)


def test_fooocus_in_the_manner_of_a1111_is_still_fooocus() -> None:
    texts = {"parameters": A1111, "fooocus_scheme": "a1111"}
    assert prompts.read(texts).source == "fooocus"


def test_the_old_dream_of_invokeai_is_read() -> None:
    found = prompts.read({"Dream": INVOKEAI_DREAM})
    assert found == Embedded("invokeai", "a red bridge", "blurry", 31337)


def test_a_novelai_record_in_a_user_comment_is_read() -> None:
    found = embedded(webp(comment=unicode_comment(json.dumps(NOVELAI))))
    assert (found.source, found.prompt, found.seed) == ("novelai", "a red bridge", 9)


def test_a_prompt_written_after_the_pixels_is_read() -> None:
    data = png()
    late = png(text={"parameters": A1111})
    chunk = late[33 : late.index(b"IDAT") - 4]
    assert embedded(data[:-12] + chunk + data[-12:]).source == "a1111"


def test_text_that_passes_through_other_nodes_is_found() -> None:
    texts = graph_with(
        ("6", "CLIPTextEncode", {"text": ["20", 0], "clip": ["4", 1]}),
        ("20", "StringConcatenate", {"string_a": ["21", 0], "string_b": "at dawn"}),
        ("21", "PrimitiveString", {"value": "a red bridge"}),
    )
    assert prompts.read(texts).prompt == "at dawn, a red bridge"


def test_a_controlnet_between_prompt_and_sampler_keeps_the_sides_apart() -> None:
    both = {"positive": ["6", 0], "negative": ["7", 0], "control_net": ["4", 0], "image": ["5", 0]}
    texts = graph_with(
        ("30", "ControlNetApplyAdvanced", both), positive=["30", 0], negative=["30", 1]
    )
    found = prompts.read(texts)
    assert (found.prompt, found.negative_prompt) == ("a red bridge", "blurry")


def test_a_flux_graph_with_guider_and_noise_nodes_is_read() -> None:
    graph = {
        "1": ("UNETLoader", {"unet_name": "flux1-dev.safetensors"}),
        "2": ("CLIPTextEncodeFlux", {"clip_l": "fox", "t5xxl": "a fox in snow", "clip": ["9", 0]}),
        "3": ("FluxGuidance", {"guidance": 3.5, "conditioning": ["2", 0]}),
        "4": ("BasicGuider", {"model": ["1", 0], "conditioning": ["3", 0]}),
        "5": ("RandomNoise", {"noise_seed": 2**63}),
        "6": ("SamplerCustomAdvanced", {"noise": ["5", 0], "guider": ["4", 0]}),
        "7": ("SaveImage", {"images": ["6", 0]}),
    }
    nodes = {id_: {"class_type": kind, "inputs": own} for id_, (kind, own) in graph.items()}
    found = prompts.read({"prompt": json.dumps(nodes)})
    assert found == Embedded("comfyui", "fox, a fox in snow", None, 2**63, "flux1-dev.safetensors")


def test_a_zeroed_negative_is_no_negative_prompt() -> None:
    texts = graph_with(
        ("31", "ConditioningZeroOut", {"conditioning": ["6", 0]}), negative=["31", 0]
    )
    found = prompts.read(texts)
    assert (found.prompt, found.negative_prompt) == ("a red bridge", None)


def test_the_first_of_two_samplers_tells_the_seed() -> None:
    refine = {**GRAPH["3"]["inputs"], "seed": 7, "latent_image": ["3", 0], "positive": ["7", 0]}
    texts = graph_with(
        ("40", "KSampler", refine), ("8", "VAEDecode", {"samples": ["40", 0], "vae": ["4", 2]})
    )
    found = prompts.read(texts)
    assert (found.prompt, found.seed) == ("a red bridge", 42)


def test_a_graph_with_numbers_that_json_lacks_is_read() -> None:
    texts = {"prompt": COMFYUI["prompt"].replace('"cfg": 8.0', '"cfg": NaN')}
    assert prompts.read(texts).prompt == "a red bridge"


def test_a_workflow_without_a_graph_is_comfyui_without_a_prompt() -> None:
    assert prompts.read({"workflow": COMFYUI["workflow"]}) == Embedded(
        "comfyui", workflow_id=WORKFLOW["id"]
    )
