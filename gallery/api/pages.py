"""A page of a list as an answer, in JSON that is joined and not encoded again.

A page without a version is not to be kept: it goes bad though no image changes.
"""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope, Send

from gallery import responses
from gallery.catalog import Page
from gallery.catalog.query import Query

_JSON = (b"content-type", b"application/json")
_NO_CACHE = (b"cache-control", b"private, no-cache")
_NO_STORE = (b"cache-control", b"no-store")


def page_body(page: Page, number: int, size: int) -> bytes:
    """A page as JSON, joined from its ready-made items."""
    return b'{"items":[%b],"page":%d,"size":%d,"total":%b%b,"next_cursor":%b}' % (
        b",".join(page.items),
        number,
        size,
        b"null" if page.total is None else b"%d" % page.total,
        b"" if page.bytes is None else b',"bytes":%d' % page.bytes,
        b'"%b"' % page.next_cursor.encode() if page.next_cursor else b"null",
    )


def etag_of(version: str, owner: str | None, raw: bytes) -> bytes:
    """Of whose images it is, too: two owners' versions may be alike, and their URLs are."""
    of = f"{version}\n{owner}\n"
    found = hashlib.blake2b(of.encode() + raw, digest_size=12)
    return b'"%b"' % found.hexdigest().encode()


async def send_page(scope: Scope, send: Send, page: Page, question: Query, raw: bytes) -> int:
    etag = etag_of(page.version, question.owner, raw) if page.version else b""
    headers = [_JSON, _NO_CACHE, (b"etag", etag)] if etag else [_JSON, _NO_STORE]
    status, content = 200, b""
    for name, value in scope["headers"]:
        if name == b"if-none-match" and etag and etag in value:
            status = 304
    if status == 200:
        content = page_body(page, question.page, question.size)
        headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
    return status


def page_response(request: Request, page: Page, question: Query) -> Response:
    """A page as an answer, 304 when the client has it."""
    headers = {"cache-control": "no-store"}
    if page.version:
        raw = request.url.path.encode() + request.scope["query_string"]
        etag = etag_of(page.version, question.owner, raw).decode()
        headers = {"etag": etag, "cache-control": "private, no-cache"}
        if names(request.headers.get("if-none-match"), etag):
            return Response(status_code=304, headers=headers)
    return responses.json(page_body(page, question.page, question.size), headers=headers)


def names(header: str | None, etag: str) -> bool:
    return header is not None and (header.strip() == "*" or etag in header)
