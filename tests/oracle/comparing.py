"""One question, asked of the compiled plan and of graphql-core, on every store: the answers must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.reads.operation import OperationContext
from schema.api.api import Api, AuthorizedOperation, PreparedOperation
from schema.documents.limits import Limits
from schema.documents.requests import Request, RequestOutcome
from schema.execution.costs import NoBudget
from schema.execution.plans import Plan
from tests.oracle.questions import Question, Questions
from tests.oracle.witness import Witness
from tests.oracle.world import NOW, World

WITHHELD = "UNAUTHORIZED_FIELD_OR_TYPE"
"""The code of errors at places of withheld fields."""
LIMITS = Limits(cost=10**9, aliases=10**6, seconds=600)
"""Only the limits that keep a question finite; a busy machine is no finding."""


class Switched(Api):
    """The API as it is served, and a switch that leaves every operation to graphql-core."""

    standard = False
    handed: Mapping[int, list[str]] = MappingProxyType({})
    """What of which domain was last read for its registry."""

    def _prepared(
        self, authorized: AuthorizedOperation, variables: Mapping[str, Any], grant: Grant
    ) -> PreparedOperation:
        prepared = super()._prepared(authorized, variables, grant)
        return replace(prepared, compiled=None) if self.standard else prepared

    async def _disclose(
        self, grant: Grant, context: OperationContext, plan: Plan, purpose: Purpose | None, now: datetime
    ) -> None:
        """Kept in mind instead of written: the world that questions are asked about stays as it is."""
        self.handed = {domain: sorted(over.shown.values()) for domain, over in context.revealed.handed.items()}


@dataclass(frozen=True)
class Answer:
    """All that an operation leaves behind."""

    kind: RequestOutcome
    body: bytes
    personal: bool
    entries: tuple[dict[str, Any], ...]
    handed: Mapping[int, list[str]]
    charged: int | None
    statements: tuple[str, ...] = field(compare=False)
    how: str = field(compare=False)
    """`compiled`, or `standard:` and why; empty when nothing was executed."""

    @property
    def without_errors(self) -> bool:
        """Whether it was executed, and every field answered."""
        return self.kind is RequestOutcome.OK and b'"errors":' not in self.body

    def with_subjects_of(self, other: Answer) -> Answer:
        """The other store's answer, with this one's pseudonyms where there are as many."""
        entries = []
        for mine, its in zip(self.entries, other.entries, strict=False):
            same = len(mine["subjects"]) == len(its["subjects"])
            entries.append({**its, "subjects": mine["subjects"]} if same else its)
        return replace(other, entries=(*entries, *other.entries[len(self.entries) :]))


class Charges(NoBudget):
    """Sets no limit, and notes what is charged."""

    wait = 0.0

    def __init__(self) -> None:
        self.read: int | None = None

    def reserve(self, client_id: str, cost: int, customer: int | None = None) -> Charges:
        """Nothing is taken."""
        return self

    def settle(self, read: int) -> None:
        """Note what was read."""
        self.read = read


class Asking:
    """Asks one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._charges = Charges()
        self.api = Switched(world.store, LIMITS, clock=lambda: NOW, budget=self._charges)
        self._statements: list[str] = []
        world.store.reader.listeners.append(self._statements.append)

    async def ask(self, request: Request, grant: Grant, standard: bool) -> Answer:
        """The answer, with what it wrote and read."""
        self._statements.clear()
        self.world.kept.entries.clear()
        before = Counter(self.api.counts)
        self.api.standard, self.api.handed, self._charges.read = standard, {}, None
        outcome = await self.api.execute(request, grant)
        how = next((each for each in self.api.counts - before if not each.startswith("document:")), "")
        entries = tuple(orjson.loads(entry) for entry in self.world.kept.entries)
        for entry in entries:
            del entry["nonce"]
            entry["subjects"].sort()  # Whose data was read is one set; each executor meets them in its own order.
        ran, handed = tuple(self._statements), self.api.handed
        return Answer(outcome.kind, outcome.body, outcome.personal, entries, handed, self._charges.read, ran, how)


