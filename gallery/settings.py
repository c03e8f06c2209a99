"""Every setting, in one table. Each is a ``GALLERY_*`` variable, may stand in ``.env``, and
is a flag of ``gallery serve``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gallery.errors import StartRefused
from gallery.keys import is_owner

PREFIX = "GALLERY_"
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MIB = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_URL = re.compile(r"https?://([\w.-]+|\[[\da-fA-F:]+\])(:\d+)?(/[\w.~%-]+)*/?", re.ASCII)
_LISTS = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """The settings. Sizes are in bytes, times in the unit of their name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    outputs: Path = Field(Path("outputs"), description="folder of the images")
    manifests: Path = Field(Path("manifests"), description="folder of the journals")
    blobs: str = Field(
        "file:", description="where images are kept: file: (under outputs), s3://bucket/prefix"
    )
    catalog: str = Field(
        "manifest:", description="where lists come from: manifest: or postgresql://…"
    )
    next_blobs: str | None = Field(
        None, description="where images are to be moved to: as GALLERY_BLOBS"
    )
    next_catalog: str | None = Field(
        None, description="where lists are to come from then: as GALLERY_CATALOG"
    )
    delivery: str = Field(
        "server", description="who sends the bytes: server, presigned, or https://… of a CDN"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on")
    workers: int = Field(1, ge=1, le=64, description="server processes")
    secret: _LISTS = Field((), description="keys that sign cookies, newest first, by commas")
    admin_token: str | None = Field(None, min_length=16, description="token of the admin role")
    service_token: str | None = Field(None, min_length=16, description="token of pipelines")
    public_origin: str | None = Field(None, description="https://… as visitors see it")
    trusted_proxies: str = Field("127.0.0.1", description="whose X-Forwarded-* to believe")
    retention_days: int = Field(30, ge=1, le=36_500, description="how long the trash is kept")
    quota_bytes: int | None = Field(None, ge=0, description="bytes an owner may have")
    quota_count: int | None = Field(None, ge=0, description="images an owner may have")
    max_upload_bytes: int = Field(50 * MIB, ge=1, description="size of the largest upload")
    max_pixels: int = Field(50_000_000, ge=1, description="pixels of the largest image")
    memory_bytes: int = Field(128 * MIB, ge=MIB, description="ring, manifests and thumbnails")
    ring_items: int = Field(10_000, ge=0, description="images the ring holds at most")
    decoders: int = Field(
        0, ge=0, le=64, description="decoding processes of a worker (0: one a core)"
    )
    uploads: int = Field(64, ge=1, description="uploads received at the same time")
    direct_uploads: bool = Field(True, description="whether clients may send to a bucket directly")
    body_seconds: float = Field(30.0, gt=0, description="longest pause within an upload")
    walk_minutes: float = Field(60.0, ge=1, description="time between two walks of the tree")
    scrub_mib: int | None = Field(
        None, ge=0, description="MiB a second that the scrub reads (0: off; unset: 8 of files)"
    )
    single_owner: str | None = Field(None, description="whoever comes is this owner; loopback only")
    accel_prefix: str | None = Field(None, description="nginx location for X-Accel-Redirect")

    @field_validator("secret", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(v.strip() for v in value.split(",")) if isinstance(value, str) else value

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(key) < 16 for key in value):
            raise ValueError("each key needs at least 16 characters")
        return value

    @field_validator("delivery")
    @classmethod
    def _sender(cls, value: str) -> str:
        if value not in ("server", "presigned") and not _URL.fullmatch(value):
            raise ValueError("neither server nor presigned nor the https://… of a CDN")
        return value.rstrip("/")

    @field_validator("public_origin")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        origin = value and value.rstrip("/").lower()
        if origin is not None and not origin.startswith(("http://", "https://")):
            raise ValueError("an origin begins with http:// or https://")
        return origin

    @model_validator(mode="after")
    def _single_owner_at_home(self) -> Settings:
        """On an address that strangers reach, everybody would see everything."""
        if self.single_owner is not None:
            if not is_owner(self.single_owner):
                raise ValueError("GALLERY_SINGLE_OWNER: not an owner's name")
            if self.host not in LOOPBACK:
                raise ValueError("GALLERY_SINGLE_OWNER: only with GALLERY_HOST 127.0.0.1")
        return self


def load(**flags: Any) -> Settings:
    """The settings from flags, environment and ``.env``, in this order of precedence.
    Raises StartRefused with one line that names what is wrong."""
    for name in (*os.environ, *dotenv_values(".env")):
        known = name.removeprefix(PREFIX).lower() in Settings.model_fields
        if name.startswith(PREFIX) and not known and not name.startswith(f"{PREFIX}TEST_"):
            raise StartRefused(f"{name} is not a setting")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "".join(f"{PREFIX}{str(part).upper()}: " for part in first["loc"])
        raise StartRefused(f"{name}{first['msg'].removeprefix('Value error, ')}") from error
