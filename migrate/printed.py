"""What the commands print for people."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any

from migrate.progress import duration

_TOP = 10
"""Of what there may be thousands of: plan.json has them all."""


def of_plan(content: dict[str, Any]) -> Iterator[str]:
    for part, title in (("kinds", "kind"), ("statuses", "status"), ("months", "month")):
        yield from _table(title, content[part], _latest if part == "months" else _largest)
    yield from _table("owner", content["owners"], _largest)
    yield f"all: {_sum(content)}, {len(content['owners'])} owners"
    yield from _expected(content)
    for anomaly in content["anomalies"][:_TOP]:
        yield f"{anomaly['what']}: {ascii(anomaly['name'])[1:-1]}"
    more = len(content["anomalies"]) - _TOP
    yield f"{len(content['anomalies'])} anomalies" + (", all in plan.json" if more > 0 else "")
    yield f"to copy it: gallery migrate copy --plan {content['digest']}"


def _table(title: str, sums: dict[str, Any], order: Any) -> Iterator[str]:
    shown = order(sums)
    for name in shown:
        yield f"{title:7} {name:38} {_sum(sums[name])}"
    if left := len(sums) - len(shown):
        yield f"{title:7} … and {left} more, all in plan.json"


def _largest(sums: dict[str, Any]) -> list[str]:
    return heapq.nlargest(_TOP, sums, key=lambda name: sums[name]["bytes"])


def _latest(sums: dict[str, Any]) -> list[str]:
    return sorted(sums, reverse=True)[:_TOP]


def _sum(sums: dict[str, Any]) -> str:
    return f"{sums['images']:9} images {sums['bytes'] / 1e6:12.1f} MB"


def _expected(content: dict[str, Any]) -> Iterator[str]:
    rates = {"read": content["reading"], "sent": content["writing"]}
    measured = [f"{what} at {rate / 1e6:.1f} MB/s" for what, rate in rates.items() if rate]
    if measured:
        yield f"measured: {', '.join(measured)}"
    if content["seconds"] is not None:
        yield f"expected: a copy takes about {duration(content['seconds'])}"
    else:
        yield "expected: cannot be told before the new place answers"


def of_copy(report: dict[str, Any]) -> Iterator[str]:
    for anomaly in report["anomalies"]:
        yield f"{anomaly['what']}: {ascii(anomaly['name'])[1:-1]}"
    counts = (f"{count} {outcome}" for outcome, count in sorted(report["outcomes"].items()))
    yield ", ".join(counts) or "nothing was left to copy"
    if not report["ended"]:
        yield "it was stopped; the same command goes on with it"


def of_follow(report: dict[str, Any]) -> Iterator[str]:
    yield f"{report['changes']} changes brought; {'level' if report['level'] else 'stopped'}"


def of_verify(report: dict[str, Any]) -> Iterator[str]:
    signs = " ".join(f"{sign}{count}" for sign, count in report["signs"].items())
    yield f"{signs}; {report['hashed']} hashed"
    yield f"source {report['root']}"
    yield f"target {report['target_root']}"


def of_turn(report: dict[str, Any]) -> Iterator[str]:
    if report["turned"]:
        yield f"the library lives in {report['lives']}; writers waited {report['seconds']:.2f} s"
    else:
        yield f"the library lives in {report['lives']} already"
