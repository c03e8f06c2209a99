"""``compose.yaml`` and ``Dockerfile`` keep step with the package. No engine runs here: what can
be compared is compared, and the check of health is run against a real server."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
from packaging.specifiers import SpecifierSet
from psycopg.conninfo import conninfo_to_dict

from gallery.__main__ import cli
from gallery.app import App
from gallery.blobs.s3.client import Place
from gallery.serving import DRAIN_SECONDS
from gallery.settings import PREFIX, Settings, load
from tests import containers
from tests.containers import ROOT, asked_for, filled, is_sent, seconds, stages
from tests.http.server import free_port, served

SECRETS = {"POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
VALUES = dict.fromkeys(SECRETS, "filled-in")


def project() -> dict[str, Any]:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found: dict[str, Any] = content["project"]
    return found


def settings_of(service: str, **more: str) -> Settings:
    """What the server of that service runs with."""
    environment = stages()[-1].environment() | filled(containers.services()[service], VALUES | more)
    ours = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    unknown = {name.removeprefix(PREFIX).lower() for name in ours} - set(Settings.model_fields)
    assert unknown == set()
    return load(**{name.removeprefix(PREFIX).lower(): value for name, value in ours.items()})


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


# -- compose.yaml ---------------------------------------------------------------------------


@pytest.mark.parametrize("service", containers.ours())
def test_the_variables_of_a_service_are_settings_with_values_that_are_taken(service: str) -> None:
    handed_on = {
        "GALLERY_PUBLIC_ORIGIN": "https://gallery.example.org",
        "GALLERY_ADMIN_TOKEN": "not-a-real-token-0001",
    }
    settings = settings_of(service, **handed_on)
    assert settings.public_origin == handed_on["GALLERY_PUBLIC_ORIGIN"]
    assert settings_of(service).admin_token is None
    assert str(Place.parse(settings.blobs)) == settings.blobs
    assert settings.host == "0.0.0.0"


def test_a_command_of_ours_is_one_that_the_package_has() -> None:
    commands = [*(service["command"] for service in containers.ours().values())]
    commands += [re.findall(r'"([^"]+)"', text) for text in stages()[-1].said("CMD")]
    for words in commands:
        found: click.Command = cli
        while isinstance(found, click.Group):
            found, words = found.commands[words[0]], words[1:]
        assert found.make_context("gallery", list(words)).args == []
    assert stages()[-1].said("ENTRYPOINT") == ['["gallery"]']
    assert project()["scripts"]["gallery"] == "gallery.__main__:main"


def test_the_database_is_the_one_that_is_started() -> None:
    gallery, postgres = (containers.services()[name] for name in ("gallery", "postgres"))
    asked = conninfo_to_dict(settings_of("gallery").catalog)
    made = filled(postgres, VALUES)
    assert asked == {"host": "postgres", "user": made["POSTGRES_USER"], "dbname": "gallery"}
    assert made["POSTGRES_DB"] == asked["dbname"]
    assert gallery["environment"]["PGPASSWORD"] == postgres["environment"]["POSTGRES_PASSWORD"]
    major = re.fullmatch(r"pgvector/pgvector:pg(\d+)", postgres["image"])
    assert major is not None
    assert int(major[1]) >= 14


@pytest.mark.parametrize("service", containers.ours())
def test_the_store_is_the_one_that_is_started(service: str) -> None:
    s3, asks = containers.services()["s3"], filled(containers.services()[service], VALUES)
    endpoint = urlsplit(asks["AWS_ENDPOINT_URL"])
    healthy = urlsplit(s3["healthcheck"]["test"][-1])
    assert (endpoint.hostname, endpoint.port) == ("s3", healthy.port)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        assert asks[name] == filled(s3, VALUES)[name]
    assert not s3["image"].endswith("latest")


def test_what_is_waited_for_is_there_and_can_come_to_be_so() -> None:
    everything = containers.services()
    for service in everything.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in everything[name]
            else:
                assert wanted["condition"] == "service_completed_successfully"
                assert everything[name]["restart"] == "no"


def test_every_volume_is_declared_and_the_servers_data_are_on_one() -> None:
    mounts = [
        mount.split(":") for s in containers.services().values() for mount in s.get("volumes", ())
    ]
    assert {name for name, _ in mounts} == set(containers.composed()["volumes"])
    settings = settings_of("gallery")
    assert ["gallery", str(settings.outputs.parent)] in mounts
    assert settings.outputs.parent == settings.manifests.parent
    assert stages()[-1].said("VOLUME") == [str(settings.outputs.parent)]


def test_only_the_gallery_is_published_and_only_to_this_machine() -> None:
    ports = {name: s["ports"] for name, s in containers.services().items() if "ports" in s}
    port = settings_of("gallery").port
    assert ports == {"gallery": [f"127.0.0.1:{port}:{port}"]}
    assert stages()[-1].said("EXPOSE") == [str(port)]


def test_nobody_is_sent_to_a_store_that_is_not_published() -> None:
    assert "ports" not in containers.services()["s3"]
    settings = settings_of("gallery")
    assert not settings.direct_uploads
    assert settings.delivery == "server"


def test_a_server_that_is_stopped_has_time_for_what_is_under_way() -> None:
    assert seconds(containers.services()["gallery"]["stop_grace_period"]) > DRAIN_SECONDS


def test_every_secret_has_to_be_given_and_none_comes_with_the_repository() -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8")
    assert asked_for(text) == dict.fromkeys(SECRETS, True)
    example = (ROOT / ".env.example").read_text("utf-8").splitlines()
    assert {line for line in example if line and not line.startswith("#")} == {
        f"{name}=" for name in SECRETS
    }
    named = {line[2:].partition("=")[0] for line in example if line.startswith(f"# {PREFIX}")}
    environment = containers.services()["gallery"]["environment"]
    assert named == {name for name, value in environment.items() if value is None}


def test_the_check_of_health_asks_a_route_of_the_server_and_tells_ready_from_not(
    tmp_path: Path,
) -> None:
    test = containers.services()["gallery"]["healthcheck"]["test"]
    url = urlsplit(re.findall(r'"(http[^"]+)"', test[-1])[0])
    settings = settings_of("gallery")
    assert (url.hostname, url.port) == ("127.0.0.1", settings.port)
    app = App(load(outputs=tmp_path / "o", manifests=tmp_path / "m"))
    assert url.path in {operation.path for operation in app.routing.operations}

    def check(port: int) -> int:
        command = [sys.executable, *test[2:-1], test[-1].replace(f":{url.port}/", f":{port}/")]
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode

    assert test[:2] == ["CMD", "python"]
    with served(tmp_path) as server:
        assert check(server.port) == 0
        (tmp_path / "outputs" / ".gallery" / "library.json").unlink()
        assert check(server.port) != 0
    assert check(free_port()) != 0


# -- Dockerfile -----------------------------------------------------------------------------


def test_the_images_python_is_one_that_the_package_runs_on() -> None:
    allowed = SpecifierSet(project()["requires-python"])
    found = [re.match(r"python:([\d.]+)-(?:slim-)?(\w+)", stage.image) for stage in stages()]
    assert all(python and python[1] in allowed for python in found)
    # What one stage compiles runs in the other.
    assert len({python.groups() for python in found if python}) == 1


def test_the_image_has_the_extras_that_the_services_need() -> None:
    installs = [text for stage in stages() for text in stage.said("RUN") if "pip install" in text]
    extras = [
        set(found[1].split(",")) for text in installs if (found := re.search(r"\[(.+)\]", text))
    ]
    assert extras == [{"s3", "postgres"}]
    assert extras[0] <= set(project()["optional-dependencies"])


def test_the_last_stage_builds_nothing_and_is_nobody_special() -> None:
    last = stages()[-1]
    assert "-slim" in last.image
    assert not any(re.search(r"\b(apt|apt-get|pip)\b", text) for text in last.said("RUN"))
    user = last.said("USER")[-1]
    assert re.search(rf"useradd .* {user}\b", last.said("RUN")[0])
    program = f"{shlex.split(last.said('COPY')[0])[-1]}/bin"
    assert last.environment()["PATH"].startswith(f"{program}:")


def test_what_is_copied_is_there_and_is_sent_and_nothing_else_is() -> None:
    sources = [name for text in stages()[0].said("COPY") for name in shlex.split(text)[:-1]]
    assert all((ROOT / name).exists() and is_sent(name) for name in sources)
    assert is_sent("gallery/web/index.html")
    assert is_sent("gallery/web/src/main.tsx")
    for name in (
        *("outputs/users/kim/a.png", "manifests/feed/1", ".git/config", ".env", ".venv/bin/python"),
        *("tests/test_cli.py", "docs/api.md", "gallery/api/__pycache__/days.cpython-311.pyc"),
        *("gallery/web/node_modules/vite/package.json", "gallery/web/dist/index.html"),
    ):
        assert not is_sent(name), name
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]
    built = packages["build"]["targets"]["wheel"]["packages"]
    assert {*built, "pyproject.toml", "hatch_build.py", project()["readme"]} == set(sources)
