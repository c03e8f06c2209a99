"""Requests: many at once by wrk, or one at a time to look at the answer."""

from __future__ import annotations

import http.client
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.servers import Failed, Server, program

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_BAD = re.compile(r"Non-2xx or 3xx responses: \d+|Socket errors: .*")
_SCRIPT = """
local asked = {%s}
local ready, n = {}, 0
init = function()
  for i, headers in ipairs(asked) do
    local path = headers[1]
    headers[1] = nil
    ready[i] = wrk.format("GET", path, headers)
  end
end
request = function()
  n = n %% #ready + 1
  return ready[n]
end
"""


@dataclass(frozen=True, slots=True)
class Get:
    """A GET request. Its path is quoted already."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)

    def lua(self) -> str:
        pairs = "".join(f", [{_text(k)}] = {_text(v)}" for k, v in self.headers.items())
        return f"{{{_text(self.path)}{pairs}}}"


def _text(value: str) -> str:
    return orjson.dumps(value).decode()


def rate(server: Server, gets: Sequence[Get], seconds: int, *, settle: float = 0.3) -> float:
    """Requests a second that two threads with 32 connections get answered, asking these in
    turn. ``settle`` seconds before, what the last load left behind is done. Raises Failed
    when an answer is an error."""
    time.sleep(settle)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT % ",\n".join(get.lua() for get in gets))
        script.flush()
        command = [program("wrk"), "-t2", "-c32", f"-d{seconds}s", "-s", script.name, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return _rate_in(done.stdout + done.stderr, gets[0], server)


def together(servers: Sequence[Server], get: Get, seconds: int, prefix: Sequence[str]) -> float:
    """The sum of what these servers answer at the same time, each to a wrk of its own with
    32 connections, started with ``prefix`` before it. Raises Failed like ``rate``."""
    headers = [part for name, value in get.headers.items() for part in ("-H", f"{name}: {value}")]
    command = [*prefix, program("wrk"), "-t1", "-c32", f"-d{seconds}s", *headers]
    loads = [
        subprocess.Popen([*command, server.url + get.path], stdout=subprocess.PIPE, text=True)
        for server in servers
    ]
    said = [load.communicate(timeout=60)[0] for load in loads]
    return sum(_rate_in(text, get, server) for text, server in zip(said, servers, strict=True))


def _rate_in(said: str, get: Get, server: Server) -> float:
    if bad := _BAD.search(said):
        raise Failed(f"{get.path}: {bad.group()}\n{server.tail()}")
    if found := _RATE.search(said):
        return float(found.group(1))
    raise Failed(f"wrk said:\n{said}")


class Client:
    """One connection that is kept."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(self, get: Get) -> tuple[int, dict[str, str], bytes]:
        self._connection.request("GET", get.path, headers=get.headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    def json(self, get: Get) -> Any:
        """Raises Failed for anything but 200."""
        status, _, body = self.get(get)
        if status != 200:
            raise Failed(f"{get.path}: {status} {body[:300]!r}")
        return orjson.loads(body)

    def close(self) -> None:
        self._connection.close()


def save(path: Path, data: Any) -> Path:
    path.write_bytes(orjson.dumps(data))
    return path
