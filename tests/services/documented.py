"""What the documents say that a server can do."""

from __future__ import annotations

from pathlib import Path

_OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def documented(what: str, server: str) -> dict[str, str]:
    """The rows of the table of that, each name with its cell in the column of the server."""
    text = _OPERATIONS.read_text("utf-8")
    table = text[text.index(f"\n| {what} |") :].strip().partition("\n\n")[0]
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    ]
    [column] = [at for at, name in enumerate(head) if name.startswith(server)]
    return {row[0].split("`")[1]: row[column] for row in rows}
