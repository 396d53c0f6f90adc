"""One question, asked of the compiled plan and of graphql-core, on every store: the answers must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from policy.grant import Grant
from schema.api import Api, Ready, Settled
from schema.limits import Limits
from schema.requests import Kind, Request
from tests.oracle.world import NOW, World

LIMITS = Limits(cost=10**9, aliases=10**6)
"""Only the limits that keep a question finite."""


class Switched(Api):
    """The API as it is served, and a switch that leaves every operation to graphql-core."""

    standard = False

    def _ready(self, settled: Settled, variables: Mapping[str, Any]) -> Ready:
        ready = super()._ready(settled, variables)
        return replace(ready, compiled=None) if self.standard else ready


@dataclass(frozen=True)
class Answer:
    """All that an operation leaves behind."""

    kind: Kind
    body: bytes
    personal: bool
    entries: tuple[dict[str, Any], ...]
    statements: tuple[str, ...] = field(compare=False)
    how: str = field(compare=False)
    """`compiled`, or `standard:` and why; empty when nothing was executed."""

    @property
    def without_errors(self) -> bool:
        """Whether it was executed, and every field answered."""
        return self.kind is Kind.OK and b'"errors":' not in self.body


class Asking:
    """Asks one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.api = Switched(world.store, LIMITS, clock=lambda: NOW)
        self._statements: list[str] = []
        world.store.reader.listeners.append(self._statements.append)

    async def ask(self, request: Request, grant: Grant, standard: bool) -> Answer:
        """The answer, with what it wrote and read."""
        self._statements.clear()
        self.world.kept.entries.clear()
        before = Counter(self.api.counts)
        self.api.standard = standard
        outcome = await self.api.execute(request, grant)
        how = next(iter(self.api.counts - before), "")
        entries = tuple(orjson.loads(entry) for entry in self.world.kept.entries)
        for entry in entries:
            del entry["nonce"]
            entry["subjects"].sort()  # Whose data was read is one set; each executor meets them in its own order.
        return Answer(outcome.kind, outcome.body, outcome.personal, entries, tuple(self._statements), how)


@dataclass
class Tally:
    """How the operations were answered that had no error."""

    examples: int = 0
    executed: int = 0
    clean: Counter[str] = field(default_factory=Counter)

    @property
    def compiled(self) -> float:
        """The share of operations without errors that the compiled plan answered."""
        return self.clean["compiled"] / max(1, self.clean.total())

    def __str__(self) -> str:
        return f"{self.examples} examples, {self.executed} executed, without errors: {dict(self.clean)}"


async def compare(askings: list[Asking], request: Request, grant: Grant, tally: Tally) -> Answer:
    """Assert that both executors of every store agree; gives the answer."""
    first: Answer | None = None
    for asking in askings:
        compiled = await asking.ask(request, grant, standard=False)
        standard = await asking.ask(request, grant, standard=True)
        assert compiled == standard, "the executors differ"
        if compiled.how == "compiled":
            counted = len(compiled.statements), len(standard.statements)
            assert counted[0] == counted[1], f"statements differ in number: {counted}"
        assert first is None or compiled.body == first.body, "the stores differ"
        first = compiled
        tally.examples += 1
        tally.executed += bool(compiled.how)
        if compiled.how and compiled.without_errors:
            tally.clean[compiled.how] += 1
    assert first is not None
    assert first.kind is not Kind.INTERNAL and b'"INTERNAL"' not in first.body, "a defect was met"
    return first
