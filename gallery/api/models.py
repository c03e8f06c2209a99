"""The shapes of requests and answers. OpenAPI is made from these."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.json_schema import SkipJsonSchema

from gallery.recovery import MAX_NAME

Text = Annotated[str, StringConstraints(max_length=20_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
OwnerName = Annotated[
    str,
    StringConstraints(pattern=r"^(anon-[0-9a-f]{32}|[a-z0-9][a-z0-9_-]{0,63})$", max_length=64),
]
Kind = Literal["output", "input", "control"]
Mime = Literal["image/png", "image/jpeg", "image/webp"]
Ratio = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}:[1-9][0-9]{0,5}$")]
# Values that a query string can hold: 0 and 1 as well as false and true.
Flag = bool


def _written_day(value: object) -> object:
    """Numbers of seconds, which pydantic would take for a day, are none."""
    written = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    if not written and not isinstance(value, date | None):
        raise ValueError("a day is written as 2026-03-14")
    return value


def _written_moment(value: object) -> object:
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]", value):
        raise ValueError("a time is written as 2026-03-14T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    """Naive means UTC. Nothing is older than 1970, where our times begin."""
    try:
        found = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no such time") from error
    if found.year < 1970:
        raise ValueError("before 1970")
    return found


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is wanted")  # noqa: TRY004 - which pydantic asks for
    return value


Whole = Annotated[int, Field(strict=False), BeforeValidator(_number)]
"""A whole number in JSON, where 7.0 is one."""
CalendarDay = Annotated[date, Field(strict=False), BeforeValidator(_written_day)]
Moment = Annotated[
    datetime, Field(strict=False), BeforeValidator(_written_moment), AfterValidator(_in_utc)
]


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Tags = Annotated[list[Tag], Field(max_length=100), AfterValidator(_distinct)]


class Strict(BaseModel):
    """A request: what isn't known is refused, so that a misspelt filter is not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Body(Strict):
    """A body in JSON, where types are meant: a number is no text."""

    model_config = ConfigDict(strict=True)


class Paging(Strict):
    page: int = Field(1, ge=1, le=10_000_000, description="counted from 1; not with a cursor")
    size: int = Field(50, ge=1, le=200, description="items a page")
    cursor: str | None = Field(
        None, max_length=200, description="next_cursor of the page before; empty for the first"
    )


class Linking(Strict):
    links: Literal["direct"] | None = Field(
        None, description="direct: give links that lead past the server, too"
    )


class Dates(Strict):
    from_date: CalendarDay | None = Field(None, description="first day, inclusive")
    to_date: CalendarDay | None = Field(None, description="last day, inclusive")
    tz: str = Field("UTC", max_length=64, description="time zone of the days, as Asia/Seoul")


class Filter(Dates):
    status: Literal["active", "trash"] = "active"
    kind: Kind = "output"
    aspect_ratio: Ratio | None = None
    tag: Annotated[str, StringConstraints(max_length=100)] | None = None
    workflow_id: Name | None = None
    favorite: Flag | None = None
    q: str | None = Field(
        None, max_length=500, description='words of the prompt; -word excludes, "a phrase"'
    )


class ListQuery(Paging, Linking, Filter):
    count: Flag = Field(False, description="count what matches, and its bytes")


class TrashQuery(Paging, Linking):
    kind: Kind | None = Field(None, description="all kinds unless given")


class FacetsQuery(Strict):
    kind: Kind = "output"


class EventsQuery(Strict):
    since: str | None = Field(
        None, max_length=80, description="a position to go on from, as Last-Event-ID"
    )
    owner: OwnerName | None = Field(None, description="for administrators: only this owner's")


class AdminListQuery(Paging, Dates):
    user_id: OwnerName | None = Field(None, description="an owner; everybody unless given")
    include: Literal["trash"] | None = Field(None, description="trash adds trashed images")


