"""The application of a process whose settings name one pair of stores.

It cannot go on where the library moves to, and must not go on where it moved from: it says so
to the move, and if that happened all the same, or this process could not be seen, it answers
nothing any more.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.types import Receive, Scope, Send

from gallery import processes, responses
from gallery.app import App
from gallery.errors import GalleryError, Moved
from gallery.generation import Stores
from gallery.processes import Presence
from gallery.settings import Settings

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


class Lone(App):
    """Of a library that lives in the stores that the settings name."""

    def __init__(self, settings: Settings) -> None:
        id = processes.new_id()
        super().__init__(settings, server=id)
        self._presence = Presence(str(settings.outputs), id)
        self._is_open = self._has_moved = self._is_known = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            watching = asyncio.create_task(self._watch())
            try:
                await super().__call__(scope, receive, send)
            finally:
                watching.cancel()
        elif self._has_moved:
            error = Moved("the library lives in other stores than this process was started for")
            await responses.problem(error)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._is_open:
                with suppress(GalleryError):
                    await self._look()

    async def _look(self) -> None:
        if not self._is_known:
            await self.threads.fetch(self._say)
        has_moved = await self.threads.fetch(self.dwelling.has_moved)
        if has_moved == self._has_moved:
            return
        self._has_moved = has_moved
        where = Stores.of(self.settings)
        if has_moved:
            log.error("the library no longer lives in %s", where)
            self.events.close()
        else:
            log.info("the library lives in %s again", where)
            self.events.open_again()
        await self.threads.bulk(self.background.stop if has_moved else self.background.start)

    def start(self) -> None:
        super().start()
        self._is_open = True
        self._say()

    def _say(self) -> None:
        with suppress(GalleryError):
            self._presence.say(ready=[str(Stores.of(self.settings))])
            self._is_known = True

    def stop(self) -> None:
        self._is_open = False
        self._presence.close()
        super().stop()
