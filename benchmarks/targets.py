"""Each target with the figure that this run reached; no run, no figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import figures

Content = dict[str, Any]

STORES = ("SQLite", "PostgreSQL")
ENDPOINT = {"W1": (0.85, 1.3), "W2": (0.48, 0.55), "W3": (0.36, 0.40), "W4": (1.1, 0.6)}
"""By workload: how many times the hand-written endpoint's CPU efficiency, on SQLite and on PostgreSQL."""
DUTIFUL = {"W1": (1.4, 2.0), "W2": (1.6, 1.5), "W3": (2.0, 1.7), "W4": (1.4, 0.85)}
"""The same beside the hand-written endpoint with duties."""
MERCURIUS = {"W1": 3.0, "W2": 4.5, "W3": 5.0, "W4": 1.2}
"""The same beside mercurius with duties, on PostgreSQL."""
TAILS = {("W1", 1_000): 6.0, ("W2", 300): 12.0}
"""The p99 on SQLite in milliseconds, by workload and requests a second."""
RIVALS = {"W1": 1.5, "W2": 1.2, "W3": 0.6, "W4": 1.0}
"""By workload: how many times the requests a second of the best rival without duties, on PostgreSQL."""
GROWTH, ERASURES, START, SCALE = 1.15, 1_500, 1.5, 1.7
NOT_MEASURED = "not measured in this run"
MARK = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One target; `met` is None where nothing was measured."""

    what: str
    target: str
    reached: str = NOT_MEASURED
    met: bool | None = None


def table(content: Content) -> str:
    """The table of targets."""
    lines = [f"| {row.what} | {row.target} | {row.reached} | {MARK[row.met]} |" for row in rows(content["sections"])]
    return "\n".join(["## Targets\n\n| what | target | reached | |\n|---|---|---|---|", *lines])


def rows(sections: Content) -> Iterator[Row]:
    """Every target with this run's figure."""
    rounds = sections.get("compare", {}).get("rounds", {})
    for name, targets in ENDPOINT.items():
        for store, target in zip(STORES, targets, strict=True):
            yield _to_endpoint(name, store, target, rounds.get(name, {}))
        for store, target in zip(STORES, DUTIFUL[name], strict=True):
            yield _to_endpoint(name, store, target, rounds.get(name, {}), f"endpoint with duties, {store}")
        yield _to_endpoint(name, "PostgreSQL", MERCURIUS[name], rounds.get(name, {}), "mercurius with duties")
        yield _to_rivals(name, rounds.get(name, {}))
    yield from _tails(sections.get("tails"))
    yield _refused(rounds)
    yield _statements(sections.get("profile"))
    yield from _growth(sections.get("growth"))
    yield _scale(rounds, sections.get("two"))
    yield _memory(sections.get("memory"))
    yield _start(sections.get("start"))
    yield _erasure(sections.get("erasure"))


def _to_endpoint(name: str, store: str, target: float, contestants: Content, whose: str = "") -> Row:
    whose = whose or f"endpoint, {store}"
    row = Row(f"{name}, {store}, CPU of {whose.removesuffix(f', {store}')} to the gateway's", f"at least {target:g}")
    if f"gateway, {store}" not in contestants or whose not in contestants:
        return row
    spread = figures.ratio(contestants[whose], contestants[f"gateway, {store}"], figures.cpu)
    return Row(row.what, row.target, str(spread), spread.middle >= target)


def _to_rivals(name: str, contestants: Content) -> Row:
    row = Row(f"{name}, PostgreSQL, requests/s to the best rival's", f"at least {RIVALS[name]:g}")
    ours = ("gateway", "endpoint", "mercurius with duties")
    rivals = {who: samples for who, samples in contestants.items() if not who.startswith(ours)}
    if not rivals or "gateway, PostgreSQL" not in contestants:
        return Row(row.what, row.target, f"{NOT_MEASURED} (`--rivals`)")
    best = max(rivals, key=lambda who: figures.middle(rivals[who], "rps"))
    spread = figures.ratio(contestants["gateway, PostgreSQL"], rivals[best])
    return Row(row.what, row.target, f"{spread} of {best}", spread.middle >= RIVALS[name])


