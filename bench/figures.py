"""Figures: measured side by side with their floors, and shown as a table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """``at_least`` bounds the ratio of ``ours`` to ``floor``, ``at_most`` bounds ``ours``;
    with neither the figure is only told."""

    name: str
    ours: float
    unit: str
    floor: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.ours / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        """None when there is no target."""
        if self.at_least is not None and self.ratio is not None:
            return self.ratio >= self.at_least
        return self.ours <= self.at_most if self.at_most is not None else None

    def row(self) -> tuple[str, ...]:
        target = ""
        if self.at_least is not None:
            target = f">= {self.at_least:.2f} x"
        elif self.at_most is not None:
            target = f"<= {_short(self.at_most)}"
        return (
            self.name,
            self.unit,
            "" if self.floor is None else _short(self.floor),
            _short(self.ours),
            "" if self.ratio is None else f"{self.ratio:.2f}",
            target,
            {True: "ok", False: "BELOW", None: ""}[self.is_met],
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "ok": self.is_met}


def interleaved(measures: Mapping[str, Measure], rounds: int) -> dict[str, float]:
    """Takes every measure in each round, in turn; gives their medians."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}


def table(figures: Sequence[Figure]) -> str:
    head = ("figure", "unit", "floor", "ours", "ratio", "target", "")
    rows = [head, *(figure.row() for figure in figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if n in (0, 1, 5, 6) else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
