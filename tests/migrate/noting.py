"""A library that two places say of where it lives: its tree, and the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gallery.catalog.notes import Notes
from gallery.catalog.postgres import PostgresCatalog
from gallery.dwelling import Dwelling, note
from gallery.generation import Generation, Record, Stores
from gallery.settings import Settings
from tests.conformance.stores import LIBRARY

FILES = Stores("file:", "manifest:")


class Both:
    """Settings of a library on files, and of the bucket and database that it may move to; with
    the record of the one and the note of the other."""

    def __init__(self, root: Path, url: str) -> None:
        self.url, self.root = url, root
        self.settings = self._settings(next_blobs="s3://bucket", next_catalog=url)
        self.apart = self._settings("apart", blobs="s3://bucket", catalog=url)
        self.there = Stores.of(self.apart)
        self.record = Record(str(self.settings.outputs))
        self.catalog = PostgresCatalog(url)
        self.catalog.start(LIBRARY)
        self.notes: Notes = self.catalog.notes

    def _settings(self, folder: str = ".", **stores: Any) -> Settings:
        at = self.root / folder
        return Settings(outputs=at / "outputs", manifests=at / "manifests", **stores)

    def make_tree(self) -> None:
        marker = self.settings.outputs / ".gallery" / "library.json"
        marker.parent.mkdir(parents=True)
        marker.write_text("{}")

    def say(self, number: int, stores: Stores, noted: int, there: Stores, *, done: bool) -> None:
        """Record and note; number 0 is none."""
        self.make_tree()
        if number:
            self.record.write(Generation(number, stores))
        if noted:
            note(self.notes, Generation(noted, there), done=done)

    def writer(self, settings: Settings) -> PostgresCatalog:
        """The database as somebody with these settings has it."""
        dwells = Dwelling(settings, Stores.of(settings))
        catalog = PostgresCatalog(self.url, has_moved=dwells.has_moved)
        dwells.has_note_in(catalog)
        return catalog
