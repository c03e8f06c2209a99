"""A word in one owner's 100,000 prompts, and who else waits meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from urllib.parse import quote

from bench import lists, trees
from bench.figures import Figure
from bench.load import Client, Get
from bench.part import Run
from bench.servers import Server, gallery
from bench.trees import Tree

_LIMIT_MS = 30.0
_WORDS = {
    "common": range(5),
    "usual": range(100, 110),
    "rare": range(3_900, 3_910),
}
_PATH = "/api/v1/images?q={}&size=50"
_VISITS = 300


def measure(run: Run) -> list[Figure]:
    tree = lists.one_big_owner(run)
    cookie = {"Cookie": tree.cookie(tree.owners[0])}
    asked = {
        name: [Get(_PATH.format(quote(trees.word(n))), cookie) for n in numbers]
        for name, numbers in _WORDS.items()
    }
    asked["in none"] = [Get(_PATH.format(f"zzyzx{n}"), cookie) for n in range(5)]
    with gallery(tree) as server:
        client = Client(server)
        cold = _timed(client, asked["in none"][0])
        figures = [Figure("search: the first one", cold, "ms")]
        for name, gets in asked.items():
            times = [_timed(client, get) for _ in range(run.rounds) for get in gets]
            title = f"search: a word, {name}"
            figures.append(Figure(title, statistics.median(times), "ms", at_most=_LIMIT_MS))
        every = [get for gets in asked.values() for get in gets]
        return [*figures, *_neighbour(tree, server, every)]


def _timed(client: Client, get: Get) -> float:
    began = time.perf_counter()
    client.json(get)
    return (time.perf_counter() - began) * 1_000


def _neighbour(tree: Tree, server: Server, searches: list[Get]) -> list[Figure]:
    """How long another owner's first page takes, alone and while words are searched."""
    get = Get("/api/v1/images?page=1&size=50", {"Cookie": tree.cookie(tree.owners[1])})
    client = Client(server)
    alone = sorted(_timed(client, get) for _ in range(_VISITS))
    stop = threading.Event()

    def search() -> None:
        own = Client(server)
        while not stop.is_set():
            for one in searches:
                own.json(one)

    searching = threading.Thread(target=search)
    searching.start()
    try:
        beside = sorted(_timed(client, get) for _ in range(_VISITS))
    finally:
        stop.set()
        searching.join()
    name = "search: another's first page"
    return [
        Figure(f"{name}, nobody searching", alone[_VISITS // 2], "ms"),
        Figure(f"{name}, median beside a search", beside[_VISITS // 2], "ms"),
        Figure(f"{name}, 99 % beside a search", beside[_VISITS * 99 // 100], "ms"),
    ]
