"""`/metrics` in Prometheus' text form: how the gateway fares. No label names a person or a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.http import problems
from gateway.http.client_address import Networks, peer_of, within
from gateway.requests.restrictions import backlog
from store.database.store import Store
from store.ledger.tree_tables import ledger_pending
from store.sql.metadata import instant
from store.tables.erasures import STANDING_STATES, erasures
from store.tables.outbox import outbox

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto")
"""What only a proxy writes."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurement, with its values by label."""

    name: str
    kind: str
    """`counter` or `gauge`."""
    meaning: str
    values: Mapping[str, float]
    """By the label's text, such as `state="ARMED"`; the empty text for a value without labels."""

    def lines(self) -> Iterable[str]:
        """The metric as Prometheus reads it."""
        yield f"# HELP gateway_{self.name} {self.meaning}"
        yield f"# TYPE gateway_{self.name} {self.kind}"
        for label, value in sorted(self.values.items()):
            yield f"gateway_{self.name}{{{label}}} {value:g}" if label else f"gateway_{self.name} {value:g}"


Collector = Callable[[datetime], Awaitable[Iterable[Metric]]]


class Metrics:
    """Answers to the networks that the settings name, by the address at the other end of the connection itself.

    No header opens it. What says that it was forwarded is refused, and so is every proxy of ours: through one, anybody
    might be asking.
    """

    def __init__(
        self,
        collectors: Sequence[Collector],
        networks: Networks,
        clock: Callable[[], datetime],
        proxies: Networks = (),
    ) -> None:
        self._collectors, self._networks, self._clock, self._proxies = collectors, networks, clock, proxies

    async def __call__(self, request: Request) -> Response:
        """Every metric; Problem 404 for who may not see them."""
        if not self._allowed(request):
            raise problems.ProblemError(404, "NOT_FOUND", "There is nothing at this address.")
        now = self._clock()
        lines = [line for collect in self._collectors for each in await collect(now) for line in each.lines()]
        return PlainTextResponse("\n".join(lines) + "\n", media_type=MEDIA, headers={"cache-control": "no-store"})

    def _allowed(self, request: Request) -> bool:
        peer = peer_of(request.scope)
        if any(name in request.headers for name in FORWARDING) or within(peer, self._proxies):
            return False
        return within(peer, self._networks)


def of_executions(counts: Mapping[str, int]) -> Collector:
    """How operations were carried out: by a compiled plan, or by the standard executor and why."""

    async def collect(_: datetime) -> Iterable[Metric]:
        values: dict[str, float] = {f'how="{how.replace(chr(34), "")}"': count for how, count in counts.items()}
        return [Metric("operations_total", "counter", "Operations by what carried them out.", values)]

    return collect


def of_refusals(totals: Mapping[tuple[str, str, str, str], int]) -> Collector:
    """What was refused. The labels are registered clients and names that the schema or the policy declares."""

    names = ("client", "purpose", "coordinate", "reason")

    async def collect(_: datetime) -> Iterable[Metric]:
        values: dict[str, float] = {
            ",".join(f'{name}="{word}"' for name, word in zip(names, words, strict=True)): count
            for words, count in list(totals.items())
        }
        return [Metric("refusals_total", "counter", "What clients asked for and may not have.", values)]

    return collect


def of_erasures(store: Store) -> Collector:
    """The backlog of erasures, and whether a deadline is near or missed."""
    standing = store.reader.prepare(
        select(erasures.c.state, erasures.c.due_at, erasures.c.alarm_at).where(erasures.c.state.in_(STANDING_STATES))
    )

    async def collect(now: datetime) -> Iterable[Metric]:
        rows = await store.reader.fetch(standing, {})
        states: dict[str, float] = {f'state="{state}"': 0 for state in STANDING_STATES}
        for state, _, _ in rows:
            states[f'state="{state}"'] += 1
        dues = [instant(due) for _, due, _ in rows if due is not None]
        alarms = sum(alarm is not None and instant(alarm) <= now for _, _, alarm in rows)
        oldest = min((due - now).total_seconds() for due in dues) if dues else float("inf")
        return [
            Metric("erasures", "gauge", "Erasures that are not over, by state.", states),
            Metric("erasures_overdue", "gauge", "Erasures past their deadline.", {"": sum(due < now for due in dues)}),
            Metric("erasures_alarm", "gauge", "Erasures that should have been done by now.", {"": alarms}),
            Metric(
                "erasure_next_deadline_seconds", "gauge", "Until the next deadline; below zero: missed.", {"": oldest}
            ),
        ]

    return collect


def of_objections(store: Store) -> Collector:
    """Objections that wait for a decision, and whether the month of GDPR Art. 12(3) is over for one."""

    async def collect(now: datetime) -> Iterable[Metric]:
        waiting, late = await backlog(store, now)
        return [
            Metric("objections_pending", "gauge", "Objections that wait for a decision.", {"": waiting}),
            Metric("objections_overdue", "gauge", "Objections past the month for an answer.", {"": late}),
        ]

    return collect


def of_outbox(store: Store) -> Collector:
    """What waits to be delivered, for how long, and what was given up."""
    waiting = (outbox.c.delivered_at.is_(None), outbox.c.dead_at.is_(None), outbox.c.next_attempt_at.is_not(None))
    columns = select(outbox.c.topic, func.count(), func.min(outbox.c.created_at))
    backlog = store.reader.prepare(columns.where(*waiting).group_by(outbox.c.topic))
    dead = store.reader.prepare(
        select(outbox.c.topic, func.count()).where(outbox.c.dead_at.is_not(None)).group_by(outbox.c.topic)
    )

    async def collect(now: datetime) -> Iterable[Metric]:
        rows = await store.reader.fetch(backlog, {})
        given_up = await store.reader.fetch(dead, {})
        counts: dict[str, float] = {f'topic="{topic}"': count for topic, count, _ in rows}
        ages = {f'topic="{topic}"': (now - instant(since)).total_seconds() for topic, _, since in rows}
        lost: dict[str, float] = {f'topic="{topic}"': count for topic, count in given_up}
        return [
            Metric("outbox_waiting", "gauge", "Messages to be delivered.", counts),
            Metric("outbox_oldest_seconds", "gauge", "Age of the oldest of them.", ages),
            Metric("outbox_dead", "gauge", "Messages that were given up.", lost),
        ]

    return collect


def of_ledger(store: Store) -> Collector:
    """How far the ledger's tree is behind its entries."""
    behind = store.ledger_reader.prepare(select(func.count()).select_from(ledger_pending))

    async def collect(_: datetime) -> Iterable[Metric]:
        ((count,),) = await store.ledger_reader.fetch(behind, {})
        return [Metric("ledger_unsealed", "gauge", "Entries that are no leaf of the tree yet.", {"": count})]

    return collect


def list_routes(
    store: Store,
    counts: Mapping[str, int],
    networks: Networks,
    clock: Callable[[], datetime],
    proxies: Networks = (),
    refused: Mapping[tuple[str, str, str, str], int] | None = None,
) -> list[Route]:
    """The address of the metrics; none when no network may see them."""
    if not networks:
        return []
    collectors = (
        of_executions(counts),
        of_refusals({} if refused is None else refused),
        of_erasures(store),
        of_objections(store),
        of_outbox(store),
        of_ledger(store),
    )
    return [Route("/metrics", Metrics(collectors, networks, clock, proxies).__call__, methods=["GET"])]
