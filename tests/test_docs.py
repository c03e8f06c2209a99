"""The documents say what the code does: what can be compared is compared here."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from gallery.__main__ import cli
from gallery.api import openapi
from gallery.api.application import PATHS
from gallery.app import App
from gallery.errors import GalleryError
from gallery.settings import PREFIX, Settings, load
from tests import services

ROOT = Path(__file__).parent.parent
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
API, OPERATIONS = ROOT / "docs" / "api.md", ROOT / "docs" / "operations.md"
README = ROOT / "README.md"

_FENCE = re.compile(r"^(```+)(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_ROUTE = re.compile(r"`(GET|POST|PATCH|PUT|DELETE) (/[^`]*)`")


def _text(path: Path) -> str:
    """A document without its code blocks, whose lines only look like headings and rows."""
    return _FENCE.sub("", path.read_text("utf-8"))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Each heading with what stands below it, up to the next heading of any depth."""
    parts = _HEADING.split(text)
    return zip(parts[1::2], parts[2::2], strict=True)


def _rows(path: Path, heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    body = dict(_sections(_text(path)))[heading]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _ids(path: Path) -> str:
    return path.name


# -- settings -----------------------------------------------------------------------------


def _shown(default: object) -> str:
    if default is None or default == ():
        return "unset"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_every_setting_is_documented_with_its_default_and_no_other_is() -> None:
    expected = {
        f"`{PREFIX}{name.upper()}`": _shown(field.default)
        for name, field in Settings.model_fields.items()
    }
    assert {row[0]: row[1] for row in _rows(OPERATIONS, "Settings")} == expected


@pytest.mark.parametrize("path", DOCS, ids=_ids)
def test_a_document_names_no_setting_that_is_not_there(path: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", path.read_text("utf-8")))
    of_tests = {services.REQUIRE}
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named <= settings | of_tests


# -- routes -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("library")
    app = App(load(outputs=folder / "outputs", manifests=folder / "manifests"))
    return openapi.document(app.routing.operations)


def _documented() -> dict[tuple[str, str], str]:
    """Each route that a heading of the API's document names, with its section."""
    return {
        (method, path): body
        for heading, body in _sections(_text(API))
        for method, path in _ROUTE.findall(heading)
    }


def test_every_route_is_documented_and_no_other_is(document: dict[str, Any]) -> None:
    served = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert set(_documented()) == served


def test_every_place_in_the_application_is_documented() -> None:
    body = dict(_sections(_text(API)))["`GET /`"]
    assert [path for path in (*PATHS, "/admin") if f"`{path}`" not in body] == []


def test_every_query_parameter_stands_in_the_section_of_its_route(
    document: dict[str, Any],
) -> None:
    missing = [
        f"{method.upper()} {path}: {parameter['name']}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
        and not re.search(
            rf"`{parameter['name']}[=`]", _documented().get((method.upper(), path), "")
        )
    ]
    assert missing == []


def test_every_field_of_an_uploads_meta_is_documented(document: dict[str, Any]) -> None:
    fields = set(document["components"]["schemas"]["Meta"]["properties"])
    section = _documented()["POST", "/api/v1/images"]
    assert {name for name in fields if f"`{name}`" not in section} == set()


# -- problems -----------------------------------------------------------------------------


def _error_classes(of: type[GalleryError] = GalleryError) -> Iterator[type[GalleryError]]:
    yield of
    for below in of.__subclasses__():
        yield from _error_classes(below)


def _codes_in(tree: ast.Module) -> Iterator[str]:
    """What is given as ``code=``, and every text among which one is chosen there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "code":
            yield from _strings(node.value)


def _strings(node: ast.AST) -> Iterator[str]:
    for found in ast.walk(node):
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def test_every_code_of_a_problem_is_documented_and_no_other_is() -> None:
    codes = {error.code for error in _error_classes() if error.__module__ == "gallery.errors"}
    for path in (ROOT / "gallery").rglob("*.py"):
        codes.update(_codes_in(ast.parse(path.read_text("utf-8"))))
    rows = _rows(API, "Problems")
    assert {row[0].strip("`") for row in rows} == codes
    assert len(rows) == len(codes)


def test_a_codes_documented_status_is_that_of_its_class() -> None:
    statuses = {
        error.code: str(error.status)
        for error in _error_classes()
        if error.__module__ == "gallery.errors"
    }
    documented = {row[0].strip("`"): row[1] for row in _rows(API, "Problems")}
    assert {code: documented.get(code) for code in statuses} == statuses


# -- commands -----------------------------------------------------------------------------


def _commands() -> dict[str, click.Command]:
    assert isinstance(cli, click.Group)
    return dict(cli.commands)


def test_every_command_is_documented_and_no_other_is() -> None:
    headings = [heading for heading, _ in _sections(_text(OPERATIONS))]
    named = {m[1] for h in headings if (m := re.fullmatch(r"`gallery ([a-z-]+)`", h))}
    assert named == set(_commands())


def test_every_option_of_a_command_that_is_not_a_setting_is_documented() -> None:
    sections = dict(_sections(_text(OPERATIONS)))
    missing = [
        f"{name} {option}"
        for name, command in _commands().items()
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in Settings.model_fields
        for option in parameter.opts
        if f"`{option}`" not in sections[f"`gallery {name}`"]
    ]
    assert missing == []


def test_every_make_command_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in DOCS:
        text = path.read_text("utf-8")
        assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= targets


def test_the_readme_shows_how_to_serve_and_how_to_test() -> None:
    blocks = "".join(body for _, language, body in _FENCE.findall(README.read_text("utf-8")))
    assert {"serve", "test"} <= set(re.findall(r"^make ([a-z]+)", blocks, re.MULTILINE))


# -- links and examples -------------------------------------------------------------------


def _anchor(heading: str) -> str:
    """As GitHub makes it: lower case, punctuation gone, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", DOCS, ids=_ids)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for link in _LINK.findall(_text(path)):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name) if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in {_anchor(heading) for heading, _ in _sections(_text(target))}, link


@pytest.mark.parametrize("path", DOCS, ids=_ids)
def test_examples_in_json_and_python_can_be_parsed(path: Path) -> None:
    for _, language, body in _FENCE.findall(path.read_text("utf-8")):
        if language == "json":
            json.loads(body)
        elif language == "python":
            compile(body, str(path), "exec")


def test_examples_in_shell_can_be_parsed_by_a_shell() -> None:
    for path in DOCS:
        for _, language, body in _FENCE.findall(path.read_text("utf-8")):
            if language == "sh":
                subprocess.run(["sh", "-n"], input=body.encode(), check=True)


def test_the_picture_in_the_readme_is_small_enough_to_be_cloned() -> None:
    assert (ROOT / "docs" / "images" / "gallery.png").stat().st_size < 300_000
