"""Tables of a contest, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import figures
from benchmarks.questions import WORKLOADS

Content = dict[str, Any]

HEAD = (
    "",
    "requests/s",
    "to the endpoint",
    "CPU, µs",
    "to the endpoint",
    "database, µs",
    "p50, ms",
    "p99, ms",
    "others",
)

COLUMNS = """*CPU* is user and system time of the server for one request, *database* the same of PostgreSQL; the ratio
is of both together, so less is better there. *Others* is the most of the machine that somebody else used meanwhile:
where it is more than a few percent, trust CPU times rather than requests a second."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is text, the others are figures."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def reference(who: str) -> str:
    """Whom a contestant is compared with: the endpoint on the same store; the rivals all have PostgreSQL."""
    return "endpoint, SQLite" if who.endswith("SQLite") else "endpoint, PostgreSQL"


def contest(rounds: Content) -> str:
    """One table for each workload."""
    tables = []
    for name, contestants in rounds.items():
        rows = [_line(who, samples, contestants, name) for who, samples in contestants.items()]
        tables.append(f"### {name}: {WORKLOADS[name].title}\n\n{table(HEAD, rows)}")
    return "\n\n".join(tables)


def _line(who: str, samples: figures.Samples, contestants: Content, workload: str) -> list[str]:
    theirs = contestants[reference(who)]
    failed = sum(each["errors"] for each in samples)
    return [
        f"{who} (**{failed} errors**)" if failed and not WORKLOADS[workload].refused else who,
        f"{figures.middle(samples, 'rps'):,.0f}",
        str(figures.ratio(samples, theirs)),
        f"{figures.middle(samples, 'cpu'):,.0f}",
        str(figures.ratio(samples, theirs, figures.cpu)),
        f"{figures.middle(samples, 'database'):,.0f}",
        f"{figures.middle(samples, 'p50'):.2f}",
        f"{figures.middle(samples, 'p99'):.2f}",
        f"{max(each['others'] for each in samples):.0%}",
    ]