class UsersQuery(Strict):
    page: int = Field(1, ge=1, le=10_000_000)
    size: int = Field(100, ge=1, le=1_000)
    name: str = Field("", max_length=100, description="a part of their names")
    sort: Literal["user_id", "active", "trash", "bytes", "first", "last"] = "user_id"
    order: Literal["asc", "desc"] = "asc"


class UsageQuery(Strict):
    days: int = Field(90, ge=1, le=800, description="of the newest that are known")


class OwnerQuery(Strict):
    user_id: OwnerName | None = Field(None, description="whose image; needed if ids repeat")


class PurgeQuery(Strict):
    dry_run: Flag = Field(False, description="only say what would be purged")


class Meta(Body):
    """What an uploader says of an image. What is left out is read from the file."""

    prompt: Text | None = None
    negative_prompt: Text | None = None
    seed: Whole | None = Field(None, ge=0, le=2**64 - 1)
    model: Name | None = None
    source: Name | None = None
    workflow_id: Name | None = None
    aspect_ratio: Ratio | None = None
    tags: Tags = []
    favorite: bool = False
    job_id: Name | None = None
    parents: Annotated[list[Id], Field(max_length=100)] | None = None
    created_at: Moment | None = Field(
        None, description="only with the service token; naive means UTC"
    )


class UploadForm(BaseModel):
    """The parts of an upload."""

    file: str = Field(json_schema_extra={"format": "binary"}, description="PNG, JPEG or WebP")
    meta: Meta | SkipJsonSchema[None] = Field(None, description="JSON")
    owner: OwnerName | SkipJsonSchema[None] = Field(None, description="only with a token")


class PresignPut(Body):
    """An upload that is yet to come."""

    name: Annotated[str, StringConstraints(max_length=1_000)] | None = Field(
        None, description="the file's own name"
    )
    type: Mime
    size: Whole = Field(ge=1, description="bytes")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    kind: Kind = "output"
    owner: OwnerName | None = Field(None, description="only with a token")


class Confirm(Body):
    upload: Annotated[str, StringConstraints(max_length=10_000)] = Field(
        description="as it was announced by"
    )
    meta: Meta = Field(default_factory=lambda: Meta.model_validate({}))


class Edit(Body):
    """What to change; what is left out stays."""

    tags: Tags | None = None
    favorite: bool | None = None


class Copy(Body):
    id: Id = Field(description="any own image")


class NewLink(Body):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME)] | None = (
        Field(None, description="to know it by")
    )


class Recover(Body):
    token: Annotated[str, StringConstraints(max_length=200)] = Field(
        description="what the link's fragment says"
    )
    confirm: bool = Field(False, description="true: sign this browser in")


class EmptyTrash(Body):
    count: Whole = Field(ge=0, description="how many images the trash was seen to hold")


class PurgeTrash(Body):
    older_than_days: Whole = Field(0, ge=0, le=36_500, description="days since the deletion")
    user_id: OwnerName | None = None
    digest: str | None = Field(None, max_length=500, description="as the dry run gave it")


class Image(BaseModel):
    """A record. Fields of other writers may stand beside these."""

    model_config = ConfigDict(extra="allow")

    id: Id
    owner: str
    kind: Kind
    workflow_id: str | None
    aspect_ratio: str | None
    seed: int | str | None
    prompt: str | None
    original_filename: str | None
    mime: Mime
    bytes: int
    sha256: str
    created_at: str
    status: Literal["active", "trash"]
    thumb: str
    tags: list[str]
    favorite: bool
    width: int | None
    height: int | None
    blurhash: str | None
    deleted_at: str | None
    rev: int
    negative_prompt: str | None = None
    model: str | None = None
    source: str | None = None
    job_id: str | None = None
    parents: list[str] | None = None
    url: str
    thumb_url: str
    purge_at: str | None = Field(None, description="when the trash lets go of it")
    direct_url: str | None = Field(None, description="a link that lives for half an hour or more")
    direct_thumb_url: str | None = None


class DirectUpload(BaseModel):
    upload: str = Field(description="to be confirmed with, within a day")
    method: Literal["PUT"]
    url: str
    headers: dict[str, str] = Field(description="to be sent with the body, exactly so")
    expires_at: str = Field(description="until when it may be put")


