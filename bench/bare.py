"""The least that an upload into a bucket can be: decode, shrink, and put the same three objects
with the bare client, one after the other."""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from bench import photos

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SIDECAR = b"{" + b" " * 800 + b"}"


def rate(workers: ProcessPoolExecutor, paths: list[str], bucket: str) -> float:
    """Pictures a second that arrive, as many at once as there are workers."""
    began = time.perf_counter()
    list(workers.map(_put, paths, [bucket] * len(paths)))
    return len(paths) / (time.perf_counter() - began)


def _put(path: str, bucket: str) -> None:
    data = Path(path).read_bytes()
    s3, name = client(), f"bare/{uuid.uuid4().hex}"
    for ext, body in (("png", data), ("webp", photos.thumbnail(data)), ("json", _SIDECAR)):
        s3.put_object(Bucket=bucket, Key=f"{name}.{ext}", Body=body)


@cache
def client() -> S3Client:
    """One for each process, told as little to do as it can be: it hashes a body once."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client("s3", region_name=os.environ["AWS_REGION"], config=config)
