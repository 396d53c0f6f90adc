"""What we promised ourselves, what was reached, and, where it was not, which part of the request says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks import figures
from benchmarks.sections import EVERYTHING, TOGETHER
from benchmarks.without import PARTS

Content = dict[str, Any]

STORES = ("SQLite", "PostgreSQL")
AHEAD = {"W1": 2.0, "W2": 2.0, "W3": 2.0, "W4": 1.0}
"""How many times as fast as the best rival each workload is to be."""
NOT_MEASURED = "not measured in this run"


@dataclass(frozen=True, slots=True)
class Row:
    """One target; `met` is None where nothing was measured."""

    what: str
    target: str
    reached: str
    met: bool | None
    why: str = ""


def table(content: Content) -> str:
    """The table of targets."""
    lines = [
        f"| {row.what} | {row.target} | {row.reached} | {MARK[row.met]} | {row.why} |"
        for row in rows(content["sections"])
    ]
    head = "## Targets\n\n| what | target | reached | | why not |\n|---|---|---|---|---|"
    return "\n".join([head, *lines])


MARK = {True: "yes", False: "**no**", None: ""}


def rows(sections: Content) -> Iterator[Row]:
    """Every target with what this run says about it."""
    rounds = sections["compare"]["rounds"] if "compare" in sections else {}
    for name in AHEAD:
        for store in STORES:
            yield _to_endpoint(name, store, rounds, sections.get("profile"))
        yield _to_rivals(name, rounds, sections.get("profile"))
    yield _refused(rounds)
    yield _statements(sections.get("profile"))
    yield _cost(sections.get("costs"))
    yield from _growth(sections.get("growth"))
    yield _memory(sections.get("memory"))
    yield _start(sections.get("start"))
    yield _erasure(sections.get("erasure"))


def _to_endpoint(name: str, store: str, rounds: Content, profile: Content | None) -> Row:
    what, target = f"{name}, {store}, requests/s", "at least 0.9× the endpoint"
    contestants = rounds.get(name, {})
    if f"gateway, {store}" not in contestants:
        return Row(what, target, NOT_MEASURED, None)
    ours, theirs = contestants[f"gateway, {store}"], contestants[f"endpoint, {store}"]
    spread, cost = figures.ratio(ours, theirs), figures.ratio(ours, theirs, figures.cpu)
    met = spread.middle >= 0.9
    reached = f"{spread}×; CPU {cost.middle:.2f}×"
    return Row(what, target, reached, met, "" if met else largest(profile, name, store))


def _to_rivals(name: str, rounds: Content, profile: Content | None) -> Row:
    what, target = f"{name}, SQLite and PostgreSQL, requests/s", f"at least {AHEAD[name]:.0f}× the best rival"
    contestants = rounds.get(name, {})
    rivals = {who: samples for who, samples in contestants.items() if not who.startswith(("gateway", "endpoint"))}
    if not rivals:
        return Row(what, target, f"{NOT_MEASURED} (`--rivals`)", None)
    best = max(rivals, key=lambda who: figures.middle(rivals[who], "rps"))
    found = {
        store: figures.ratio(contestants[f"gateway, {store}"], rivals[best])
        for store in STORES
        if f"gateway, {store}" in contestants
    }
    reached = "; ".join(f"{store} {spread}×" for store, spread in found.items())
    met = all(each.middle >= AHEAD[name] for each in found.values())
    why = "" if met else f"rivals read plain columns and write no ledger; here {largest(profile, name, STORES[0])}"
    return Row(what, target, f"{reached} of {best}", met, why)


def largest(profile: Content | None, name: str, store: str, count: int = 3) -> str:
    """The largest parts of a request, as the reason why it is not faster."""
    try:
        us = profile["parts"][store][name]["us"] if profile else {}
    except KeyError:
        us = {}
    parts = sorted(us.items(), key=lambda part: -part[1])[:count]
    return "; ".join(f"{part}: {time:,.0f} µs" for part, time in parts)


def _refused(rounds: Content) -> Row:
    what, target = "refused operation (W5), CPU", "cheaper than any allowed one"
    found = {}
    for store in STORES:
        who = f"gateway, {store}"
        if "W5" in rounds and "W1" in rounds and who in rounds["W5"]:
            found[store] = figures.ratio(rounds["W5"][who], rounds["W1"][who], figures.cpu)
    if not found:
        return Row(what, target, NOT_MEASURED, None)
    reached = "; ".join(f"{store} {spread}× W1" for store, spread in found.items())
    return Row(what, target, reached, all(each.middle < 1 for each in found.values()))


def _statements(profile: Content | None) -> Row:
    what, target = "statements of an operation", "one a level of the plan; none when refused"
    if not profile:
        return Row(what, target, NOT_MEASURED, None)
    counts = profile["statements"]
    reached = ", ".join(f"{name} {count}" for name, count in counts.items())
    return Row(what, target, reached, counts == {"W1": 3, "W2": 2, "W3": 1, "W5": 0})


def _cost(costs: Content | None) -> Row:
    what, target = "purposes, ledger and sealing on a point read", "under 15% of the request"
    if not costs:
        return Row(what, target, NOT_MEASURED, None)
    rounds = costs["rounds"]["W1"]
    whole = rounds[EVERYTHING]
    share = figures.saving(rounds[TOGETHER], whole)
    met = share.middle < 0.15
    parts = [f"{part} {figures.saving(rounds[f'without {part}'], whole).middle:.0%}" for part in PARTS]
    reached = f"{share.middle:.0%} ({share.least:.0%} to {share.most:.0%}) of the CPU time"
    return Row(what, target, reached, met, "" if met else ", ".join(parts))


def _growth(growth: Content | None) -> Iterator[Row]:
    what, target = "growth of CPU for a request", "within 10% from the smallest to the largest store"
    if not growth:
        yield Row(what, target, NOT_MEASURED, None)
        return
    first, last = growth["sizes"][0], growth["sizes"][-1]
    for name, contestants in growth["rounds"].items():
        found = {
            who: figures.ratio(contestants[f"{who}, {last}"], contestants[f"{who}, {first}"], figures.cpu)
            for store in STORES
            for who in (f"gateway, {store}", f"endpoint, {store}")
            if f"{who}, {first}" in contestants
        }
        ours = {who: spread for who, spread in found.items() if who.startswith("gateway")}
        reached = "; ".join(f"{who} {spread.middle:.2f}×" for who, spread in found.items())
        met = all(spread.middle <= 1.1 for spread in ours.values())
        why = "" if met else "keys of customers who are not in memory are fetched and unwrapped again"
        yield Row(f"{name}, {what}, {first:,} to {last:,} customers", target, reached, met, why)


def _memory(memory: Content | None) -> Row:
    what, target = "memory of a process under load", "flat"
    if not memory:
        return Row(what, target, NOT_MEASURED, None)
    readings = [mib for _, mib in memory["readings"]]
    early, late = readings[len(readings) // 4], readings[-1]
    reached = f"{early:,.0f} MiB after a quarter of {memory['seconds']:,.0f} s, {late:,.0f} MiB at the end"
    return Row(what, target, reached, late <= early * 1.1)


def _start(start: Content | None) -> Row:
    what, target = "start of the server to the first answer", "under 2 s"
    if not start:
        return Row(what, target, NOT_MEASURED, None)
    spread = figures.Spread.of(start["seconds"])
    return Row(what, target, f"{spread} s", spread.middle < 2)


def _erasure(found: Content | None) -> Row:
    what, target = "erasure", "1,000 due erasures a minute, nothing lost"
    if not found:
        return Row(what, target, NOT_MEASURED, None)
    reached = "; ".join(
        f"{run['store']} {run['per_minute']:,.0f} with {run['workers']} worker{'s' * (run['workers'] > 1)}"
        for run in found["runs"]
    )
    return Row(what, target, reached, all(run["per_minute"] >= 1_000 for run in found["runs"]))