class ImagePage(BaseModel):
    items: list[Image]
    page: int
    size: int
    total: int | None
    bytes: int | None = Field(None, description="of all that total counts, with count=1")
    next_cursor: str | None


class Counts(BaseModel):
    active: int
    trash: int
    bytes: int


class QuotaState(BaseModel):
    bytes: int | None
    count: int | None


class Me(BaseModel):
    owner: str
    counts: dict[str, Counts]
    bytes: int
    count: int
    quota: QuotaState
    retention_days: int
    max_upload_bytes: int


class RecoveryLink(BaseModel):
    id: Id
    name: str | None
    made_at: str
    used_at: str | None = Field(description="when it last signed a browser in")


class LinkList(BaseModel):
    links: list[RecoveryLink] = Field(description="oldest first")
    most: int = Field(description="how many there may be")


class MadeLink(RecoveryLink):
    url: str = Field(description="the link, which is said this once")


class Gallery(BaseModel):
    owner: str
    count: int = Field(description="images, with the trash")
    bytes: int


class PresentGallery(Gallery):
    links: int = Field(description="how many lead back to it")


class Recovered(Gallery):
    """The gallery that a link is of."""

    present: PresentGallery | None = Field(description="of the cookie that came along")
    signed_in: bool


class Day(BaseModel):
    date: str
    count: int


class Timeline(BaseModel):
    tz: str
    days: list[Day] = Field(description="newest first, without empty days")


class Facet(BaseModel):
    name: str
    count: int


class Facets(BaseModel):
    images: int = Field(description="how many were looked at: the newest")
    complete: bool = Field(description="whether these are all")
    favorites: int
    tags: list[Facet]
    workflows: list[Facet]
    aspect_ratios: list[Facet]


class User(BaseModel):
    user_id: str
    active: int
    trash: int
    bytes: int
    first: str | None = Field(description="created_at of the oldest active image")
    last: str | None


class UserPage(BaseModel):
    items: list[User]
    page: int
    size: int
    total: int


class StoreHealth(BaseModel):
    name: str = Field(description="as the settings name it, without credentials")
    reachable: bool
    why: str | None = Field(description="why not")


class ServerProcess(BaseModel):
    id: str
    pid: int


class MoveHealth(BaseModel):
    turns: int = Field(description="how often the library moved, there and back")
    fallback_reads: int = Field(description="originals lost since and read where it lived before")


class LibraryHealth(BaseModel):
    """Null is what cannot be told."""

    version: str
    pid: int = Field(description="of the process that answers")
    began_at: str
    uptime_seconds: float
    storage: StoreHealth
    catalog: StoreHealth
    free_bytes: int | None = Field(description="where images are files")
    processes: list[ServerProcess] | None
    damaged: dict[str, int] | None = Field(description="originals, as the scrub knows")
    quarantined: int | None = Field(description="things that a move could not bring as images")
    moved: MoveHealth | None


class Leader(BaseModel):
    host: str
    pid: int


class Job(BaseModel):
    name: str
    began_at: str
    seconds: float | None = Field(description="null while it is under way")
    figures: dict[str, int]
    error: str | None
    due_at: str | None


class Jobs(BaseModel):
    leader: Leader | None = Field(description="the process that did the last one")
    jobs: list[Job]


class UsageOfDay(BaseModel):
    date: str = Field(description="in UTC")
    owners: int
    images: int = Field(description="active")
    trash: int
    bytes: int = Field(description="of the originals, with those in the trash")


class Usage(BaseModel):
    days: list[UsageOfDay] = Field(
        description="oldest first, and today as it is now; without those nobody looked"
    )


class Emptied(BaseModel):
    purged: int


class PurgePlan(BaseModel):
    count: int
    bytes: int
    users: dict[str, int] = Field(description="images of each owner")
    purged: int
    digest: str | None = Field(description="to be echoed by the real call within an hour")


class Health(BaseModel):
    status: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
