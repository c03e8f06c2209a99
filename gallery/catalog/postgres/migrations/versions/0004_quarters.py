"""Counts by quarter of an hour, on which every time zone's days begin."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_WHERE = "SELECT owner, kind, status, created_at"
_MOVED = {
    "insert": f"{_WHERE}, 1 AS n FROM added",
    "update": f"{_WHERE}, 1 AS n FROM added UNION ALL {_WHERE}, -1 AS n FROM removed",
    "delete": f"{_WHERE}, -1 AS n FROM removed",
}
_TABLES = {
    "insert": "NEW TABLE AS added",
    "update": "OLD TABLE AS removed NEW TABLE AS added",
    "delete": "OLD TABLE AS removed",
}
_COUNT = """
    INSERT INTO quarters (owner, kind, status, quarter, images)
    SELECT owner, kind, status, created_at / 900000000, sum(n) FROM ({rows}) AS moved
    GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0
    ON CONFLICT (owner, kind, status, quarter)
    DO UPDATE SET images = quarters.images + excluded.images"""


def upgrade() -> None:
    run = op.get_bind().exec_driver_sql
    run(
        """
        CREATE TABLE quarters (
            owner text COLLATE "C" NOT NULL,
            kind text COLLATE "C" NOT NULL,
            status text COLLATE "C" NOT NULL,
            quarter bigint NOT NULL,
            images bigint NOT NULL,
            PRIMARY KEY (owner, kind, status, quarter)
        )"""
    )
    run(_COUNT.format(rows=f"{_WHERE}, 1 AS n FROM images"))
    for event, moved in _MOVED.items():
        name = f"quarters_{event}"
        run(
            f"""CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN {_COUNT.format(rows=moved)}; RETURN NULL; END $$"""
        )
        run(
            f"""CREATE TRIGGER {name} AFTER {event} ON images REFERENCING {_TABLES[event]}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""
        )
