"""What ``compose.yaml``, ``Dockerfile`` and ``.dockerignore`` say, read without an engine."""

from __future__ import annotations

import fnmatch
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<must>:\?[^}]+)?\}")
Service = dict[str, Any]


def composed() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return content


def services() -> dict[str, Service]:
    found: dict[str, Service] = composed()["services"]
    return found


def ours() -> dict[str, Service]:
    """The services that run this repository."""
    return {name: service for name, service in services().items() if "build" in service}


def asked_for(text: str) -> dict[str, bool]:
    """The variables that a text is filled in with, and whether each must be set."""
    return {found["name"]: bool(found["must"]) for found in _VARIABLE.finditer(text)}


def filled(service: Service, values: dict[str, str]) -> dict[str, str]:
    """A service's environment; what is only handed on is left out unless it has a value."""
    environment = {}
    for name, value in service["environment"].items():
        if value is not None:
            environment[name] = _VARIABLE.sub(lambda found: values[found["name"]], value)
        elif name in values:
            environment[name] = values[name]
    return environment


def seconds(text: str) -> int:
    assert text.endswith("s")
    return int(text.removesuffix("s"))


@dataclass(frozen=True, slots=True)
class Stage:
    """What comes after a FROM: each instruction and its text."""

    image: str
    steps: list[tuple[str, str]]

    def said(self, instruction: str) -> list[str]:
        return [text for name, text in self.steps if name == instruction]

    def environment(self) -> dict[str, str]:
        pairs = [shlex.split(text) for text in self.said("ENV")]
        return dict(pair.split("=", 1) for some in pairs for pair in some)


def stages() -> list[Stage]:
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found: list[Stage] = []
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name == "FROM":
            found.append(Stage(rest, []))
        elif line and not line.startswith("#"):
            found[-1].steps.append((name, rest))
    return found


def is_sent(path: str) -> bool:
    """Whether a file is part of what an image is built from: the last line that matches the
    file, or a folder above it, decides."""
    sent, parts = True, path.split("/")
    above = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        anywhere = pattern.removeprefix("**/")
        names = parts if anywhere != pattern else above
        if line and not line.startswith("#") and fnmatch.filter(names, anywhere):
            sent = line.startswith("!")
    return sent
