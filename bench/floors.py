"""What is measured against: programs that do only the part that cannot be left out.

python -m bench.floors list PORT       Starlette: parse page and size, encode 50 records
python -m bench.floors rows PORT       the same, of records that a database holds ready-made
python -m bench.floors body PORT       bare ASGI: read a raw body, hash and write it
python -m bench.floors multipart PORT  the same with our reading of multipart
"""

from __future__ import annotations

import os
import sys
import tempfile

import orjson
import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gallery.api.receive import received
from gallery.blobs.files import FileBlobs
from gallery.blobs.incoming import Spool
from gallery.threads import Threads

RECORDS = "BENCH_RECORDS"
DATABASE, OWNER = "BENCH_DATABASE", "BENCH_OWNER"
BATCH = 1 << 20


def list_app() -> ASGIApp:
    with open(os.environ[RECORDS], "rb") as file:
        records = orjson.loads(file.read())

    async def page(request: Request) -> Response:
        number = int(request.query_params.get("page", "1"))
        size = int(request.query_params.get("size", "50"))
        body = {"items": records[:size], "page": number, "size": size, "total": len(records)}
        return Response(orjson.dumps(body), media_type="application/json")

    return Starlette(routes=[Route("/api/v1/images", page)])


_ROWS = """
    SELECT substring(raw FOR octet_length(raw) - 1) || links FROM images
    WHERE owner = %s AND kind = 'output' AND status = 'active'
    ORDER BY created_at DESC, id DESC LIMIT %s OFFSET %s"""


def rows_app() -> ASGIApp:
    url, owner = os.environ[DATABASE], os.environ[OWNER]
    idle: list[psycopg.AsyncConnection] = []

    async def page(request: Request) -> Response:
        number = int(request.query_params.get("page", "1"))
        size = int(request.query_params.get("size", "50"))
        connection = idle.pop() if idle else await _connected(url)
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(_ROWS, (owner, size, (number - 1) * size))
            records = [orjson.Fragment(item) for (item,) in await cursor.fetchall()]
        idle.append(connection)
        body = {"items": records, "page": number, "size": size}
        return Response(orjson.dumps(body), media_type="application/json")

    return Starlette(routes=[Route("/api/v1/images", page)])


async def _connected(url: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(url, autocommit=True)


class RawBody:
    """Reads, hashes and writes a body that is the file itself, in threads as ours does."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.threads = Threads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        spool = Spool(self.folder)
        pending = bytearray()
        more = True
        while more:
            message = await receive()
            pending += message.get("body", b"")
            more = message.get("more_body", False)
            if len(pending) >= BATCH or not more:
                await self.threads.write(spool.write, pending)
                pending = bytearray()
        answer = spool.sha256.encode()
        await self.threads.write(spool.discard)
        await _answer(send, answer)


class Multipart:
    """The same by our own reading of an upload."""

    def __init__(self, folder: str) -> None:
        self.blobs = FileBlobs(folder)
        self.blobs.start()
        self.threads = Threads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        request = Request(scope, receive)
        reading = received(request, self.blobs, self.threads, max_bytes=50 << 20, pause=30)
        async with reading as found:
            answer = found.spool.sha256.encode()
        await _answer(send, answer)


async def _answer(send: Send, body: bytes) -> None:
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _serve(app: ASGIApp, port: int) -> None:
    """With the settings of ``gallery serve``."""
    uvicorn.run(
        app, host="127.0.0.1", port=port, loop="uvloop", http="httptools", ws="none",
        access_log=False, server_header=False, log_config=None, backlog=1024,
    )  # fmt: skip


_LISTS = {"list": list_app, "rows": rows_app}


def main() -> None:
    name, argument = sys.argv[1:]
    if name in _LISTS:
        _serve(_LISTS[name](), int(argument))
    else:
        with tempfile.TemporaryDirectory(prefix="body-", dir=".") as folder:
            app: ASGIApp = RawBody(folder) if name == "body" else Multipart(folder)
            _serve(app, int(argument))


if __name__ == "__main__":
    main()
