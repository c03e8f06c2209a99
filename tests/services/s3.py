"""An object store as tests use it: a bucket of their own, and a look past the gallery."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import JSONFileLoader

from gallery.blobs.s3 import S3Blobs
from gallery.blobs.s3.client import Patience, Place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HASTY = Patience(connect_seconds=2, read_seconds=2, attempts=2)


class Server(Protocol):
    name: str
    port: int
    access_key: str
    secret_key: str
    region: str

    def __hash__(self) -> int: ...


class Store:
    """A new bucket on a server, made by a client of the tests' own."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.bucket = f"tests-{uuid.uuid4().hex}"
        self.prefix = "pictures/"
        self.client = _client(server)
        self.client.create_bucket(Bucket=self.bucket)

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.prefix.rstrip('/')}"

    def variables(self, port: int | None = None) -> dict[str, str]:
        """The environment that leads to the server, or to a proxy on another port."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.server.port}",
            "AWS_ACCESS_KEY_ID": self.server.access_key,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
            "AWS_REGION": self.server.region,
        }

    def blobs(
        self,
        incoming: Path,
        expected: str | None = None,
        *,
        port: int | None = None,
        patience: Patience = HASTY,
    ) -> S3Blobs:
        """The gallery's store in this bucket, not yet started."""
        store = S3Blobs(Place.parse(self.url), str(incoming), expected, patience)
        with self.reached(port):
            store.connect()
        return store

    @contextmanager
    def reached(self, port: int | None = None) -> Iterator[None]:
        """The environment of this process leads to the server, or to a proxy before it."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name, value in self.variables(port).items():
                monkeypatch.setenv(name, value)
            yield

    def names(self) -> list[str]:
        """All that lies in the bucket, without the prefix."""
        return list(self.etags())

    def etags(self) -> dict[str, str]:
        """The same, each with its ETag: the MD5 of what it holds."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        found = (item for page in pages for item in page.get("Contents", ()))
        return {item["Key"].removeprefix(self.prefix): item["ETag"].strip('"') for item in found}

    def keep_versions(self, state: Literal["Enabled", "Suspended"]) -> None:
        self.client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": state}
        )

    def read(self, key: str) -> bytes:
        found = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)
        return found["Body"].read()

    def drop(self, key: str, body: bytes) -> None:
        """An object that somebody else put there."""
        self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.prefix + key)


@functools.cache
def _client(server: Server) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name=server.region,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


@contextmanager
def models_parsed_once() -> Iterator[None]:
    """Each new client reads the description of S3 again, a third of the time that a site in a
    bucket needs to start: here there are hundreds."""
    load = JSONFileLoader.load_file
    parsed = functools.cache(lambda path: load(JSONFileLoader(), path))
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(JSONFileLoader, "load_file", lambda _, file_path: parsed(file_path))
        yield
