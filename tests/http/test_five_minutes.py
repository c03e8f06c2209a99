"""Somebody follows the documents from nothing to a gallery in a bucket and a database: their
commands are run as they stand, with the services of the tests in the place of examples."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import databases, images
from tests.http.server import free_port
from tests.samples import eventually
from tests.services.s3 import Store

ROOT = Path(__file__).parents[2]
_INSTALL = re.compile(r"^pip install '\.\[(.+)\]'\n", re.MULTILINE)
_SET = re.compile(r"\b([A-Z][A-Z_]+)=(\S+)")
_EXAMPLE = "http://127.0.0.1:8000/"


def blocks() -> list[str]:
    """What the document has its reader type, without containers."""
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    section = text.partition("\n### By hand\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


class Reader:
    """Types what the document says, into a shell in a folder of their own."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.port, self.bucket = folder, free_port(), f"{store.bucket}-docs"
        self._values = store.variables() | {
            "GALLERY_BLOBS": f"s3://{self.bucket}/gallery",
            "GALLERY_CATALOG": databases.database().create(),
        }
        program = folder / "bin" / "gallery"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gallery "$@"\n')
        program.chmod(0o755)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def own(self, block: str) -> str:
        """The block with the reader's own values, and what is installed left out."""
        assert {name for name, _ in _SET.findall(block)} <= set(self._values)
        block = _SET.sub(lambda one: f"{one[1]}={shlex.quote(self._values[one[1]])}", block)
        return _INSTALL.sub("", block).replace(_EXAMPLE, self.url)

    def environment(self, *, exported: bool) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "GALLERY_"))}
        path = f"{self.folder}/bin:{kept['PATH']}"
        kept |= {"PATH": path, "GALLERY_PORT": str(self.port), "GALLERY_DECODERS": "1"}
        return kept | (self._values if exported else {})

    @contextmanager
    def serving(self, block: str) -> Iterator[None]:
        """A block whose last command goes on until it is stopped."""
        log = self.folder / "log"
        with log.open("wb") as output:
            shell = subprocess.Popen(
                ["sh", "-e", "-c", self.own(block)], cwd=self.folder, stdout=output,
                stderr=output, env=self.environment(exported=False), start_new_session=True,
            )  # fmt: skip
        try:
            eventually(lambda: shell.poll() is not None or self._ready(), 60)
            assert shell.poll() is None, log.read_text()
            yield
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGTERM)
                shell.wait(40)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}readyz").status_code == 200
        except httpx.TransportError:
            return False

    def types(self, block: str) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", self.own(block)], cwd=self.folder, capture_output=True, text=True,
            env=self.environment(exported=True), timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def reader(tmp_path: Path, store: Store) -> Reader:
    return Reader(tmp_path, store)


def test_a_reader_of_the_documents_gets_a_gallery_in_a_bucket_and_a_database(
    reader: Reader, store: Store
) -> None:
    first, second = blocks()
    picture = images.png()
    (reader.folder / "fox.png").write_bytes(picture)
    with reader.serving(first):
        said = reader.types(second)
        record, page, table = _answers(said)
        assert [item["id"] for item in page["items"]] == [record["id"]]
        assert table.endswith("0 discrepancies\n")
        reader.types(f"curl -b jar -o seen.png {_EXAMPLE}{record['url'].removeprefix('/')}")
        assert (reader.folder / "seen.png").read_bytes() == picture
    key = f"gallery/{record['url'].removeprefix('/outputs/')}"
    kept = store.client.get_object(Bucket=reader.bucket, Key=key)
    assert kept["Body"].read() == picture
    assert not list((reader.folder / "outputs").rglob("*.png"))


def _answers(said: str) -> tuple[Any, Any, str]:
    """Two answers of the server, and what the last command printed."""
    record, end = json.JSONDecoder().raw_decode(said)
    page, length = json.JSONDecoder().raw_decode(said[end:].lstrip())
    return record, page, said[end:].lstrip()[length:]


def test_what_the_reader_installs_are_extras_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = [set(extras.split(",")) for extras in _INSTALL.findall("".join(blocks()))]
    assert named == [{"s3", "postgres"}]
    assert named[0] <= set(project["optional-dependencies"])
