"""The grammar of keys: the one place that knows how a name is spelled.

A key is an identity. The same string names an object under ``outputs/``, in a bucket,
in a manifest and in the URL ``/outputs/{key}``. Text from outside becomes a key by
``parse`` or is refused; nothing else may join client text to a path.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

from gallery.errors import BadRequest

Kind = Literal["output", "input", "control"]
KINDS: tuple[Kind, ...] = ("output", "input", "control")
Ext = Literal["png", "jpg", "webp"]
MIME_OF: dict[str, str] = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
EXT_OF: dict[str, Ext] = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

_DRAWER: dict[Kind, str] = {"output": "", "input": "inputs/", "control": "controls/"}
DRAWERS = tuple(_DRAWER.values())
"""What stands between an owner and a year, by kind."""
_KIND_OF: dict[str | None, Kind] = {None: "output", "inputs/": "input", "controls/": "control"}

_ANON = r"anon-[0-9a-f]{32}"
_MEMBER = r"(?!anon-)[a-z0-9][a-z0-9_-]{0,63}"
_OWNER = re.compile(rf"(?:{_ANON}|{_MEMBER})")
_ID = re.compile(r"[0-9a-f]{32}")
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_FOLDER = re.compile(
    rf"users/({_ANON}|{_MEMBER})/(inputs/|controls/)?([0-9]{{4}})/([0-9]{{2}})/([0-9]{{2}})"
)
_NAME = re.compile(r"([0-9a-f]{32})\.(png|jpg|webp|json)")
_THUMB = re.compile(r"([0-9a-f]{32})\.(webp|jpg)")
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".crdownload", "~")
"""How programs name what they are about to rename."""
_MARK = re.compile(r"\.([0-9a-f]{32})\.json\.(put|purge|new)")
_INBOX = re.compile(rf"users/({_ANON}|{_MEMBER})/inbox/(.+)", re.DOTALL)
_WAY = re.compile(
    rf"users(?:/(?:{_ANON}|{_MEMBER})(?:/inbox(?:/.*)?"
    r"|(?:/(?:inputs|controls))?(?:/[0-9]{4}(?:/[0-9]{2}(?:/[0-9]{2})?)?)?)?)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one owner's images of one kind and UTC day."""

    owner: str
    kind: Kind
    day: date

    def __str__(self) -> str:
        return f"users/{self.owner}/{_DRAWER[self.kind]}{_iso(self.day, '/')}"

    @property
    def month(self) -> str:
        """The manifest shard this day belongs to, ``YYYY-MM``."""
        return _iso(self.day, "-")[:7]

    def image(self, id: str, ext: str) -> str:
        return f"{self}/{id}.{ext}"

    def thumb(self, id: str, ext: str = "webp") -> str:
        return f"{self}/thumb/{id}.{ext}"

    def sidecar(self, id: str) -> str:
        return f"{self}/{id}.json"

    def mark(self, id: str, what: Mark) -> str:
        """The hidden name of a put or purge under way, or of a sidecar being replaced."""
        return f"{self}/.{id}.json.{what}"


Mark = Literal["put", "purge", "new"]
Role = Literal["image", "thumb", "sidecar"] | Mark
_MARKS: dict[str, Mark] = {"put": "put", "purge": "purge", "new": "new"}


@dataclass(frozen=True, slots=True)
class Key:
    """A parsed key: which image it belongs to, and which of its files it is."""

    folder: Folder
    id: str
    role: Role
    ext: str


@dataclass(frozen=True, slots=True)
class Inboxed:
    """A file in an owner's inbox, where any name is right."""

    owner: str
    name: str
    """As it lies below the inbox, folders and all."""

    def __str__(self) -> str:
        return f"users/{self.owner}/inbox/{self.name}"

    @property
    def hidden(self) -> bool:
        """Whether whoever put it there doesn't mean it to be seen, or not yet."""
        *folders, name = self.name.split("/")
        return name.lower().endswith(_UNFINISHED) or any(
            part.startswith(".") for part in (*folders, name)
        )


def _iso(day: date, between: str) -> str:
    """Four digits for the year, always: strftime leaves zeros out."""
    return day.isoformat().replace("-", between)


def parse(text: str) -> Key | None:
    """The key that ``text`` spells, or None. Only a real calendar day is a folder."""
    place, _, name = text.rpartition("/")
    if place.endswith("/thumb"):
        folder, match = _folder(place[:-6]), _THUMB.fullmatch(name)
        return Key(folder, match[1], "thumb", match[2]) if folder and match else None
    folder = _folder(place)
    if folder is None:
        return None
    if match := _NAME.fullmatch(name):
        return Key(folder, match[1], "sidecar" if match[2] == "json" else "image", match[2])
    match = _MARK.fullmatch(name)
    return Key(folder, match[1], _MARKS[match[2]], "json") if match else None


def inboxed(text: str) -> Inboxed | None:
    """The file in an inbox that ``text`` names, or None."""
    match = _INBOX.fullmatch(text)
    return Inboxed(match[1], match[2]) if match else None


def is_on_the_way(folder: str) -> bool:
    """Whether images, or what is to become one, may lie in this folder or below it.
    Those of thumbnails are left out: nobody's image depends on what changes there."""
    return _WAY.fullmatch(folder) is not None


@lru_cache(1024)
def _folder(text: str) -> Folder | None:
    match = _FOLDER.fullmatch(text)
    if match is None:
        return None
    owner, drawer, year, month, day = match.groups()
    try:
        return Folder(owner, _KIND_OF[drawer], date(int(year), int(month), int(day)))
    except ValueError:
        return None


def folder_of(owner: str, kind: Kind, created_us: int) -> Folder:
    """The folder an image belongs in. ``created_us`` is microseconds since 1970, UTC."""
    return Folder(owner, kind, datetime.fromtimestamp(created_us // 1_000_000, UTC).date())


def is_owner(text: str) -> bool:
    return _OWNER.fullmatch(text) is not None


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def is_month(text: str) -> bool:
    return _MONTH.fullmatch(text) is not None


def owner(text: str) -> str:
    """``text`` if it names an owner. Raises BadRequest."""
    if not is_owner(text):
        raise BadRequest(
            "An owner is anon- and 32 hex digits, or up to 64 of a-z, 0-9, _ and -",
            code="bad_owner",
        )
    return text


def new_owner() -> str:
    return f"anon-{uuid.uuid4().hex}"


def new_id() -> str:
    return uuid.uuid4().hex


def id_for(library: str, owner: str, idempotency_key: str) -> str:
    """The id an Idempotency-Key determines: the same on every backend and in every process."""
    digest = hashlib.sha256(f"{library}\n{owner}\n{idempotency_key}".encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4).hex
