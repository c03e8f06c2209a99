"""Reads what image generators embed, in whichever place the file format has for it.

All places are first brought into one shape, named fields as in a PNG's text chunks; then
each generator's reader is asked in turn. What is in the fields is a stranger's: readers
may fail in any way, and the answer is then ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sd_parsers.data import PromptInfo
from sd_parsers.parsers import (
    AUTOMATIC1111Parser,
    FooocusParser,
    InvokeAIParser,
    NovelAIParser,
    Parser,
)

from gallery.imaging import Embedded, comfyui
from gallery.imaging.values import as_object, as_seed, as_text

Fields = dict[str, Any]

# A workflow with pictures in it can be large; a line of parameters cannot.
_MAX_FIELD = 4_000_000
_MAX_LINES = 64_000

_MARKED = re.compile(r"(prompt|workflow)\s*:\s*(?=\{)", re.IGNORECASE)
_RECORD_KEYS = frozenset(
    ("parameters", "prompt", "workflow", "Dream", "sd-metadata", "invokeai_metadata")
)
_INVOKEAI_OLD = ("sd-metadata", "Dream")
_HINTS = re.compile(
    r"negative[ _]?prompt|\bsteps\b.{0,200}\bseed\b|\"prompt\"", re.IGNORECASE | re.DOTALL
)


def read(texts: Mapping[str, str], comments: Iterable[str | bytes] = ()) -> Embedded:
    """What was embedded, from named ``texts`` and from the ``comments`` of EXIF.

    Never raises, and takes time linear in the length of its arguments.
    """
    fields: Fields = {}
    for comment in comments:
        fields.update(_fields_of(_decoded(comment)))
    fields.update(texts)
    record = False
    for key, value in list(fields.items()):
        record |= key in _RECORD_KEYS and bool(value)
        if isinstance(value, str) and len(value) > _MAX_FIELD:
            del fields[key]
    for reader in _READERS:
        found = _attempt(reader, fields)
        if found is not None:
            return found
    return Embedded("unknown") if record else Embedded()


def _attempt(reader: Callable[[Fields], Embedded | None], fields: Fields) -> Embedded | None:
    try:
        return reader(fields)
    except Exception:  # noqa: BLE001 - no shape of metadata may fail an upload
        return None


def _decoded(comment: str | bytes) -> str:
    """The text of an EXIF value, a user comment's character code understood and removed."""
    if isinstance(comment, str):
        # Pillow reads EXIF text as Latin-1; what generators write is UTF-8.
        try:
            return comment.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return comment
    code, body = comment[:8], comment[8:]
    if code == b"UNICODE\0":
        return _utf16(body)
    if code in (b"ASCII\0\0\0", bytes(8)):
        return body.decode("utf-8", "replace")
    return comment.decode("utf-8", "replace")


def _utf16(body: bytes) -> str:
    """Text in UTF-16 of either byte order; of the two, zeros give the high bytes away."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    big = body[0::2].count(0) >= body[1::2].count(0)
    return body.decode("utf-16-be" if big else "utf-16-le", "replace")


def _fields_of(comment: str) -> Fields:
    """The named fields that a comment stands for; none if no generator wrote it."""
    comment = comment.strip("\0 \r\n\t")
    if marked := _MARKED.match(comment):
        return {marked[1].lower(): comment[marked.end() :]}
    if len(comment) > _MAX_FIELD:
        return {}
    if comment.startswith("{"):
        return _fields_of_json(comment)
    return {"parameters": comment} if _HINTS.search(comment[:_MAX_LINES]) else {}


def _fields_of_json(comment: str) -> Fields:
    data = as_object(comment)
    graph = isinstance(data.get("prompt"), dict) or "workflow" in data
    if graph or "Comment" in data or "invokeai_metadata" in data:
        return data
    return {"parameters": comment} if data or _HINTS.search(comment[:_MAX_LINES]) else {}


def _swarmui(fields: Fields) -> Embedded | None:
    params = as_object(fields.get("parameters")).get("sui_image_params")
    if not isinstance(params, dict):
        return None
    return Embedded(
        source="swarmui",
        prompt=as_text(params.get("prompt")),
        negative_prompt=as_text(params.get("negativeprompt")),
        seed=as_seed(params.get("seed")),
        model=as_text(params.get("model")),
    )


def _comfyui(fields: Fields) -> Embedded | None:
    return comfyui.read(as_object(fields.get("prompt")), as_object(fields.get("workflow")))


def _invokeai(fields: Fields) -> Embedded | None:
    """The record of today's InvokeAI, whose models sd-parsers does not know."""
    params = as_object(fields.get("invokeai_metadata"))
    if not params:
        return None
    model = params.get("model")
    if isinstance(model, dict):
        model = model.get("name") or model.get("model_name")
    return Embedded(
        source="invokeai",
        prompt=as_text(params.get("positive_prompt")),
        negative_prompt=as_text(params.get("negative_prompt")),
        seed=as_seed(params.get("seed")),
        model=as_text(model),
    )


def _invokeai_old(fields: Fields) -> Embedded | None:
    if not any(key in fields for key in _INVOKEAI_OLD):
        return None
    return _parsed("invokeai", InvokeAIParser(), fields, _INVOKEAI_OLD)


def _novelai(fields: Fields) -> Embedded | None:
    if "NovelAI" not in (str(fields.get("Software")), *str(fields.get("Source")).split()[:1]):
        return None
    return _parsed("novelai", NovelAIParser(), fields, ("Comment", "Description", "Source"))


def _fooocus(fields: Fields) -> Embedded | None:
    if "base_model" not in as_object(fields.get("parameters")):
        return None
    return _parsed("fooocus", FooocusParser(), fields, ("parameters",))


def _a1111(fields: Fields) -> Embedded | None:
    text = fields["parameters"].replace("\r\n", "\n")
    if len(text) > _MAX_LINES:
        return None
    fooocus = "fooocus_scheme" in fields or "Version: Fooocus" in text
    return _parsed(
        "fooocus" if fooocus else "a1111",
        AUTOMATIC1111Parser(),
        {"parameters": text},
        ("parameters",),
    )


def _parsed(source: str, parser: Parser, fields: Fields, keys: Iterable[str]) -> Embedded | None:
    """What sd-parsers makes of those fields. Raises whatever it raises."""
    texts = {key: fields[key] for key in keys if key in fields}
    if any(len(text) > _MAX_LINES for text in texts.values()):
        return None  # its expressions are quadratic in places
    info: PromptInfo = parser.parse(texts)
    sampler = info.samplers[0]
    return Embedded(
        source=source,
        prompt=as_text(", ".join(prompt.value for prompt in info.prompts)),
        negative_prompt=as_text(", ".join(prompt.value for prompt in info.negative_prompts)),
        seed=as_seed(sampler.parameters.get("seed", info.metadata.get("seed"))),
        model=as_text(sampler.model.name) if sampler.model else None,
    )


_READERS = (_swarmui, _comfyui, _invokeai, _invokeai_old, _novelai, _fooocus, _a1111)
