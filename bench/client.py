"""A cheap uploader in a process of its own: ready-made requests over kept connections.

python -m bench.client SPEC    prints {"seconds": …} once every upload was answered 201
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import uvloop

from bench.load import save
from bench.servers import Failed, Server, environment

_BOUNDARY = b"bench-boundary-7f3a"


@dataclass(frozen=True, slots=True)
class Uploads:
    """``count`` uploads of these files in turn, over one connection for each of ``cookies``."""

    port: int
    path: str
    cookies: list[str]
    files: list[str]
    count: int
    multipart: bool = True


def rate(server: Server, folder: Path, asked: Uploads) -> float:
    """Uploads a second, as a client in a process of its own sees it. Raises Failed."""
    spec = save(folder / f"uploads-{server.port}.json", asdict(asked))
    command = [sys.executable, "-m", "bench.client", str(spec)]
    done = subprocess.run(
        command, capture_output=True, timeout=300, env=environment(), cwd=folder, check=False
    )
    if done.returncode:
        raise Failed(f"uploading: {done.stderr.decode()[-1_000:]}\n{server.tail()}")
    return asked.count / float(orjson.loads(done.stdout)["seconds"])


def _request(asked: Uploads, cookie: str, body: bytes) -> bytes:
    if asked.multipart:
        kind = b"multipart/form-data; boundary=" + _BOUNDARY
        meta = orjson.dumps({"prompt": "a lighthouse above a sea of clouds", "tags": ["bench"]})
        body = (
            b'--%b\r\nContent-Disposition: form-data; name="meta"\r\n\r\n%b\r\n'
            b'--%b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
            b"Content-Type: image/png\r\n\r\n%b\r\n--%b--\r\n"
        ) % (_BOUNDARY, meta, _BOUNDARY, body, _BOUNDARY)
    else:
        kind = b"image/png"
    return (
        b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %b\r\nContent-Type: %b\r\n"
        b"Content-Length: %d\r\n\r\n"
    ) % (asked.path.encode(), cookie.encode(), kind, len(body)) + body


async def _visit(asked: Uploads, requests: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", asked.port, limit=1 << 20)
    for request in requests:
        writer.write(request)
        await answered(reader, 201)
    writer.close()


async def answered(reader: asyncio.StreamReader, status: int) -> None:
    """Reads one answer. Raises RuntimeError if it has another status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 %d" % status):
        raise RuntimeError(f"{head.decode()}{body[:500].decode()}")


def _visitors(asked: Uploads) -> list[list[bytes]]:
    """What each connection sends, one after the other."""
    bodies = [Path(name).read_bytes() for name in asked.files]
    visitors = []
    for number, cookie in enumerate(asked.cookies):
        turns = range(number, asked.count, len(asked.cookies))
        visitors.append([_request(asked, cookie, bodies[turn % len(bodies)]) for turn in turns])
    return visitors


async def _run(asked: Uploads, visitors: list[list[bytes]]) -> float:
    began = time.perf_counter()
    await asyncio.gather(*(_visit(asked, iter(requests)) for requests in visitors))
    return time.perf_counter() - began


def main() -> None:
    asked = Uploads(**orjson.loads(Path(sys.argv[1]).read_bytes()))
    print(orjson.dumps({"seconds": uvloop.run(_run(asked, _visitors(asked)))}).decode())


if __name__ == "__main__":
    main()
