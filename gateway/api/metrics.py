"""`/metrics` in the Prometheus text format. No label holds a person or a value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as Families
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.http import problems
from gateway.http.client_address import Networks, peer_of, within
from resolvers.clients.grants import grants_backlog
from resolvers.restriction.by_staff import backlog
from resolvers.rights.register import requests_backlog
from store.database.store import Store
from store.sql.errors import StoreUnavailableError
from workers.erasure.backlog import ErasureBacklogs
from workers.keys.lacking import LackingKeys
from workers.ledger.backlog import UnsealedEntries
from workers.outbox.backlog import OutboxBacklogs

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
"""The text format that every Prometheus server reads."""
FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto")
"""Headers that only a proxy sends."""


Collector = Callable[[datetime], Awaitable[Iterable[Metric]]]
"""Reads the measurements of one kind at one moment."""


class Collected(Families):
    """Measurements that were read already: prometheus-client collects synchronously, and ours are in the store."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """The measurements."""
        yield from self._families


def gauge(name: str, meaning: str, values: Mapping[str, float] | float, label: str = "") -> Metric:
    """A gauge; with `label`, one value for each of its values."""
    if isinstance(values, Mapping):
        family = GaugeMetricFamily(f"gateway_{name}", meaning, labels=[label])
        for word, value in values.items():
            family.add_metric([word], value)
        return family
    return GaugeMetricFamily(f"gateway_{name}", meaning, value=values)


class Metrics:
    """Serves the metrics to the networks of GATEWAY_METRICS, by the peer address of the TCP connection.

    No header grants access. Forwarded requests are refused, and so are those of our own proxies: anybody might be
    behind one.
    """

    def __init__(
        self,
        collectors: Sequence[Collector],
        networks: Networks,
        clock: Callable[[], datetime],
        proxies: Networks = (),
        latencies: CollectorRegistry | None = None,
    ) -> None:
        self._collectors, self._networks, self._clock, self._proxies = collectors, networks, clock, proxies
        self._latencies = latencies

    async def __call__(self, request: Request) -> Response:
        """Every metric; Problem 404 for clients that may not see them."""
        # 404 instead of 403: strangers need not know that there are metrics here.
        if not self._allowed(request):
            raise problems.ProblemError(404, "NOT_FOUND", "There is nothing at this address.")
        now = self._clock()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collected(await self._families(now)))
        text = generate_latest(registry) + (generate_latest(self._latencies) if self._latencies else b"")
        return Response(text, headers={"cache-control": "no-store", "content-type": MEDIA})

    async def _families(self, now: datetime) -> list[Metric]:
        """Every measurement; of a store that is down those that need none, which then matter most."""
        found: list[Metric] = []
        answers = True
        for collect in self._collectors:
            try:
                found += await collect(now)
            except StoreUnavailableError:
                answers = False
                break  # Each of the others would wait for the store as long.
        return [*found, gauge("store_up", "1 if the store answered all measurements, else 0.", answers)]

    def _allowed(self, request: Request) -> bool:
        peer = peer_of(request.scope)
        if any(name in request.headers for name in FORWARDING) or within(peer, self._proxies):
            return False
        return within(peer, self._networks)


def counter(name: str, meaning: str, labels: Sequence[str], counts: Mapping[Any, float]) -> Metric:
    """A counter with a value for each combination (a tuple) of the labels' values."""
    family = CounterMetricFamily(f"gateway_{name}", meaning, labels=list(labels))
    for words, count in list(counts.items()):
        family.add_metric(words, count)
    return family


def of_executions(counts: Mapping[str, int]) -> Collector:
    """Operations by executor: the compiled plan, or graphql-core's and the reason for it; and documents by cache."""

    async def collect(_: datetime) -> Iterable[Metric]:
        documents = {(how.partition(":")[2],): n for how, n in counts.items() if how.startswith("document:")}
        carried = {(how,): n for how, n in counts.items() if not how.startswith("document:")}
        return [
            counter("operations", "Operations by the executor that carried them out.", ["how"], carried),
            counter("documents", "Documents by whether they were read anew, or remembered.", ["how"], documents),
        ]

    return collect


def of_refusals(totals: Mapping[tuple[str, str, str, str], int]) -> Collector:
    """Refusals. The labels are registered clients and names that the schema or the policy declares."""

    async def collect(_: datetime) -> Iterable[Metric]:
        labels = ["client", "purpose", "coordinate", "reason"]
        family = CounterMetricFamily(
            "gateway_refusals", "Fields and operations that clients asked for and may not have.", labels=labels
        )
        for words, count in list(totals.items()):
            family.add_metric(words, count)
        return [family]

    return collect


def of_graphql(counts: Mapping[tuple[str, str, str], int]) -> Collector:
    """GraphQL requests of clients. The labels are registered clients and names that the policy declares."""

    async def collect(_: datetime) -> Iterable[Metric]:
        meaning = "GraphQL requests by client, purpose and outcome."
        return [counter("graphql_requests", meaning, ["client", "purpose", "outcome"], counts)]

    return collect


def of_sign_ins(counts: Mapping[tuple[str, str], int]) -> Collector:
    """Sign-ins of customers by means (password, code, passkey) and verdict."""

    async def collect(_: datetime) -> Iterable[Metric]:
        return [counter("sign_ins", "Attempts to sign in by means and verdict.", ["means", "verdict"], counts)]

    return collect


