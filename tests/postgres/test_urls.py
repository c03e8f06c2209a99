"""A URL with a password that is not quoted: nothing of it is told."""

from __future__ import annotations

import pytest

from gallery.catalog.postgres import PostgresCatalog
from gallery.catalog.postgres.schema import library_of
from gallery.errors import StartRefused

_REFUSED = [
    *("kim:hun%zter2@localhost/x", "kim:hun@ter2@localhost/x", "kim:hun/ter2@localhost/x"),
    *("kim:12/ter2@localhost/x", "kim@hun:ter2@localhost/x"),
    *("kim:hunter2@[::1/x", "kim:hunter2@localhost:hunter2/x", "kim:hunter2@localhost/x?ter2"),
]


@pytest.mark.parametrize("url", _REFUSED)
def test_what_cannot_be_understood_is_refused_without_being_told(url: str) -> None:
    for opened in (library_of, PostgresCatalog):
        with pytest.raises(StartRefused, match="not a URL that can be understood") as refused:
            opened(f"postgresql://{url}")
        assert "ter2" not in str(refused.value)
        assert "hun" not in str(refused.value)
        assert refused.value.__cause__ is refused.value.__context__ is None


@pytest.mark.parametrize("url", ["kim:hun%40t?r2@127.0.0.1:1/x", "kim@[::1]:1,127.0.0.1:1/x"])
def test_what_can_is_tried(url: str) -> None:
    with pytest.raises(StartRefused, match=r"refused|unreachable|assign"):
        library_of(f"postgresql://{url}")
