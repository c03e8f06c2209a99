"""Notes: small things that all processes of a library need to know."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(
        """CREATE TABLE notes (name text COLLATE "C" PRIMARY KEY, body bytea NOT NULL)"""
    )
