"""Answers that many routes give: an image, a page of images, and a problem."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from gallery.api.fields import Id, Mime
from gallery.keys import Kind
from gallery.records import Status


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
    status: Status
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


class ImagePage(BaseModel):
    items: list[Image]
    page: int
    size: int
    total: int | None
    bytes: int | None = Field(None, description="of all that total counts, with count=1")
    next_cursor: str | None


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
