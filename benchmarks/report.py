"""The page `docs/performance.md`, written from what was measured and from nothing else."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks import figures, targets
from benchmarks.questions import WORKLOADS
from benchmarks.rig import WARM
from benchmarks.tables import COLUMNS, contest, table

Content = dict[str, Any]

INTRODUCTION = """# Performance

Written by `make bench`; do not edit. Figures of requests a second hold for this machine only: look at the ratios.
Everybody is measured in interleaved rounds of one run, over loopback, from 16 connections that each ask again when
they have their answer. A ratio is taken within each round; the middle one is given, with the least and the most."""

FIELDS = """## What is asked

| | what | fields |
|---|---|---|
{rows}

The gateway verifies an access token (ES256, remembered until it expires), finds the one purpose, decides, reads only
the columns that are asked for, opens what is sealed with the key of each customer, writes a ledger entry that is
durable before the answer leaves, answers, and signs the ledger meanwhile; only a client's budget is set out of reach.
The hand-written endpoint (`benchmarks/rest.py`) reads the same customers from plain columns and answers with the same
fields: no token, no purpose, no ledger. That the answers are equal is checked before anything is measured. Documents
are sent in full (ad hoc), as the rivals get them. The update (W4) writes another phone number each time, so that
everybody has a changed page to make durable.

*With duties* are the endpoint (`benchmarks/duties.py`) and a GraphQL server of Node.js, mercurius with its JIT
(`benchmarks/node/duties.mjs`), on the gateway's own sealed columns: a token, a purpose for each field, values opened
under the key of each customer, and a durable audit row with the pseudonyms before the answer. They have no index of
subjects, no tree of hashes, no limits, and keep no history of an update.

