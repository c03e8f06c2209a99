"""From starting the server to the first correct page, and the memory it has then."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field

from bench import lists, trees
from bench.figures import Figure, interleaved
from bench.load import Client, Get
from bench.memory import children_bytes, resident_bytes
from bench.part import Run
from bench.servers import Failed, Server, environment, free_port, gallery_command, spawned
from bench.trees import Plan, Tree

_MONTHS = 5
_MIB = 1 << 20


def few_owners(run: Run) -> Tree:
    """The images of 200 owners."""
    return _tree(run, "few", 200)


def _many_owners(run: Run) -> Tree:
    return _tree(run, "many", 2_000)


def _tree(run: Run, name: str, count: int) -> Tree:
    each = run.images // count // _MONTHS
    owners = trees.owners(count)
    plans = [Plan(owner, month, each) for owner in owners for month in range(_MONTHS)]
    return trees.make(run.folder / name, plans)


def measure(run: Run) -> list[Figure]:
    few = _Starts(few_owners(run), run.images // 200)
    many = _Starts(_many_owners(run), run.images // 2_000)
    interleaved({"few": few.start, "many": many.start}, 1)
    found = interleaved({"few": few.start, "many": many.start}, run.rounds)
    figures = [
        Figure("start: first page, 200 owners", found["few"], "s", at_most=1.0),
        Figure("start: first page, 2,000 owners", found["many"], "s"),
        Figure("start: longer with 2,000", found["many"] - found["few"], "s", at_most=0.1),
    ]
    for name, of in (("200", few), ("2,000", many)):
        of.start(walk=True)
        for when, found_bytes in of.memory.items():
            limit = None if "decoders" in when else 200.0
            title = f"start: memory {when}, {name} owners"
            figures.append(Figure(title, found_bytes / _MIB, "MiB", at_most=limit))
    return [*figures, _record_bytes(run)]


@dataclass
class _Starts:
    """Starts of the server on one library."""

    tree: Tree
    each: int
    memory: dict[str, int] = field(default_factory=dict)

    def start(self, *, walk: bool = False) -> float:
        """Seconds from the command to the whole first page of one owner; with ``walk`` it
        also notes the memory then, and when the first walk has ended."""
        owner = self.tree.owners[7]
        expected = self._expected(owner)
        port = free_port()
        get = Get("/api/v1/images?page=1&size=50", {"Cookie": self.tree.cookie(owner)})
        began = time.perf_counter()
        command = gallery_command(self.tree, port)
        with spawned(command, port, self.tree.root, environment()) as server:
            _wait(server)
            page = Client(server).json(get)
            seconds = time.perf_counter() - began
            ids = [item["id"] for item in page["items"]]
            if ids != expected or page["total"] != self.each:
                raise Failed("the first page after the start is wrong")
            if walk:
                pid = server.process.pid
                self.memory["at first page"] = resident_bytes(pid)
                server.wait_for("walked", 120)
                self.memory["after the walk"] = resident_bytes(pid)
                self.memory["of decoders"] = children_bytes(pid)
        return seconds

    def _expected(self, owner: str) -> list[str]:
        plans = [Plan(owner, month, self.each // _MONTHS) for month in range(_MONTHS)]
        newest = sorted(
            ((r.created_at, r.id) for plan in plans for r in trees.records(plan)), reverse=True
        )
        return [id for _, id in newest[:50]]


def _wait(server: Server) -> None:
    """Until the port is open, looking often."""
    for _ in range(15_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return
        time.sleep(0.002)
    raise Failed(f"the server does not listen:\n{server.tail()}")


def _record_bytes(run: Run) -> Figure:
    """What each record of a large owner costs once pages below the ring were asked for."""
    tree = lists.one_big_owner(run)
    command = [sys.executable, "-m", "bench.memory", str(tree.manifests), tree.owners[0]]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), cwd=tree.root,
        timeout=120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"memory: {done.stderr[-1_000:]}")
    return Figure("start: a record beyond the ring", float(done.stdout), "bytes", at_most=250)