def _tails(found: Content | None) -> Iterator[Row]:
    for (workload, rate), most in TAILS.items():
        row = Row(f"{workload}, SQLite, p99 at {rate:,}/s", f"at most {most:g} ms")
        said = [
            each["p99"] for each in (found or {}).get("tails", ())
            if (each["who"], each["workload"], each["rate"]) == ("gateway, SQLite", workload, rate)
        ]  # fmt: skip
        yield Row(row.what, row.target, f"{said[0]:.1f} ms", said[0] <= most) if said else row


def _refused(rounds: Content) -> Row:
    row = Row("refused operation (W5), CPU", "less than W1")
    found = {
        store: figures.ratio(rounds["W5"][who], rounds["W1"][who], figures.cpu)
        for store in STORES
        if (who := f"gateway, {store}") in rounds.get("W5", {}) and who in rounds.get("W1", {})
    }
    if not found:
        return row
    reached = "; ".join(f"{store} {spread}× W1" for store, spread in found.items())
    return Row(row.what, row.target, reached, all(each.middle < 1 for each in found.values()))


def _statements(profile: Content | None) -> Row:
    row = Row("statements of an operation", "one a level of the plan; none when refused")
    if not profile:
        return row
    counts = profile["statements"]
    reached = ", ".join(f"{name} {count}" for name, count in counts.items())
    return Row(row.what, row.target, reached, counts == {"W1": 3, "W2": 2, "W3": 1, "W5": 0})


def _growth(growth: Content | None) -> Iterator[Row]:
    what, target = "growth of CPU for a request", f"at most {GROWTH:g}×"
    if not growth:
        yield Row(what, target)
        return
    first, last = growth["sizes"][0], growth["sizes"][-1]
    for name, contestants in growth["rounds"].items():
        found = {
            who: figures.ratio(contestants[f"{who}, {last}"], contestants[f"{who}, {first}"], figures.cpu)
            for store in STORES
            for who in (f"gateway, {store}", f"endpoint, {store}")
            if f"{who}, {first}" in contestants
        }
        reached = "; ".join(f"{who} {spread.middle:.2f}×" for who, spread in found.items())
        met = all(spread.middle <= GROWTH for who, spread in found.items() if who.startswith("gateway"))
        yield Row(f"{name}, {what}, {first:,} to {last:,} customers", target, reached, met)


def _scale(rounds: Content, two: Content | None) -> Row:
    row = Row("W1, PostgreSQL, two processes to one", f"at least {SCALE:g}×")
    who = "gateway, PostgreSQL"
    if not two or who not in two["rounds"].get("W1", {}) or who not in rounds.get("W1", {}):
        return row
    times = figures.middle(two["rounds"]["W1"][who], "rps") / figures.middle(rounds["W1"][who], "rps")
    return Row(row.what, row.target, f"{times:.2f}×", times >= SCALE)


def _memory(memory: Content | None) -> Row:
    row = Row("memory of a process under load", "flat")
    if not memory:
        return row
    readings = [mib for _, mib in memory["readings"]]
    early, late = readings[len(readings) // 4], readings[-1]
    reached = f"{early:,.0f} MiB after a quarter of {memory['seconds']:,.0f} s, {late:,.0f} MiB at the end"
    return Row(row.what, row.target, reached, late <= early * 1.1)


def _start(start: Content | None) -> Row:
    row = Row("start of the server to the first answer", f"under {START:g} s")
    if not start:
        return row
    spread = figures.Spread.of(start["seconds"])
    return Row(row.what, row.target, f"{spread} s", spread.middle < START)


def _erasure(found: Content | None) -> Row:
    row = Row("erasure", f"{ERASURES:,} due erasures a minute with one worker")
    if not found:
        return row
    reached = "; ".join(
        f"{run['store']} {run['per_minute']:,.0f} with {run['workers']} worker{'s' * (run['workers'] > 1)}"
        for run in found["runs"]
    )
    met = all(run["per_minute"] >= ERASURES for run in found["runs"] if run["workers"] == 1)
    return Row(row.what, row.target, reached, met)
