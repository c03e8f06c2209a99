"""The application of a library that may move while it is served.

For each of the two pairs of stores there is an ``App`` of its own. A request goes to the one
where the library lives when it begins, and stays there to its end; a change that finds the
library moved meanwhile is made by the library over there. The other pair is opened and tried
in the background, so that the process is ready when the library moves; and it says so, for a
move waits for all processes to be ready.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from contextlib import suppress
from functools import partial

from starlette.types import Receive, Scope, Send

from gallery import generation, processes, responses
from gallery.app import App
from gallery.blobs import BlobStore
from gallery.dwelling import active
from gallery.errors import GalleryError, StartRefused, Unavailable
from gallery.fallback import Fallback
from gallery.generation import Stores
from gallery.grace import Grace
from gallery.imaging import Imaging
from gallery.library import Library
from gallery.lifespan import lived
from gallery.lone import Lone
from gallery.pairs import Pairs
from gallery.processes import Presence
from gallery.settings import LOG_FORMAT, Settings, load
from gallery.threads import Threads

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
TRY_SECONDS = 1.0
TURN_SECONDS = 60.0


class Moving:
    """Of a library in either of the two pairs that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._pairs = Pairs(settings)
        self._id = processes.new_id()
        lives = self._pairs.active()
        app = self._app_of(lives)
        self._apps = {lives: app}
        self._app = app
        self.threads: Threads = app.threads
        self._presence = Presence(str(settings.outputs), self._id)
        self._stop = threading.Event()
        self._turning = threading.Lock()
        self._other = threading.Thread(target=self._open_other, name="other stores", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._grace: Grace | None = None

    def _app_of(self, stores: Stores, imaging: Imaging | None = None) -> App:
        settings, dwelling = self._pairs.settings(stores), self._pairs.dwelling(stores)
        app = App(settings, imaging=imaging, dwelling=dwelling, server=self._id)
        beside = partial(self._beside, stores)
        app.library.fallback = Fallback(app.library.catalog.notes, beside, self._pairs.turns)
        return app

    def _beside(self, stores: Stores) -> BlobStore:
        """Those of the other pair. Raises Unavailable until they are open."""
        other = self._pairs.other(stores)
        if other not in self._apps:
            raise Unavailable(f"{other} are not open yet")
        return self._apps[other].library.blobs

    def _lives(self) -> Stores:
        return self._pairs.lives(before=Stores.of(self._app.settings))

    # -- a request ----------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            watching = asyncio.create_task(self._watch())
            try:
                await lived(self, receive, send)
            finally:
                watching.cancel()
            return
        try:
            app = self._now()
        except GalleryError as error:
            await responses.problem(error)(scope, receive, send)
            return
        await app(scope, receive, send)

    def _now(self) -> App:
        """Where the library lives: one stat. Raises Unavailable when the stores are not open
        here."""
        lives = self._lives()
        app = self._apps.get(lives)
        if app is None:
            raise Unavailable(f"{lives} are not open yet")
        if app is not self._app:
            self._turn(app)
        return app

    async def _watch(self) -> None:
        """Also a process that nobody asks anything turns."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self._now()
            except GalleryError as error:
                log.warning("%s", error)

    # -- turning ------------------------------------------------------------------------------

    def _turn(self, app: App) -> None:
        """On the event loop. Streams end, and go on where the library lives; what works in
        the background there begins when it has ended here."""
        old, self._app = self._app, app
        log.info("the library lives in %s now", Stores.of(app.settings))
        app.events.open_again()
        old.events.close()
        task = asyncio.create_task(self.threads.bulk(self._relieve, old, app))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _relieve(self, old: App, app: App) -> None:
        with self._turning:
            self._end_grace()
            old.background.stop()
            if app is self._app and not self._stop.is_set():
                app.background.start()
                self._begin_grace(app)

    # -- what is owed to where the library lived before ---------------------------------------

    def _begin_grace(self, app: App) -> None:
        settings = app.settings
        self._grace = Grace(
            app.library,
            partial(self._before, app),
            app.imaging,
            str(settings.outputs),
            walk_seconds=settings.walk_minutes * 60,
            max_bytes=settings.max_upload_bytes,
        )
        self._grace.start()

    def _end_grace(self) -> None:
        if self._grace:
            self._grace.stop()
            self._grace = None

    def _before(self, app: App) -> Library:
        """What an app's library was before it moved. Raises StartRefused, and GalleryError."""
        lives = Stores.of(app.settings)
        return self._pairs.left(app.library, lives, lambda: self._lives() != lives)

    # -- starting and stopping ----------------------------------------------------------------

    def start(self) -> None:
        self._app.start()
        if self._pairs.turns():
            self._begin_grace(self._app)
        with suppress(GalleryError):
            self._presence.say(why="it has just begun")
        self._let_turn()
        self._other.start()

    def _let_turn(self) -> None:
        """A process that begins while the library turns waits until it has, and begins where
        it lives then. Whoever turns it afterwards sees that this process is there."""
        try:
            with self._app.library.catalog.fence(TURN_SECONDS):
                lives = self._lives()
            if lives not in self._apps:
                self._try(lives)
        except (GalleryError, StartRefused) as error:
            log.warning("%s", error)  # tried again in the background

    def drain(self) -> None:
        for app in [*self._apps.values()]:
            app.drain()

    def stop(self) -> None:
        self._stop.set()
        self._other.join()
        self._presence.close()
        with self._turning:
            self._end_grace()
            for app in self._apps.values():
                if app is not self._app:
                    app.background.stop()
                    app.library.close()
                if app.threads is not self.threads:  # in which this is running
                    app.threads.close()
            self._app.stop()

    def _open_other(self) -> None:
        """Opens the stores where the library doesn't live, once they are this library's."""
        other = self._pairs.other(Stores.of(self._app.settings))
        said = ""
        while not self._stop.is_set():
            try:
                self._try(other)
                self._presence.say(ready=[str(stores) for stores in self._apps])
            except (GalleryError, StartRefused) as error:
                if str(error) != said:
                    log.info("not ready for %s: %s", other, error)
                    said = str(error)
                with suppress(GalleryError):
                    self._presence.say(why=said)
                self._stop.wait(TRY_SECONDS)
            else:
                log.info("ready for %s", " and ".join(map(str, self._apps)))
                return

    def _try(self, stores: Stores) -> None:
        """Raises GalleryError and StartRefused."""
        if stores in self._apps:
            return
        self._pairs.active()  # for what is noted over there, which may have been away before
        library = self._app.library
        if not self._pairs.holds(stores, library):
            raise StartRefused("the catalog there is not this library's yet")
        app = self._app_of(stores, self._app.imaging)
        app.open(recover=False)
        try:
            app.library.blobs.check()
            app.library.catalog.owners()
            app.identity.open()
        except GalleryError:
            app.library.close()
            raise
        app.library.successor, library.successor = library, app.library
        self._apps[stores] = app


def from_environment() -> Lone | Moving:
    """For server processes that are started without arguments, and one of several, whose
    log is its own."""
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, stream=sys.stderr)
    settings = load()
    if generation.other(settings) is not None:
        return Moving(settings)
    return Lone(active(settings))