def of_process(store: Store) -> Collector:
    """The load of this process: pools of connections, the cache of keys, group commits of the ledger."""

    async def collect(_: datetime) -> Iterable[Metric]:
        pools, keys, ledger = store.pools(), store.keys, store.ledger
        used: dict[str, float] = {name: slots.size - slots.free for name, slots in pools.items()}
        return [
            gauge("database_connections_used", "Connections of a pool in use.", used, "pool"),
            gauge(
                "database_connections_most", "Its most.", {name: slots.size for name, slots in pools.items()}, "pool"
            ),
            gauge(
                "database_waiting",
                "Tasks that wait for one.",
                {name: each.waiting for name, each in pools.items()},
                "pool",
            ),
            counter("key_lookups", "Keys by cache.", ["how"], {("cached",): keys.hits, ("read",): keys.misses}),
            counter("ledger_entries", "Entries of this process.", [], {(): ledger.entries}),
            counter("ledger_commits", "Commits with them: entries share one under load.", [], {(): ledger.groups}),
            gauge("ledger_withheld", "1 while nothing is recorded and answered.", ledger.withheld is not None),
        ]

    return collect


def of_erasures(store: Store) -> Collector:
    """The backlog of erasures, and whether a deadline is near or missed."""
    backlogs = ErasureBacklogs(store)

    async def collect(now: datetime) -> Iterable[Metric]:
        found = await backlogs.read(now)
        oldest = float("inf") if found.next_due is None else (found.next_due - now).total_seconds()
        return [
            gauge("erasures", "Erasures that are not over, by state.", found.states, "state"),
            gauge("erasures_overdue", "Erasures past their deadline.", found.overdue),
            gauge("erasures_alarm", "Erasures that should have been done by now.", found.alarms),
            gauge("erasure_next_deadline_seconds", "Seconds until the next deadline; below zero: missed.", oldest),
        ]

    return collect


def of_objections(store: Store) -> Collector:
    """Pending objections, and those past the month of GDPR Art. 12(3)."""

    async def collect(now: datetime) -> Iterable[Metric]:
        waiting, late = await backlog(store, now)
        return [
            gauge("objections_pending", "Objections that wait for a decision.", waiting),
            gauge("objections_overdue", "Objections past the month for an answer.", late),
        ]

    return collect


def of_requests(store: Store) -> Collector:
    """Open requests of persons, and those past their deadline (GDPR Art. 12(3))."""

    async def collect(now: datetime) -> Iterable[Metric]:
        waiting, late = await requests_backlog(store, now)
        return [
            gauge("requests_open", "Requests of persons that wait for an answer.", waiting),
            gauge("requests_overdue", "Requests of persons past their deadline.", late),
        ]

    return collect


def of_grants(store: Store) -> Collector:
    """Purposes of clients that end unless confirmed, and grants in emergencies that run or wait for their review."""

    async def collect(now: datetime) -> Iterable[Metric]:
        found = await grants_backlog(store, now)
        return [
            gauge("grants_ending", "Purposes of clients that were warned of and are about to end.", found.ending),
            gauge("emergency_grants_running", "Purposes that clients have in an emergency.", found.running),
            gauge("emergency_grants_unreviewed", "Ended emergencies that nobody reviewed.", found.unreviewed),
        ]

    return collect


def of_outbox(store: Store) -> Collector:
    """Undelivered messages by topic, the age of the oldest, and messages that were given up."""
    backlogs = OutboxBacklogs(store)

    async def collect(now: datetime) -> Iterable[Metric]:
        found = await backlogs.read()
        ages = {topic: (now - since).total_seconds() for topic, since in found.oldest.items()}
        return [
            gauge("outbox_waiting", "Messages to be delivered, by topic.", found.waiting, "topic"),
            gauge("outbox_oldest_seconds", "Seconds since the oldest of them was written.", ages, "topic"),
            gauge("outbox_dead", "Messages that were given up.", found.dead, "topic"),
        ]

    return collect


def of_ledger(store: Store) -> Collector:
    """How far the ledger's tree is behind its entries."""
    unsealed = UnsealedEntries(store)

    async def collect(_: datetime) -> Iterable[Metric]:
        return [gauge("ledger_unsealed", "Entries that are no leaf of the tree yet.", await unsealed.count())]

    return collect


def of_lacking_keys(lacking: LackingKeys) -> Collector:
    """Customers that are absent because the key store is older than the data."""

    async def collect(_: datetime) -> Iterable[Metric]:
        meaning = "The newest customers whom the key store lacks; an older copy of it makes them invisible."
        return [gauge("customers_without_key", meaning, await lacking.count())]

    return collect


def list_routes(
    store: Store,
    counts: Mapping[str, int],
    networks: Networks,
    clock: Callable[[], datetime],
    proxies: Networks = (),
    refused: Mapping[tuple[str, str, str, str], int] | None = None,
    latencies: CollectorRegistry | None = None,
    lacking: LackingKeys | None = None,
    more: Sequence[Collector] = (),
) -> list[Route]:
    """The route of the metrics; none if no network may see them. `more` needs no store."""
    if not networks:
        return []
    collectors = (
        *more,
        of_executions(counts),
        of_process(store),
        of_refusals({} if refused is None else refused),
        of_erasures(store),
        of_objections(store),
        of_requests(store),
        of_grants(store),
        of_outbox(store),
        of_ledger(store),
        of_lacking_keys(lacking or LackingKeys(store)),
    )
    metrics = Metrics(collectors, networks, clock, proxies, latencies)
    return [Route("/metrics", metrics.__call__, methods=["GET"])]
