"""Servers that are started while something that they are to move to, or from, is away; and
several that one command starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.databases import Database
from tests.http.fleet import Person, workers_of
from tests.http.server import Server
from tests.migrate.movers import Mover
from tests.samples import eventually


def _is_ready(server: Server, times: int = 1) -> bool:
    return server.logged().count("INFO gallery.moving: ready for") >= times


def test_each_of_several_workers_goes_on_over_there(mover: Mover) -> None:
    with mover.served(workers=2) as server:
        assert len(workers_of(server)) == 2
        person = Person([server])
        person.upload(0)
        mover.copied()
        folder = mover.root / "outputs" / ".gallery" / "processes"
        assert len(list(folder.iterdir())) == 2
        for how in ("cutover", "rollback"):
            mover.turned(how)
            for _ in range(8):  # by either worker, as the kernel has it
                person.close()
                person.clients = [server.client(cookie=person.clients[0].headers["cookie"])]
                id = person.upload(0)
                person.edit(0, id)
                person.sees(0, id)
        person.sees_all(0)
        person.close()
        assert "Traceback" not in server.logged()


def test_a_server_stops_in_order_where_it_did_not_begin(mover: Mover) -> None:
    with mover.served() as server:
        person = Person([server])
        person.upload(0)
        person.close()
        mover.copied()
        mover.turned("cutover")
        eventually(lambda: "lives in s3://" in server.logged(), seconds=10)
        server.end()
        assert "unsupported" not in server.logged()  # which uvicorn says of an error at the end


@contextmanager
def _database() -> Iterator[Database]:
    """One that can be stopped."""
    own = Database()
    try:
        yield own
    finally:
        own.stop()


def test_files_are_served_while_the_database_is_away_and_it_is_ready_later(mover: Mover) -> None:
    with _database() as own:
        moving = Mover(mover.root, mover.blobs, own.create())
        with moving.served() as server:
            person = Person([server])
            person.upload(0)
            moving.copied()
            eventually(partial(_is_ready, server), seconds=30)
            person.close()
        own.stop()
        with moving.served() as server:
            person = Person([server], person.owner)
            person.upload(0)
            assert not _is_ready(server, 2)
            own.start()
            eventually(partial(_is_ready, server, 2), seconds=30)
            moving.turned("cutover")
            id = person.upload(0)
            person.sees(0, id)
            person.close()


def test_the_bucket_is_served_while_the_tree_is_away_and_the_tree_may_come_later(
    mover: Mover, tmp_path: Path
) -> None:
    with mover.served() as server:
        person = Person([server])
        person.upload(0)
        mover.copied()
        mover.turned("cutover")
        person.close()
    volumes = [mover.root / name for name in ("outputs", "manifests")]
    for volume in volumes:
        volume.rename(f"{volume} away")
        volume.mkdir()
    with mover.served() as server:
        there = Person([server], person.owner)
        there.told = person.told
        there.upload(0)
        there.sees_all(0)
        assert not list((mover.root / "manifests").iterdir())
        # The upload has made folders of its own in the empty volume, so the server is there, too.
        eventually(lambda: any((volumes[0] / ".gallery" / "processes").glob("*")))
        for volume in volumes:
            volume.rename(f"{volume} mounted over")
            Path(f"{volume} away").rename(volume)
        eventually(partial(_is_ready, server, 2), seconds=30)
        mover.turned("rollback")
        there.upload(0)
        there.sees_all(0)
        there.close()
