"""Who is sent on for the bytes, and where to."""

from __future__ import annotations

import httpx

from gallery.blobs.s3 import S3Blobs
from tests.http.site import Site, policy_of


def led(answer: httpx.Response) -> str:
    """Where a redirect leads to."""
    assert (answer.status_code, answer.content) == (302, b""), answer.text
    return answer.headers["location"]


def bucket(site: Site) -> S3Blobs:
    assert isinstance(site.app.library.blobs, S3Blobs)
    return site.app.library.blobs


def images_from(page: httpx.Response) -> list[str]:
    """The places beside the site itself that a page may show images of."""
    policy = policy_of(page)
    assert policy["img-src"][:3] == ["'self'", "blob:", "data:"]
    for name, allowed in policy.items():
        assert name in ("img-src", "connect-src") or "http" not in " ".join(allowed)
    return policy["img-src"][3:]
