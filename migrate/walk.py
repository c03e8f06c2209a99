"""What lies in a store, an owner's month at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gallery import keys
from gallery.blobs import Listed
from gallery.errors import StartRefused
from gallery.keys import Folder, Key, Role
from gallery.library import Library


@dataclass(frozen=True, slots=True)
class Only:
    """Which part of a library is meant: of one owner, of one month, or all."""

    owner: str | None = None
    month: str | None = None

    def check(self) -> Only:
        """Raises StartRefused for what cannot be meant."""
        if self.owner is not None and not keys.is_owner(self.owner):
            raise StartRefused(f"--owner: {self.owner!r} is nobody's name")
        if self.month is not None and not keys.is_month(self.month):
            raise StartRefused(f"--month: {self.month!r} is not YYYY-MM")
        return self

    @property
    def is_all(self) -> bool:
        return self.owner is None and self.month is None

    def has(self, owner: str, month: str) -> bool:
        return self.owner in (None, owner) and self.month in (None, month)

    def months(self, *libraries: Library) -> Iterator[tuple[str, str]]:
        """Owner and month of all that is stored or known in any of them, in order."""
        owners = {self.owner} if self.owner else set[str]()
        if not self.owner:
            for library in libraries:
                owners.update(library.blobs.owners(), library.catalog.owners())
        for owner in sorted(owners):
            months = set[str]()
            for library in libraries:
                months.update(library.blobs.months(owner), library.catalog.months(owner))
            for month in sorted(months):
                if self.month in (None, month):
                    yield owner, month


@dataclass(slots=True)
class Lying:
    """The objects of one image, by what they are."""

    folder: Folder
    id: str
    by_role: dict[Role, Listed] = field(default_factory=dict)


def lying(library: Library, owner: str, month: str, strange: list[str]) -> list[Lying]:
    """The images of a month, of every kind, with what lies there of each; names that are no
    keys are added to ``strange``."""
    found: dict[tuple[Folder, str], Lying] = {}
    for drawer in keys.DRAWERS:
        for listed in library.blobs.list(f"users/{owner}/{drawer}{month.replace('-', '/')}/"):
            key = keys.parse(listed.key)
            if key is None:
                strange.append(listed.key)
            else:
                _of(found, key).by_role[key.role] = listed
    return list(found.values())


def _of(found: dict[tuple[Folder, str], Lying], key: Key) -> Lying:
    return found.setdefault((key.folder, key.id), Lying(key.folder, key.id))
