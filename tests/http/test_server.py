"""A server behind a socket: bodies that come slowly or not at all, and the end of a process."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import orjson
import pytest

from tests import images
from tests.homes import Home
from tests.http.server import Server, served
from tests.http.site import ADMIN_TOKEN, SERVICE_TOKEN

PNG = images.png()
HEAD = (
    b"POST /api/v1/images HTTP/1.1\r\nHost: gallery\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n"
)
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def server(shared_home: Home) -> Iterator[Server]:
    """One that gives up waiting for a body after half a second."""
    with shared_home.served(body_seconds=0.5, max_upload_bytes=300_000) as server:
        yield server
        assert "Traceback" not in server.logged()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def post(client: httpx.Client, data: bytes = PNG) -> httpx.Response:
    return client.post("/api/v1/images", files={"file": ("a.png", data)})


def everything(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    while data := connection.recv(65_536):
        found += data
    return found


def incoming(server: Server) -> list[Path]:
    return list((server.log.parent / "outputs" / ".gallery" / "incoming").glob("*"))


def test_tags_ranges_and_heads_come_through(client: httpx.Client) -> None:
    record = post(client).json()
    whole = client.get(record["url"])
    assert whole.content == PNG
    assert client.head(record["url"]).headers["content-length"] == str(len(PNG))
    part = client.get(record["url"], headers={"range": "bytes=8-"})
    assert (part.status_code, part.content) == (206, PNG[8:])
    headers = {"if-none-match": whole.headers["etag"]}
    assert client.get(record["url"], headers=headers).status_code == 304
    page = client.get("/api/v1/images")
    assert page.json()["items"] == [record]
    headers = {"if-none-match": page.headers["etag"]}
    assert client.get("/api/v1/images", headers=headers).status_code == 304
    assert client.head("/api/v1/images").content == b""


def test_a_body_that_stops_coming_is_answered_with_408_and_the_end(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + FILE + PNG)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"body_timeout"' in answer
    assert incoming(server) == []


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_sent(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 9000000\r\n\r\n")
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body_too_large"' in answer


def test_a_body_that_grows_too_large_is_cut_off_while_it_streams(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + FILE.ljust(0x10000, b"x") + b"\r\n"
        sent = 0
        try:
            while sent < 2_000:  # 128 MB
                connection.sendall(chunk)
                sent += 1
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert sent < 2_000
    assert incoming(server) == []


def test_a_client_that_hangs_up_leaves_nothing(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + FILE + PNG)
    with server.connect() as connection:  # answered after the hang-up was noticed
        connection.sendall(HEAD + b"Content-Length: 100000\r\nConnection: close\r\n\r\n" + FILE)
        everything(connection)
    assert incoming(server) == []


@pytest.mark.of_files
def test_an_original_that_becomes_shorter_ends_the_connection_and_not_the_server(
    server: Server, client: httpx.Client
) -> None:
    record = post(client, PNG + bytes(200_000)).json()
    assert len(client.get(record["url"]).content) == len(PNG) + 200_000
    path = server.log.parent / "outputs" / record["url"].removeprefix("/outputs/")
    path.write_bytes(PNG)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(record["url"])
    assert client.get(record["thumb_url"]).status_code == 200


def test_what_is_no_http_is_refused(server: Server) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n"):
        with server.connect() as connection:
            connection.sendall(nonsense)
            assert everything(connection).startswith(b"HTTP/1.1 400 ")


def test_the_server_never_imports_pillow(server: Server, client: httpx.Client) -> None:
    post(client)
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "_imaging" not in maps
    assert "httptools" in maps  # so that an empty answer would not do


def test_sigterm_lets_an_upload_end_that_is_under_way(home: Home) -> None:
    with home.served() as server, server.connect() as connection:
        size = len(FILE) + len(PNG) + len(END)
        head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size
        connection.sendall(head + FILE + PNG)
        with server.client() as client:
            client.get("/healthz")  # the server has read what was sent before
        server.process.send_signal(signal.SIGTERM)
        ended = threading.Thread(target=server.process.wait, args=(30,))
        ended.start()
        connection.sendall(END)
        answer = everything(connection)
        ended.join()
        assert server.process.returncode == -signal.SIGTERM
    assert answer.startswith(b"HTTP/1.1 201 ")
    record = orjson.loads(answer.partition(b"\r\n\r\n")[2])
    with home.served() as server, server.client() as client:
        cookie = answer.partition(b"set-cookie: ")[2].partition(b";")[0].decode()
        page = client.get("/api/v1/images", headers={"cookie": cookie}).json()
        assert [item["id"] for item in page["items"]] == [record["id"]]


def test_several_processes_see_each_others_writes_at_once(home: Home) -> None:
    with home.served(workers=3) as server:
        headers = {"authorization": f"Bearer {SERVICE_TOKEN}"}

        def write_and_read(number: int) -> None:
            owner = f"member-{number}"
            for expected in range(1, 5):
                with server.client(**headers) as client:  # a connection of its own: any process
                    files = {"file": ("a.png", PNG)}
                    sent = client.post("/api/v1/images", files=files, data={"owner": owner})
                    assert sent.status_code == 201
                with server.client(authorization=f"Bearer {ADMIN_TOKEN}") as admin:
                    url = f"/api/v1/admin/images?user_id={owner}"
                    assert admin.get(url).json()["total"] == expected

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write_and_read, range(4)))


def test_it_takes_all_the_open_files_that_it_may_have(tmp_path: Path) -> None:
    with served(tmp_path, under=("prlimit", "--nofile=256:4096")) as server:
        limits = Path(f"/proc/{server.process.pid}/limits").read_text().splitlines()
        [files] = [line.split()[3:5] for line in limits if line.startswith("Max open files")]
        assert files == ["4096", "4096"]
