"""Finds the prompt in a ComfyUI graph, by walking its links back from the sampler.

A graph maps node ids to ``{"class_type": ..., "inputs": {name: value or [id, slot]}}``.
Custom nodes are legion, so inputs are known by their names rather than by their nodes.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from gallery.imaging import Embedded
from gallery.imaging.values import as_seed, as_text

Graph = dict[str, dict[str, Any]]  # a node's id to its inputs

_TEXTS = re.compile(
    r"text(_?[abgl]|_?[0-9]{1,2})?|string(_?[ab]|_?[0-9]{1,2})?|prompt(_?[0-9]{1,2})?"
    r"|populated_text|wildcard_text|t5xxl|clip_[lg]|llama|value"
)
_SEEDS = ("seed", "noise_seed")
_SEED_LINKS = (*_SEEDS, "noise")
_MODELS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
# Where no text of a prompt comes from.
_NOT_TEXT = frozenset(("clip", "model", "vae", "image", "images", "pixels", "samples", "mask"))
_NOT_TEXT |= {"latent", "latent_image", "control_net", "clip_vision", "clip_vision_output"}
_SIDES = frozenset(("positive", "negative"))
_MAX_TEXTS = 16
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read(prompt: dict[str, Any], workflow: dict[str, Any]) -> Embedded | None:
    """What a graph says, or None if neither of these is ComfyUI's."""
    kinds = {id: node["class_type"] for id, node in prompt.items() if _is_node(node)}
    if not kinds and not isinstance(workflow.get("nodes"), list):
        return None
    graph: Graph = {id: prompt[id]["inputs"] for id in kinds}
    for id, kind in kinds.items():
        if kind == "ConditioningZeroOut":
            graph[id] = {}  # whatever text goes in, none comes out
    sampler = _sampler(graph)
    return Embedded(
        source="comfyui",
        prompt=_prompt(graph, sampler, "positive"),
        negative_prompt=_prompt(graph, sampler, "negative"),
        seed=_seed(graph, sampler),
        model=_model(graph, sampler),
        workflow_id=_workflow_id(workflow),
    )


def _is_node(node: object) -> bool:
    return (
        isinstance(node, dict)
        and isinstance(node.get("class_type"), str)
        and isinstance(node.get("inputs"), dict)
    )


def _link(graph: Graph, value: object) -> str | None:
    """The node that an input is linked to; None if it is a value of its own."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
        id = str(value[0])
        return id if id in graph else None
    return None


def _walk(
    graph: Graph, start: list[str], follow: Callable[[str, dict[str, Any]], bool]
) -> Iterator[str]:
    """Ids from ``start`` back along the inputs that ``follow`` accepts, nearest first."""
    seen = set(start)
    queue = deque(start)
    while queue:
        id = queue.popleft()
        yield id
        inputs = graph[id]
        for name, value in inputs.items():
            source = _link(graph, value)
            if source is not None and source not in seen and follow(name, inputs):
                seen.add(source)
                queue.append(source)


def _everywhere(_name: str, _inputs: dict[str, Any]) -> bool:
    return True


def _sampler(graph: Graph) -> dict[str, Any]:
    """The inputs of the sampler furthest from the output: the one the picture began with.

    Those after it refine, enlarge or repair, with seeds and prompts of their own.
    """
    used = {_link(graph, value) for inputs in graph.values() for value in inputs.values()}
    ends = [id for id in graph if id not in used] or list(graph)
    found: dict[str, Any] = {}
    for id in _walk(graph, ends, _everywhere):
        inputs = graph[id]
        conditioned = "positive" in inputs or "guider" in inputs
        if conditioned and any(name in inputs for name in _SEED_LINKS):
            found = inputs
    return found


def _prompt(graph: Graph, sampler: dict[str, Any], side: str) -> str | None:
    """The texts nearest to the sampler's input of that side, joined with commas."""
    start = _link(graph, sampler.get(side))
    if start is None and side in sampler:
        return as_text(sampler[side])
    if start is None:
        start = _guided(graph, sampler, side)
    return _texts(graph, start, side) if start is not None else None


def _guided(graph: Graph, sampler: dict[str, Any], side: str) -> str | None:
    """A guider's conditioning; the plain one has a single input, which is positive."""
    guider = _link(graph, sampler.get("guider"))
    if guider is None:
        return None
    inputs = graph[guider]
    plain = inputs.get("conditioning") if side == "positive" else None
    return _link(graph, inputs.get(side, plain))


def _texts(graph: Graph, start: str, side: str) -> str | None:
    def is_text(name: str) -> bool:
        return name == side or _TEXTS.fullmatch(name) is not None

    def follow(name: str, inputs: dict[str, Any]) -> bool:
        if name in _SIDES:
            return name == side
        return name not in _NOT_TEXT and (is_text(name) or not any(map(is_text, inputs)))

    found: dict[str, None] = {}  # in order, and each text once
    for id in _walk(graph, [start], follow):
        inputs = graph[id]
        for name, value in inputs.items():
            replaced = name == "wildcard_text" and inputs.get("populated_text")
            text = as_text(value) if is_text(name) and not replaced else None
            if text:
                found[text] = None
        if len(found) >= _MAX_TEXTS:
            break
    return as_text(", ".join(found))


def _seed(graph: Graph, sampler: dict[str, Any]) -> int | None:
    for name in _SEED_LINKS:
        seed = as_seed(sampler.get(name))
        if seed is not None:
            return seed
    start = [id for name in _SEED_LINKS if (id := _link(graph, sampler.get(name))) is not None]
    for id in _walk(graph, start, _everywhere):
        for name in (*_SEEDS, "value", "int"):
            seed = as_seed(graph[id].get(name))
            if seed is not None:
                return seed
    return None


def _model(graph: Graph, sampler: dict[str, Any]) -> str | None:
    """The model nearest to the sampler; loaders of add-ons have other names for theirs."""
    names = ("model", "guider")
    start = [id for name in names if (id := _link(graph, sampler.get(name))) is not None]
    for id in _walk(graph, start, lambda name, _inputs: name not in _SIDES):
        for name in _MODELS:
            model = as_text(graph[id].get(name))
            if model:
                return model
    return None


def _workflow_id(workflow: dict[str, Any]) -> str | None:
    id = workflow.get("id")
    return id if isinstance(id, str) and _UUID.fullmatch(id) else None
