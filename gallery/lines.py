"""The lines of journals, which manifests, feeds and operations are: JSON with a checksum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gallery.encoding import checksum
from gallery.errors import Damaged

CRC_TAIL = len(b',"crc":"00000000"}')
_CRC = slice(-len(b'00000000"}'), -len(b'"}'))


def encode_line(data: Mapping[str, Any], record: bytes | None = None) -> bytes:
    """A journal line: ``data``, then the record's canonical form, then a checksum of all
    that stands before it."""
    body = orjson.dumps(data)[:-1]
    if record is not None:
        body += b',"record":' + record
    return body + _tail(body) + b"\n"


def decode_line(line: bytes) -> dict[str, Any]:
    """The content of a journal line (without its newline). Raises Damaged."""
    if not is_whole(line):
        raise Damaged("checksum")
    try:
        data = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Damaged(str(error)) from error
    if not isinstance(data, dict):
        raise Damaged("not an object")
    return data


def is_whole(line: bytes) -> bool:
    """Whether a journal line (without its newline) ends with the checksum of what stands before."""
    return line[-CRC_TAIL:] == _tail(line[:-CRC_TAIL])


def crc_of(line: bytes) -> str:
    """The checksum that a journal line ends with."""
    return line[_CRC].decode("ascii")


def _tail(body: bytes) -> bytes:
    return b',"crc":"%b"}' % checksum(body).encode()


def record_in_line(line: bytes) -> bytes:
    """The canonical form of the record in a manifest line. What stands before it is ours
    and holds no text of a user, so its first mark is the record's."""
    return line[marks(line)[0] : -CRC_TAIL]


Marks = tuple[int, int, int]
"""Where in a line the record and the thumbnail's key begin, and the number of the image's
type in ``EXTS``: with them an item can be cut out of a line without searching."""
EXTS = (b"png", b"jpg", b"webp")
_EXT_NUMBER = {b"pn": 0, b"jp": 1, b"we": 2}


def marks(line: bytes) -> Marks:
    """The marks of a manifest line; zeros where there is no record."""
    record = line.find(b',"record":') + 10
    if record < 10:
        return 0, 0, 0
    mime = line.index(b',"mime":"image/', record) + 15
    thumb = line.index(b',"thumb":"', mime) + 10
    return record, thumb, _EXT_NUMBER[line[mime : mime + 2]]
