"""What the packages hold, and that they can be made where npm reaches nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hatch_build import SKIP, is_current

ROOT = Path(__file__).parents[1]
WEB = Path("gallery", "web")
PAGES = {f"{WEB}/dist/{name}" for name in ("index.html", "admin.html", "manifest.json")}
SOURCES = {
    f"{WEB}/{name}"
    for name in ("index.html", "package-lock.json", ".npmrc", "vite.config.ts", "src/main.tsx")
}

_REQUIRED = "from hatchling import build; print(build.get_requires_for_build_wheel())"


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    said: str
    packages: Path

    def names(self) -> set[str]:
        """What the one wheel or sdist holds."""
        assert self.code == 0, self.said
        [package] = self.packages.iterdir()
        if package.suffix == ".whl":
            with zipfile.ZipFile(package) as wheel:
                return set(wheel.namelist())
        with tarfile.open(package) as sdist:
            return {name.partition("/")[2] for name in sdist.getnames()}


def packaged(source: Path, kind: str, **environment: str) -> Outcome:
    """As a build frontend makes it, where npm has neither a network nor a cache."""
    out = source.parent / f"{kind}-of-{source.name}"
    kept = {name: value for name, value in os.environ.items() if name != SKIP}
    away = {
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_cache": str(source.parent / "no-cache"),
        "npm_config_fetch_retries": "0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", out, source],
        env=kept | away | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout + done.stderr, out)


@pytest.fixture(scope="module")
def repository(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the packages are made of, and of what a developer has beside it."""
    copy = tmp_path_factory.mktemp("made") / "repository"
    ignored = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("gallery", "migrate", "docs"):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", ".gitignore"):
        shutil.copyfile(ROOT / name, copy / name)
    tool = copy / WEB / "node_modules" / "vite" / "index.js"
    tool.parent.mkdir(parents=True)
    tool.write_text("")
    return copy


@pytest.fixture(scope="module")
def sdist(repository: Path) -> Outcome:
    return packaged(repository, "sdist")


@pytest.fixture
def unpacked(sdist: Outcome, tmp_path: Path) -> Path:
    """As somebody has it who downloaded it."""
    sdist.names()
    shutil.unpack_archive(next(sdist.packages.iterdir()), tmp_path, filter="data")
    [folder] = tmp_path.iterdir()
    return folder


def test_an_sdist_holds_the_pages_and_what_they_were_made_from(sdist: Outcome) -> None:
    names = sdist.names()
    assert PAGES | SOURCES | {"hatch_build.py"} <= names
    assert any(name.startswith(f"{WEB}/dist/assets/index-") for name in names)
    assert not any("node_modules" in name for name in names)


def test_a_wheel_holds_the_pages_alone(repository: Path) -> None:
    names = packaged(repository, "wheel").names()
    of_web = {name for name in names if name.startswith(f"{WEB}/")}
    assert of_web >= PAGES
    assert {name for name in of_web if not name.startswith(f"{WEB}/dist/")} == set()
    assert {"gallery/app.py", "migrate/__main__.py"} <= names
    assert "hatch_build.py" not in names


def test_a_wheel_is_made_from_an_sdist_where_npm_reaches_nothing(
    unpacked: Path, sdist: Outcome
) -> None:
    """So whoever installs from one downloads no Node either."""
    made = packaged(unpacked, "wheel")
    prefix = f"{WEB}/dist/"
    pages = {name for name in sdist.names() if name.startswith(prefix) and "." in Path(name).name}
    assert pages <= made.names()
    required = subprocess.run(
        [sys.executable, "-c", _REQUIRED],
        cwd=unpacked, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert required.stdout.strip() == "[]"


def test_old_pages_are_never_shipped_for_new_sources(unpacked: Path) -> None:
    with (unpacked / WEB / "src" / "main.tsx").open("a") as source:
        source.write("// newer\n")
    made = packaged(unpacked, "wheel")
    assert made.code != 0
    assert "npm could not fetch what package-lock.json lists" in made.said
    assert f"With {SKIP}=1 the API is installed alone" in made.said
    assert not (unpacked / WEB / "dist").exists()


def test_the_api_is_installed_alone_where_that_is_asked_for(unpacked: Path) -> None:
    (unpacked / WEB / "dist" / "made-from.sha256").write_text("something else\n")
    made = packaged(unpacked, "wheel", **{SKIP: "1"})
    assert {name for name in made.names() if name.startswith(f"{WEB}/")} == set()
    assert "installed without its pages" in made.said


@pytest.mark.parametrize("name", ["src/api.ts", "package-lock.json", ".npmrc", "admin.html"])
def test_pages_are_old_when_a_file_they_were_made_from_changed_or_is_gone(
    unpacked: Path, name: str
) -> None:
    web = unpacked / WEB
    assert is_current(web)
    body = (web / name).read_bytes()
    (web / name).write_bytes(body + b"\n")
    assert not is_current(web)
    (web / name).write_bytes(body)
    assert is_current(web)
    (web / name).rename(web / "gone.txt")
    assert not is_current(web)


def test_tests_and_tools_of_the_pages_do_not_make_them_old(unpacked: Path) -> None:
    web = unpacked / WEB
    (web / "src" / "new.test.ts").write_text("")
    (web / "eslint.config.js").write_text("")
    assert is_current(web)
