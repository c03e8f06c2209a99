"""Bodies that wait in a bucket that keeps versions: none is left behind, however often put."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gallery import landing, rounds
from tests.http.direct import PNG, announced, confirm, confirmed, put, sent
from tests.http.site import Site, refused
from tests.samples import eventually
from tests.services.s3 import Store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def site(tmp_path: Path, store: Store) -> AsyncIterator[Site]:
    store.keep_versions("Enabled")
    with store.reached():
        async with Site(tmp_path, store=store).running() as site:
            # The first round of the jobs removes versions too, and no test means that one.
            await asyncio.to_thread(eventually, lambda: has_tidied(site))
            yield site


def has_tidied(site: Site) -> bool:
    known = rounds.read(site.app.library.catalog.notes)
    return known is not None and "tidying" in known.jobs


def versions(store: Store) -> int:
    """How many versions of temporary objects there are, those included that say "removed"."""
    prefix = f"{store.prefix}.gallery/tmp/"
    found = store.client.list_object_versions(Bucket=store.bucket, Prefix=prefix)
    return len(found.get("Versions", ())) + len(found.get("DeleteMarkers", ()))


async def test_what_finds_out_abilities_leaves_no_version(store: Store, site: Site) -> None:
    assert site.names() != []
    assert versions(store) == 0


async def test_what_was_confirmed_leaves_no_version(
    store: Store, site: Site, visitor: httpx.AsyncClient
) -> None:
    to = await sent(site, visitor)
    for _ in range(3):
        await put(site, to)
    assert versions(store) == 4
    await confirmed(visitor, to)
    assert versions(store) == 0


async def test_what_was_refused_leaves_no_version(
    store: Store, site: Site, visitor: httpx.AsyncClient
) -> None:
    garbage = b"no image" * 10
    to = await sent(site, visitor, garbage)
    await put(site, to, garbage)
    refused(await confirm(visitor, to), 415, "unsupported_image")
    assert versions(store) == 0


async def test_of_what_is_put_again_and_again_one_is_kept_and_after_a_day_none(
    store: Store, site: Site, visitor: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = await announced(visitor)
    for _ in range(3):
        await put(site, to, PNG)
    store.client.delete_object(Bucket=store.bucket, Key=store.prefix + store.names()[-1])
    await confirmed(visitor, await sent(site, visitor))
    for _ in range(3):
        await put(site, to, PNG)
    await asyncio.to_thread(site.app.library.landing.sweep)
    assert versions(store) == 1
    monkeypatch.setattr(landing, "WAIT_SECONDS", -60)
    await asyncio.to_thread(site.app.library.landing.sweep)
    assert versions(store) == 0
