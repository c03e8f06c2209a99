"""An operator follows docs/migration.md: its commands are run as they stand, on a library that a
server serves, and print what it says they do."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gallery.generation import without_credentials
from migrate.__main__ import cli
from tests import databases, services
from tests.http.server import environment, served
from tests.migrate.operator import ROOT, Operator
from tests.samples import OTHER, eventually, ident, pixels, upload
from tests.services.s3 import Store

TEXT = (ROOT / "docs" / "migration.md").read_text("utf-8")
_STEP = re.compile(r"^```sh\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_INSTALL = re.compile(r"^pip install .*\n", re.MULTILINE)
_SET = re.compile(r"\b([A-Z][A-Z0-9_]+)=(\S+)")
_DIGEST = re.compile(r"--plan [0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Step:
    types: str
    reads: str


def steps() -> list[Step]:
    section = TEXT.partition("\n## Step by step\n")[2].partition("\n## ")[0]
    return [Step(*found) for found in _STEP.findall(section)]


class Reader:
    """Types each step into a shell, with values of their own in the place of examples."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root, self.digest = root, ""
        bucket = f"{store.bucket}-docs"
        self.blobs, self.catalog = f"s3://{bucket}/gallery", databases.database().create()
        self.values = store.variables() | {
            "GALLERY_NEXT_BLOBS": self.blobs, "GALLERY_NEXT_CATALOG": self.catalog,
        }  # fmt: skip
        program = root / "bin" / "gallery"
        program.parent.mkdir()
        python = shlex.quote(sys.executable)
        program.write_text(
            f'#!/bin/sh\ncase $1 in migrate) shift; exec {python} -m migrate "$@";; esac\n'
            f'exec {python} -m gallery "$@"\n'
        )
        program.chmod(0o755)

    def types(self, step: str) -> str:
        block = _INSTALL.sub("", step)
        named = {name for name, _ in _SET.findall(block)}
        assert named <= self.values.keys() or not named & self.values.keys(), named
        block = _SET.sub(lambda one: f"{one[1]}={shlex.quote(self.values[one[1]])}", block)
        block = _DIGEST.sub(f"--plan {self.digest}", block)
        own = environment(self.root) | self.values
        own |= {"PATH": f"{self.root}/bin:{own['PATH']}", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["sh", "-e", "-c", block], cwd=self.root, env=own,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}{done.stdout}{done.stderr}"
        if found := _DIGEST.search(done.stdout):
            self.digest = found[0].split()[1]
        return done.stdout

    def shapes(self, said: str) -> set[str]:
        """Lines without what is different each time."""
        own = {
            "s3://pictures/gallery": self.blobs,
            "postgresql://db.example.org/gallery": without_credentials(self.catalog),
            "https://s3.example.org": self.values["AWS_ENDPOINT_URL"],
        }
        for example, value in own.items():
            said = said.replace(example, value)
        return {_shape(line) for line in said.splitlines()}


def _shape(line: str) -> str:
    line = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,64}\b", "H", line)
    line = re.sub(r"\b\d+ (?:h \d+ min|min|s)\b", "D", line)
    line = re.sub(r"\d[\d.,:TZ-]*", "0", line)
    return " ".join(line.split())


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    store = services.s3()
    reader = Reader(tmp_path, store)
    operator = Operator(tmp_path, ("file:", "manifest:"), (reader.blobs, reader.catalog))
    with closing(operator.opened(operator.here)) as library:
        for n in range(4):
            upload(library, pixels(n), owner="kim" if n else OTHER, id=ident(n))
    with store.reached():
        yield reader


def test_an_operator_who_types_what_the_document_says_has_moved_and_come_back(
    reader: Reader,
) -> None:
    name, *rest = steps()
    reader.types(name.types)
    there: dict[str, Any] = {"next_blobs": reader.blobs, "next_catalog": reader.catalog}
    with served(reader.root, ready=200, **there):
        eventually(lambda: "not this library's yet" in reader.types("gallery migrate status"), 20)
        for step in rest:
            if "cutover" in step.types or "status" in step.types:
                eventually(lambda: ": ready\n" in reader.types("gallery migrate status"), 20)
            said = reader.types(step.types)
            assert reader.shapes(step.reads) <= reader.shapes(said), said
    assert "lives in file: and manifest:" in reader.types("gallery migrate status")


def test_every_command_and_option_is_documented_and_no_other_is() -> None:
    table = TEXT.partition("\n## The commands\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([a-z]+)`", row)} == set(cli.commands)
    options = {
        option
        for command in cli.commands.values()
        for parameter in command.params
        for option in parameter.opts
    }
    assert {option for option in options if f"`{option}" not in TEXT} <= {"--plan", "--all"}
    named = set(re.findall(r"gallery migrate ([a-z]+)", TEXT))
    assert named <= set(cli.commands)
