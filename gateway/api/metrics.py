"""`/metrics` in Prometheus' text form: how the gateway fares. No label names a person or a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.http import problems
from gateway.http.client_address import Networks, peer_of, within
from resolvers.restriction.by_staff import backlog
from store.database.store import Store
from workers.erasure.backlog import ErasureBacklogs
from workers.ledger.backlog import UnsealedEntries
from workers.outbox.backlog import OutboxBacklogs

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
    backlogs = ErasureBacklogs(store)

    async def collect(now: datetime) -> Iterable[Metric]:
        found = await backlogs.read(now)
        states: dict[str, float] = {f'state="{state}"': count for state, count in found.states.items()}
        oldest = float("inf") if found.next_due is None else (found.next_due - now).total_seconds()
        return [
            Metric("erasures", "gauge", "Erasures that are not over, by state.", states),
            Metric("erasures_overdue", "gauge", "Erasures past their deadline.", {"": found.overdue}),
            Metric("erasures_alarm", "gauge", "Erasures that should have been done by now.", {"": found.alarms}),
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
    backlogs = OutboxBacklogs(store)

    async def collect(now: datetime) -> Iterable[Metric]:
        found = await backlogs.read()
        counts: dict[str, float] = {f'topic="{topic}"': count for topic, count in found.waiting.items()}
        ages = {f'topic="{topic}"': (now - since).total_seconds() for topic, since in found.oldest.items()}
        lost: dict[str, float] = {f'topic="{topic}"': count for topic, count in found.dead.items()}
        return [
            Metric("outbox_waiting", "gauge", "Messages to be delivered.", counts),
            Metric("outbox_oldest_seconds", "gauge", "Age of the oldest of them.", ages),
            Metric("outbox_dead", "gauge", "Messages that were given up.", lost),
        ]

    return collect


def of_ledger(store: Store) -> Collector:
    """How far the ledger's tree is behind its entries."""
    unsealed = UnsealedEntries(store)

    async def collect(_: datetime) -> Iterable[Metric]:
        values = {"": float(await unsealed.count())}
        return [Metric("ledger_unsealed", "gauge", "Entries that are no leaf of the tree yet.", values)]

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
