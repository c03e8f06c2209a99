"""Terms are of a period and of longer parts of words: those of all images are made anew.

All in one transaction, so that an upgrade that was cut off begins again from where it began.
"""

from __future__ import annotations

from typing import cast

import orjson
from alembic import op
from psycopg import Connection

from gallery.catalog.postgres.rows import terms
from gallery.catalog.query import fold
from gallery.encoding import decode

revision = "0003"
down_revision = "0002"

_BATCH = 2_000


def upgrade() -> None:
    connection = cast("Connection", op.get_bind().connection.driver_connection)
    connection.execute("DROP INDEX images_by_terms")
    connection.execute("ALTER TABLE images DISABLE TRIGGER USER")
    _renew(connection)
    connection.execute("ALTER TABLE images ENABLE TRIGGER USER")
    connection.execute(
        """CREATE INDEX images_by_terms ON images USING gin (terms)
           WITH (gin_pending_list_limit = 1024)"""
    )


def _renew(connection: Connection) -> None:
    with connection.cursor("images") as images, connection.cursor() as renewing:
        images.execute("SELECT owner, id, raw FROM images")
        while batch := images.fetchmany(_BATCH):
            records = [(owner, id, decode(orjson.loads(raw))) for owner, id, raw in batch]
            renewing.executemany(
                "UPDATE images SET terms = %s WHERE owner = %s AND id = %s",
                [(terms(r, fold(r.prompt or "")), owner, id) for owner, id, r in records],
            )
