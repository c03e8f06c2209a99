"""List pages against a bare Starlette endpoint that encodes the same 50 records."""

from __future__ import annotations

import random
from functools import partial

from bench import trees
from bench.figures import Figure, Measure, interleaved
from bench.floors import RECORDS
from bench.load import Client, Get, rate, save
from bench.part import Run
from bench.servers import Failed, Server, floor, gallery
from bench.trees import Plan, Tree

_PATH = "/api/v1/images?page={}&size=50"


def measure(run: Run) -> list[Figure]:
    tree = one_big_owner(run)
    with gallery(tree) as ours:
        client = Client(ours)
        first = Get(_PATH.format(1), {"Cookie": tree.cookie(tree.owners[0])})
        records = save(tree.root / "records.json", client.json(first)["items"])
        with floor("list", tree.root, **{RECORDS: str(records)}) as base:
            _check_same(client, base, first)
            return _figures(run, tree, ours, base)


def one_big_owner(run: Run) -> Tree:
    """100,000 images of one owner over two years, and 100 owners with few."""
    big, *others = trees.owners(101)
    plans = [Plan(big, month, run.images // 24) for month in range(24)]
    plans += [Plan(owner, 0, 60) for owner in others]
    return trees.make(run.folder / "big", plans)


def _check_same(ours: Client, base: Server, first: Get) -> None:
    mine, theirs = ours.json(first)["items"], Client(base).json(first)["items"]
    if mine != theirs or len(mine) != 50:
        raise Failed("floor and gallery do not send the same 50 records")


def _figures(run: Run, tree: Tree, ours: Server, base: Server) -> list[Figure]:
    cookie = {"Cookie": tree.cookie(tree.owners[0])}
    client = Client(ours)
    etag = client.get(Get(_PATH.format(1), cookie))[1]["etag"]
    deep = [Get(_PATH.format(page), cookie) for page in range(30, run.images // 50, 2)]
    visitors = [Get(_PATH.format(1), {"Cookie": tree.cookie(o)}) for o in tree.owners[1:]]
    asked: dict[str, tuple[list[Get], float | None]] = {
        "first page of 50": ([Get(_PATH.format(1), cookie)], 1.0),
        "first page, filters named": (
            [Get("/api/v1/images?page=1&size=50&status=active&kind=output&count=0", cookie)],
            1.0,
        ),
        "first page, 100 owners in turn": (visitors, 1.0),
        "deep pages, each another": (deep, 0.5),
        "by cursor, each another place": (_by_cursor(client, cookie), 0.5),
        "first page, 304": ([Get(_PATH.format(1), cookie | {"If-None-Match": etag})], None),
    }
    first = [Get(_PATH.format(1), cookie)]
    measures: dict[str, Measure] = {"floor": partial(rate, base, first, run.seconds)}
    for name, (gets, _) in asked.items():
        measures[name] = partial(rate, ours, gets, run.seconds)

    def right_after() -> float:
        rate(ours, deep, 1)
        return rate(ours, first, run.seconds, settle=0)

    measures["first page, right after deep ones"] = right_after
    found = interleaved(measures, run.rounds)
    targets = {name: target for name, (_, target) in asked.items()}
    return [
        Figure(f"list: {name}", found[name], "req/s", found["floor"], at_least=targets.get(name))
        for name in measures
        if name != "floor"
    ]


def _by_cursor(client: Client, cookie: dict[str, str]) -> list[Get]:
    rng = random.Random(1)
    gets = []
    for number in rng.sample(range(30, 1_900), 500):
        page = client.json(Get(_PATH.format(number), cookie))
        gets.append(Get(f"/api/v1/images?size=50&cursor={page['next_cursor']}", cookie))
    return gets
