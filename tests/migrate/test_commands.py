"""The commands of a move as an operator meets them, on real stores."""

from __future__ import annotations

import json
import re
import signal
import tomllib
from importlib.metadata import EntryPoint

import click

import migrate.__main__
from tests.migrate.operator import IMAGES, ROOT, Operator
from tests.samples import OTHER, OWNER, eventually, ident


def _brought() -> dict[str, str]:
    """The commands that the package brings, as they will be when it is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return dict(project["entry-points"]["gallery.commands"])


def test_the_package_brings_the_commands() -> None:
    ((name, value),) = _brought().items()
    assert name == "migrate"
    assert EntryPoint(name, value, "gallery.commands").load() is migrate.__main__.cli


def test_every_command_explains_itself_and_answers_programs() -> None:
    cli = migrate.__main__.cli
    assert isinstance(cli, click.Group)
    for name, command in cli.commands.items():
        assert command.help
        assert "as_json" in {parameter.name for parameter in command.params}, name


def test_the_package_and_the_program_have_the_same_commands(operator: Operator) -> None:
    installed = operator.root / "installed"
    about = installed / "gallery-9.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gallery\nVersion: 9\n")
    ((name, value),) = _brought().items()
    (about / "entry_points.txt").write_text(f"[gallery.commands]\n{name} = {value}\n")
    for program in (["migrate"], ["gallery", "migrate"]):
        done = operator.types_in_a_shell(*program, "plan", "--json", path=str(installed))
        assert json.loads(done.stdout)["images"] == IMAGES, done.stderr
        wrong = [*program, "copy", "--plan", "0" * 12, "--json"]
        refused = operator.types_in_a_shell(*wrong, path=str(installed))
        assert (refused.returncode, refused.stdout) == (2, "")
        (line,) = refused.stderr.splitlines()
        assert re.fullmatch(
            "gallery: the plan is [0-9a-f]{12} now, not 0{12}: look at it again", line
        )


def test_a_whole_move_and_each_step_once_more(operator: Operator) -> None:
    assert operator.told("status")["phase"] == "not planned"
    plan = operator.told("plan")
    assert (plan["images"], len(plan["owners"]), plan["anomalies"]) == (IMAGES, 2, [])
    assert plan["reading"] > 0
    assert plan["writing"] > 0
    assert operator.told("status")["phase"] == "planned"
    again = operator.told("plan")
    assert operator.told("copy", "--plan", again["digest"])["outcomes"] == {"copied": IMAGES}
    assert operator.told("copy", "--plan", again["digest"])["outcomes"] == {}
    with operator.library() as library:
        library.trash(OWNER, ident(1))
    lag = operator.told("status")["lag"]
    assert (lag["changes"], lag["why"]) == (1, None)
    assert operator.told("follow")["changes"] == 1
    assert operator.told("follow")["changes"] == 0
    told = operator.told("verify")
    assert told["root"] == told["target_root"]
    there = operator.told("cutover")
    assert there["turned"]
    assert not operator.told("cutover")["turned"]
    status = operator.told("status")
    assert (status["phase"], status["turns"]) == ("turned, in grace", 1)
    assert status["verify"]["exit_code"] == 0
    assert operator.told("rollback")["turned"]
    assert operator.told("status")["phase"] == "following"


def test_a_person_reads_lines(operator: Operator) -> None:
    said = operator.types("plan").stdout
    assert f"all: {IMAGES:9} images" in said
    digest = said.split()[-1]
    assert said.endswith(f"to copy it: gallery migrate copy --plan {digest}\n")
    copied = operator.types("copy", "--plan", digest)
    assert copied.stdout == f"{IMAGES} copied\n"
    assert f"copied: {IMAGES} images of {IMAGES}, " in copied.stderr
    assert operator.types("verify").stdout.startswith(
        f"={IMAGES} *0 +0 -0 !0; {2 * IMAGES} hashed\n"
    )
    assert "phase: following, 0 changes and 0 s behind" in operator.types("status").stdout


def test_what_cannot_be_done_is_one_line(operator: Operator) -> None:
    assert "make a plan first" in operator.refused("copy", "--plan", "0" * 12)
    operator.told("plan")
    assert "look at it again" in operator.refused("copy", "--plan", "0" * 12)
    assert "copy is what makes it" in operator.refused("follow")
    assert "copy is what makes it" in operator.refused("verify")
    assert "is nobody's name" in operator.refused("verify", "--owner", "../kim")
    assert "name both" in operator.refused("plan", next_blobs="file:")


def test_a_command_that_waits_can_be_told_to_stop_and_typed_again(operator: Operator) -> None:
    assert operator.told("pause") == {"paused": True}
    with operator.typing("plan", "--json") as process:
        eventually(lambda: operator.told("status")["at_work"], 20)
        assert operator.told("status")["paused"]
        assert "another process works" in operator.refused("plan")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.splitlines() == ["gallery: it was stopped; the same command goes on with it"]
    assert operator.told("resume") == {"paused": False}
    assert operator.told("plan")["images"] == IMAGES


def test_a_part_can_be_copied_first(operator: Operator) -> None:
    digest = operator.told("plan")["digest"]
    part = operator.told("copy", "--plan", digest, "--owner", OTHER)["outcomes"]
    status = operator.told("status")
    assert (status["phase"], status["lag"]) == ("copying", None)
    assert 0 < status["copied"] < 100
    operator.told("verify", "--owner", OTHER)
    assert operator.told("verify", code=1)["signs"]["+"] == IMAGES - part["copied"]
    rest = operator.told("copy", "--plan", digest)["outcomes"]
    assert rest["copied"] == IMAGES - part["copied"]
    assert operator.told("status")["phase"] == "following"