def apart(one: Answer, other: Answer) -> str:
    """Where two answers part."""
    bodies = one.body, other.body
    place = next((n for n, pair in enumerate(zip(*bodies, strict=False)) if pair[0] != pair[1]), min(map(len, bodies)))
    near = slice(max(0, place - 300), place + 300)
    texts = [f"{each.kind} {each.how} {each.charged} …{each.body[near]!r}…\n{each.entries}" for each in (one, other)]
    return f"the answers differ at byte {place}:\n" + "\n".join(texts)


@dataclass
class Tally:
    """How the operations were answered that had no error."""

    examples: int = 0
    executed: int = 0
    clean: Counter[str] = field(default_factory=Counter)

    def count(self, answer: Answer) -> None:
        """One more."""
        self.executed += bool(answer.how)
        if answer.how and answer.without_errors:
            self.clean[answer.how] += 1

    @property
    def compiled(self) -> float:
        """The share of operations without errors that the compiled plan answered."""
        return self.clean["compiled"] / max(1, self.clean.total())

    def __str__(self) -> str:
        return f"{self.examples} examples, {self.executed} executed, without errors: {dict(self.clean)}"


async def compare(askings: list[Asking], request: Request, grant: Grant, tally: Tally) -> Answer:
    """Assert that graphql-core on one store, and the compiled plan on every store, agree; gives the answer.

    Each store takes its turn to have graphql-core too; across stores only pseudonyms may differ.
    """
    turn = tally.examples % len(askings)
    standard = await askings[turn].ask(request, grant, standard=True)
    for asking in askings:
        compiled = await asking.ask(request, grant, standard=False)
        expected = standard if asking is askings[turn] else compiled.with_subjects_of(standard)
        assert compiled == expected, apart(compiled, expected)
        if compiled.how == "compiled" and len(compiled.statements) != len(standard.statements):
            raise AssertionError(
                "\n".join(["more or fewer statements", *compiled.statements, "-", *standard.statements])
            )
        tally.count(compiled)
    tally.examples += 1
    assert standard.kind is not RequestOutcome.INTERNAL and b'"INTERNAL"' not in standard.body, "a defect was met"
    return standard


@dataclass
class Oracle:
    """A world in each kind of store, and what is asked of them."""

    askings: list[Asking]
    questions: Questions

    witness: Witness

    async def ask(self, question: Question, tally: Tally) -> None:
        """AssertionError when the executors differ, or the witness from both, or the question is not even valid."""
        answer = await compare(self.askings, question.request, question.grant, tally)
        assert b"GRAPHQL_" not in answer.body, f"the question itself is not valid: {answer.body!r}"
        if answer.how and "__schema" not in question.text and "__type(" not in question.text:
            await self._testify(question, answer)

    async def _testify(self, question: Question, answer: Answer) -> None:
        """Data, where errors are, and whose rows were seen."""
        result, seen, null = self.witness.answer(question.text, question.variables, question.grant)
        body = orjson.loads(answer.body)
        told, saw = orjson.dumps(body["data"]), orjson.dumps(result.data)
        assert told == saw, f"the witness saw otherwise:\n{saw!r}\ntold was\n{told!r}\n{result.errors}"
        errors = body.get("errors", ())
        # The witness has null where a field is withheld, without an error; one page of them is told.
        withheld = [each["path"] for each in errors if each["extensions"]["code"] == WITHHELD and "path" in each]
        tells = question.grant.refusal is Refusal.WITHHOLD_ERRORS
        assert withheld == (null[: question.grant.max_page] if tells else []), f"{null}\n{errors}"
        more = [each["extensions"]["more"] for each in errors if "more" in each["extensions"]]
        assert sum(more) == (len(null) - len(withheld) if tells else 0), f"{null}\n{errors}"
        paths = sorted(each.get("path", []) for each in errors if each["extensions"]["code"] != WITHHELD)
        told = null if tells else []
        expected = sorted(path for each in result.errors or () if (path := each.path or []) not in told)
        assert paths == expected, f"{result.errors}\n{errors}"
        whose = set[str]()
        for asking in self.askings:
            whose |= {key.pseudonym for key in await asking.world.store.keys.subjects(list(seen)) if key is not None}
        recorded = {subject for entry in answer.entries for subject in entry["subjects"]}
        assert recorded <= whose and len(recorded) == len(seen), f"{len(seen)} seen, {len(recorded)} recorded"

    async def differs(self, question: Question) -> bool:
        """Whether the executors part."""
        try:
            await self.ask(question, Tally())
        except AssertionError:
            return True
        return False
