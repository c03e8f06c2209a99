"""Terms are of a period, so that the newest images with a word are found without the others."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_PERIOD = "(((created_at >> 41) * 2654435761) & 4294967295) - 2147483648"


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run("DROP INDEX images_by_terms")
    run("ALTER TABLE images DISABLE TRIGGER USER")
    run(
        f"""UPDATE images
            SET terms = ARRAY(SELECT term # ({_PERIOD})::int FROM unnest(terms) AS term)"""
    )
    run("ALTER TABLE images ENABLE TRIGGER USER")
    run(
        """CREATE INDEX images_by_terms ON images USING gin (terms)
           WITH (gin_pending_list_limit = 1024)"""
    )
