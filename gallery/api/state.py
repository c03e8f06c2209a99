"""What administrators see of the server itself: health, the periodic jobs, and how much there
was day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gallery import checkpoint, responses, rounds, usage
from gallery.api.fields import Strict
from gallery.api.operation import Operation, query
from gallery.api.services import Services
from gallery.catalog.notes import Notes
from gallery.checkpoint import Checkpoint
from gallery.health import Answer, Health
from gallery.records import to_text
from gallery.rounds import Round
from gallery.scrub import WEEK_US

_FRESH = {"cache-control": "no-store"}


class UsageQuery(Strict):
    days: int = Field(90, ge=1, le=800, description="of the newest that are known")


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


class State:
    """Routes under ``/api/v1/admin``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._threads = services.threads
        self._library = services.library
        self._notes = services.library.catalog.notes
        began = services.library.clock()
        self._health = Health(services.settings, services.library, began)

    async def health(self, request: Request) -> Response:
        self._services.require_admin(request)
        return responses.json(await self._threads.fetch(self._health.as_json), headers=_FRESH)

    async def jobs(self, request: Request) -> Response:
        self._services.require_admin(request)
        return responses.json(await self._threads.read(_jobs, self._notes), headers=_FRESH)

    async def usage(self, request: Request) -> Response:
        self._services.require_admin(request)
        days = query(request, UsageQuery).days
        answer = await self._threads.fetch(self._usage, days)
        return responses.json(answer, headers=_FRESH)

    def _usage(self, days: int) -> Answer:
        newest = list(
            self._library.healing.asked(lambda: usage.known(self._library.catalog)).items()
        )
        return {"days": [{"date": day, **asdict(sample)} for day, sample in newest[-days:]]}

    def operations(self) -> list[Operation]:
        operations = [
            Operation("GET", "/api/v1/admin/health", self.health, "How the library is",
                      answer=LibraryHealth),
            Operation("GET", "/api/v1/admin/jobs", self.jobs, "What the periodic jobs did last",
                      answer=Jobs),
            Operation("GET", "/api/v1/admin/usage", self.usage, "How much there was, by day",
                      query=UsageQuery, answer=Usage),
        ]  # fmt: skip
        return [replace(operation, security="admin") for operation in operations]


def _jobs(notes: Notes) -> Answer:
    known = rounds.read(notes)
    found = [_job(name, done) for name, done in sorted(known.jobs.items())] if known else []
    found += _scrub(checkpoint.read(notes))
    leader = {"host": known.host, "pid": known.pid} if known else None
    return {"leader": leader, "jobs": found}


def _job(name: str, done: Round) -> Answer:
    return {
        "name": name,
        "began_at": to_text(done.began),
        "seconds": round(done.seconds, 3),
        "figures": done.figures,
        "error": done.error,
        "due_at": None if done.due is None else to_text(done.due),
    }


def _scrub(state: Checkpoint | None) -> Iterator[Answer]:
    """A pass takes days: as long as it is under way nobody knows how many."""
    if state is None or state.began is None:
        return
    took = None if state.under_way or state.ended is None else state.ended - state.began
    yield {
        "name": "scrub",
        "began_at": to_text(state.began),
        "seconds": took and took / 1e6,
        "figures": {
            "images": state.images,
            "bytes": state.bytes,
            "damaged": len(state.damaged),
        },
        "error": None,
        "due_at": None if state.under_way else to_text(state.began + WEEK_US),
    }