The fields differ from those of the rivals, because here no purpose reads everything: the point read (W1) is done by
customers with tokens of their own (SELF_SERVICE), {staff} different customers in turn, and has `productNews` where the
rivals have `birthDate`; the pages (W2, W3) are read for INVOICING, and have `customerNumber` where the rivals have
`phone`. Rivals read plain columns. Here names, numbers, addresses and whatever else identifies a person are sealed."""


def page(content: Content) -> str:
    """The whole page."""
    sections: Content = content["sections"]
    parts = [INTRODUCTION, _how(content), targets.table(content)]
    parts.append(_asked())
    writers = {
        "compare": _compare, "tails": _tails, "two": _two, "growth": _growth, "profile": _profile,
        "memory": _memory, "start": _start,
        "erasure": _erasure,
    }  # fmt: skip
    parts += [write(sections[name]) for name, write in writers.items() if name in sections]
    parts.append(_machine(content))
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def _how(content: Content) -> str:
    run = content["run"]
    if run["effort"] == "full":
        return ""
    return (
        "**This is a glance** (`--quick`): one round of a second each on small stores. It shows that everything works; "
        "its figures are not to be quoted."
    )


def _asked() -> str:
    rows = "\n".join(f"| {each.name} | {each.title} | `{each.document}` |" for each in WORKLOADS.values())
    return FIELDS.format(rows=rows, staff=f"{WARM['W1']:,}")


def _compare(found: Content) -> str:
    return (
        f"## One process each, {found['size']:,} customers\n\nServers are kept on one core; PostgreSQL and the load "
        f"generator on the other. {COLUMNS}\n\n{contest(found['rounds'])}"
        f"\n\n## The same with 64 connections\n\n{contest(found.get('many', {}))}"
    )


def _tails(found: Content) -> str:
    rows = [
        [each["who"], each["workload"], f"{each['rate']:,}", *(f"{each[name]:.1f}" for name in ("p50", "p99", "most"))]
        for each in found["tails"]
    ]
    head = ("", "", "requests/s", "p50, ms", "p99, ms", "most, ms")
    return (
        "## Latency at a fixed rate\n\nQuestions are sent when they are due, whether answers have come or not (open "
        "loop), over 64 connections; latency counts from when each was due. A pause of the server, or of the machine, "
        f"delays everybody who comes meanwhile.\n\n{table(head, rows)}"
    )


def _two(found: Content) -> str:
    return (
        f"## Two processes each, {found['size']:,} customers\n\nTwo processes behind one port (SO_REUSEPORT; the "
        "rivals: node:cluster), nobody kept on a core: the load generator competes with them.\n\n"
        f"{contest(found['rounds'])}"
    )


def _growth(found: Content) -> str:
    first, *_ = found["sizes"]
    tables = []
    for name, contestants in found["rounds"].items():
        rows = []
        for who, samples in contestants.items():
            reference = contestants[f"{who.rpartition(', ')[0]}, {first}"]
            shown = str(figures.ratio(samples, reference, figures.cpu))
            rows.append([who, f"{figures.middle(samples, 'rps'):,.0f}", f"{_whole_cpu(samples):,.0f}", shown])
        head = ("", "requests/s", "CPU and database, µs", f"to {first:,} customers")
        tables.append(f"### {name}: {WORKLOADS[name].title}\n\n{table(head, rows)}")
    text = (
        "## Growth with the number of customers\n\nQuestions are about customers anywhere in the store, asked once "
        "each: so of a large store's customers nearly everyone's key has to be fetched and unwrapped again (100,000 "
        "keys stay in memory, for a minute each), as it is when each customer is read now and then.\n\n"
    )
    return text + "\n\n".join(tables)


def _whole_cpu(samples: figures.Samples) -> float:
    return median(figures.cpu(each) for each in samples)


def _profile(found: Content) -> str:
    parts = [
        f"## The cost of a request\n\nMicroseconds on the CPU for one request on SQLite ({found['size']:,} customers), "
        "by cProfile in the real process under load, which makes small functions look more expensive than they are: "
        "read the shares. Each room and library is without what it calls. Threads beside the event loop, which make "
        "the ledger durable, are not in here."
    ]
    for name, rooms in found["rooms"].items():
        whole = max(sum(rooms.values()), 1e-9)
        rows = [[f"`{room}`", f"{us:,.0f}", f"{us / whole:.0%}"] for room, us in rooms.items()]
        parts.append(f"### {name} by room\n\n{table(('', 'µs', 'share'), rows)}")
    for name, functions in found["functions"].items():
        rows = [[f"`{row['name']}`, {row['where']}", f"{row['calls']:,.1f}", f"{row['us']:,.1f}"] for row in functions]
        parts.append(
            f"### The functions of {name} with the most time of their own\n\n{table(('', 'calls', 'µs'), rows)}"
        )
    counts = ", ".join(f"{name} {count}" for name, count in found["statements"].items())
    parts.append(f"Statements against the customers' data, once planned: {counts} (W5 is refused).")
    return "\n\n".join(parts)


def _memory(found: Content) -> str:
    readings = found["readings"]
    places = [round(share * (len(readings) - 1)) for share in (0, 0.1, 0.25, 0.5, 0.75, 1)]
    rows = [[f"{readings[place][0]:,.0f} s", f"{readings[place][1]:,.0f}"] for place in dict.fromkeys(places)]
    text = (
        f"## Memory under load\n\nOne process on SQLite, W1, W2, W3 and W5 mixed, {found['requests']:,} requests in "
        f"{found['seconds']:,.0f} seconds ({found['errors']} errors). Memory that no file backs.\n\n"
    )
    return text + table(("after", "MiB"), rows)


def _start(found: Content) -> str:
    spread = figures.Spread.of(found["seconds"])
    return f"## Start\n\nFrom starting `gateway serve` to its first answered query: {spread} seconds."


def _erasure(found: Content) -> str:
    rows = [[run["store"], str(run["workers"]), f"{run['per_minute']:,.0f}"] for run in found["runs"]]
    return (
        f"## Erasure\n\n{found['count']:,} of {found['size']:,} customers are due. Real `gateway worker` processes "
        "start, look at everybody, and carry out every step of each case: tokens, recipients, key, rows, files, the "
        f"signed certificate, its entry in the ledger.\n\n{table(('store', 'workers', 'erasures a minute'), rows)}"
    )


def _machine(content: Content) -> str:
    facts = dict(content.get("machine", {})) | content.get("versions", {})
    rows = [[name, value] for name, value in facts.items()]
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"## The machine\n\n| | |\n|---|---|\n{lines}"
