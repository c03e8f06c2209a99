"""The images, what is counted of them, the feed, and the journals of operations."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE library (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        id text COLLATE "C" NOT NULL,
        generation text COLLATE "C" NOT NULL,
        forgotten_xid bigint NOT NULL DEFAULT 0,
        forgotten_seq bigint NOT NULL DEFAULT 0
    )""",
    """
    CREATE TABLE images (
        id text COLLATE "C" NOT NULL,
        owner text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        status text COLLATE "C" NOT NULL,
        created_at bigint NOT NULL,
        deleted_at bigint NOT NULL,
        month text COLLATE "C" NOT NULL,
        bytes bigint NOT NULL,
        rev bigint NOT NULL,
        tags text[] COLLATE "C" NOT NULL,
        workflow_id text COLLATE "C",
        aspect_ratio text COLLATE "C",
        favorite boolean NOT NULL,
        prompt text COLLATE "C" NOT NULL,
        terms int[] NOT NULL,
        raw bytea NOT NULL,
        links bytea NOT NULL,
        seen_size bigint NOT NULL,
        seen_mtime_ns bigint NOT NULL,
        PRIMARY KEY (id, owner)
    )""",
    # What pages are made of lies in the row; the terms, which only the index needs, aside.
    """ALTER TABLE images ALTER raw SET STORAGE MAIN, ALTER links SET STORAGE MAIN,
       ALTER prompt SET STORAGE MAIN, ALTER terms SET STORAGE EXTERNAL""",
    "CREATE INDEX images_by_time ON images (owner, kind, status, created_at, id)",
    """CREATE INDEX images_by_deletion ON images (owner, kind, deleted_at, id)
       WHERE status = 'trash'""",
    # Over everybody's images. A sum, so that no list of one owner is read through the others'.
    "CREATE INDEX images_of_all_by_time ON images (kind, status, (created_at + 0), id)",
    """CREATE INDEX images_of_all_by_deletion ON images ((deleted_at + 0), id, owner)
       WHERE status = 'trash'""",
    "CREATE INDEX images_by_month ON images (owner, month, kind)",
    # What is yet to be sorted in is read by each search, so that is kept short.
    """CREATE INDEX images_by_terms ON images USING gin (terms)
       WITH (gin_pending_list_limit = 1024)""",
    """
    CREATE TABLE owners (
        owner text COLLATE "C" PRIMARY KEY,
        version bigint NOT NULL
    )""",
    """
    CREATE TABLE counters (
        owner text COLLATE "C" NOT NULL,
        kind text COLLATE "C" NOT NULL,
        active bigint NOT NULL,
        trash bigint NOT NULL,
        bytes bigint NOT NULL,
        PRIMARY KEY (owner, kind)
    )""",
    """
    CREATE TABLE changes (
        xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
        seq bigint GENERATED ALWAYS AS IDENTITY,
        at bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000),
        op text COLLATE "C" NOT NULL,
        owner text COLLATE "C" NOT NULL,
        month text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        kind text COLLATE "C",
        rev bigint NOT NULL,
        PRIMARY KEY (xid, seq)
    )""",
    "CREATE INDEX changes_by_owner ON changes (owner, xid, seq)",
    """
    CREATE TABLE ops (
        owner text COLLATE "C" NOT NULL,
        op text COLLATE "C" NOT NULL,
        number bigint GENERATED ALWAYS AS IDENTITY,
        at double precision NOT NULL,
        entry bytea NOT NULL,
        PRIMARY KEY (owner, op, number)
    )""",
)

_ADDED = "SELECT owner, kind, status, bytes, 1 AS n FROM added"
_REMOVED = "SELECT owner, kind, status, -bytes AS bytes, -1 AS n FROM removed"

_COUNT = """
    CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO counters (owner, kind, active, trash, bytes)
        SELECT owner, kind, coalesce(sum(n) FILTER (WHERE status = 'active'), 0),
               coalesce(sum(n) FILTER (WHERE status = 'trash'), 0), sum(bytes)
        FROM ({rows}) AS moved GROUP BY owner, kind
        ON CONFLICT (owner, kind) DO UPDATE SET
            active = counters.active + excluded.active,
            trash = counters.trash + excluded.trash,
            bytes = counters.bytes + excluded.bytes;
        RETURN NULL;
    END $$"""

_WHEN = """
    CREATE TRIGGER {name} AFTER {event} ON images REFERENCING {tables}
    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""

_COUNTED = {
    "INSERT": (_ADDED, "NEW TABLE AS added"),
    "UPDATE": (f"{_ADDED} UNION ALL {_REMOVED}", "OLD TABLE AS removed NEW TABLE AS added"),
    "DELETE": (_REMOVED, "OLD TABLE AS removed"),
}


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    for statement in _TABLES:
        run(statement)
    for event, (rows, tables) in _COUNTED.items():
        name = f"count_{event.lower()}"
        run(_COUNT.format(name=name, rows=rows))
        run(_WHEN.format(name=name, event=event, tables=tables))
