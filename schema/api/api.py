"""The API: from a request and a grant to an answer, in the order in which nothing can leak."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from graphql import GraphQLError, GraphQLSchema

from policy.grant import Grant, Over
from policy.purposes import Purpose
from policy.references import References
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import FRESH, SKEW, SignInDependencies
from resolvers.disclosures.partners import disclose_to_partner
from resolvers.disclosures.registries import disclose_to_registries
from resolvers.events.references import REFERENCES
from resolvers.reads.documents import Trusted, TrustedDocuments
from resolvers.reads.guard import CustomerLimitError, Judge
from resolvers.reads.operation import OperationContext
from resolvers.reads.recording import read_entry
from schema.api.build import core_schema
from schema.core.errors import ErrorCode, ResponseError, from_core
from schema.core.sources import Command
from schema.decision.decision import Decision, decide_operation
from schema.decision.purposes import Chosen, choose, stated
from schema.decision.secrets import written_out
from schema.decision.urls import PersonalInUrl
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.documents.memory import MOST, PLACE, PLAN, SETTLED, DocumentMemory, RememberedDocument
from schema.documents.requests import Outcome, Request, RequestOutcome, failed
from schema.execution import answers
from schema.execution.compiling import Compiled, compiled_or_none
from schema.execution.costs import Budget, Estimate, NoBudget, NoTally, NoWatch, RefusalCounter, Watch, estimate_of
from schema.execution.planning import make_plan
from schema.execution.plans import Plan
from schema.execution.standard import ResolverContext, attach, execute_plan
from schema.model.lint import require_clean
from schema.model.model import SchemaModel
from store.database.store import Store
from store.sql.errors import StoreUnavailableError

NEW_TEXT, NEW_PLAN = 2.0, 0.5
"""Objects of the client's budget that each character of a document costs which is not known yet: to be parsed,
validated, decided and planned; and to be planned once more, for other values of its switches."""

NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)
class AuthorizedOperation:
    """An operation that may run, with its purpose: what does not change from one request to the next."""

    operation: Operation
    chosen: Chosen
    decision: Decision
    known: RememberedDocument
    """Where what is worked out for it is remembered."""


class BudgetSpentError(Exception):
    """The client has nothing left for what it asks to have worked out; nothing was read."""

    def __init__(self, wait: float, cost: int) -> None:
        super().__init__("the budget is spent")
        self.wait, self.cost = wait, cost


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """A plan with everything that is derived from it."""

    plan: Plan
    compiled: Compiled | None
    estimate: Estimate
    fields: orjson.Fragment
    """The plan's coordinates as they stand in the ledger."""
    sensitive: tuple[str, ...] = ()
    """The commands that need a fresh sign-in."""


@cache
def _served(core: GraphQLSchema) -> SchemaModel:
    """The model of a schema that is safe to serve, its resolvers attached; SchemaError otherwise.

    Once for each schema: it depends on nothing else, and takes longer than all the rest of an `Api`.
    """
    model = SchemaModel(core)
    require_clean(model)
    attach(model)
    return model


class Api:
    """One for each process. It refuses to be made over a schema that is not safe to serve (G9)."""

    def __init__(
        self,
        store: Store,
        limits: Limits | None = None,
        *,
        clock: Callable[[], datetime],
        budget: Budget | None = None,
        means: SignInDependencies | None = None,
        watch: Watch | None = None,
        references: References = REFERENCES,
        tally: RefusalCounter | None = None,
        memory: int = MOST,
    ) -> None:
        self.model = _served(core_schema())
        self.store, self.clock, self.limits = store, clock, limits or Limits()
        self.counts: Counter[str] = Counter()
        """How operations were executed: `compiled`, or `standard:` and why."""
        self.means = means or SignInDependencies()
        self._budget: Budget = budget or NoBudget()
        self._watch: Watch = watch or NoWatch()
        self._references = references
        self._tally: RefusalCounter = tally or NoTally()
        self._documents = Documents(self.model.core, self.limits)
        self._trusted = TrustedDocuments(store.reader)
        self._in_url = PersonalInUrl(self.model)
        self._memory = DocumentMemory(memory)

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """Answer a request; never raises.

        Steps: 1. the document, trusted or not; 2. one operation of it; 3. one purpose; 4. the decision; 5. the
        variables; 6. the plan; 7. its cost; 8. execution; 9. the ledger entry, durable; 10. the answer.
        What steps 1 to 4 and 6 find is remembered. What was refused is counted, in memory (G17).
        """
        outcome = await self._executed(request, grant)
        if outcome.denials:
            self._tally.note(grant.client_id, outcome.denials)
        return outcome

    async def _executed(self, request: Request, grant: Grant) -> Outcome:
        changing = False
        try:
            async with asyncio.timeout(self.limits.seconds):
                settled = await self._settle(request, grant)
                if isinstance(settled, Outcome):
                    return settled
                changing = settled.operation.is_mutation
                return await self._answer(settled, request, grant)
        except BudgetSpentError as spent:
            return answers.throttled(spent.wait, spent.cost)
        except StoreUnavailableError as error:
            return answers.unavailable(error, changing)
        except TimeoutError:
            return answers.timed_out(self.limits.seconds)
        except Exception as error:  # noqa: BLE001  (the last line of defence: whatever it is, nothing of it is shown)
            return failed(RequestOutcome.INTERNAL, [answers.internal(error)])

    async def _settle(self, request: Request, grant: Grant) -> AuthorizedOperation | Outcome:
        text = await self._text(request, grant)  # 1
        if isinstance(text, Outcome):
            return text
        known = self._memory.get(text.text, text.registered) or self._read(text, grant)
        if request.reference is not None or _dry(request):
            return self._settle_anew(known, text, request, grant, None)
        key = (text.purpose, request.operation_name, request.purpose, request.read_only, grant.fingerprint)
        found: AuthorizedOperation | Outcome | None = known.settled.get(key)
        return found or self._settle_anew(known, text, request, grant, key)

    def _read(self, text: Trusted, grant: Grant) -> RememberedDocument:
        """Parse, measure and validate what is new; BudgetSpentError where nobody registered it and it is not paid."""
        if not text.registered:
            self._charge(grant, NEW_TEXT * min(len(text.text), self.limits.characters))
        return self._memory.add(text.text, self._documents.read(text.text), text.registered)

    def _charge(self, grant: Grant, objects: float) -> None:
        cost = max(1, int(objects))
        if wait := self._budget.spend(grant.client_id, cost):
            raise BudgetSpentError(wait, cost)

    async def _text(self, request: Request, grant: Grant) -> Trusted | Outcome:
        """The document's text: registered, or ad hoc where the client may (G6)."""
        hash_ = (request.document_id or "").removeprefix("sha256:")
        if request.query is None and not hash_:
            return failed(RequestOutcome.REQUEST_ERROR, [answers.NO_DOCUMENT])
        if request.query is not None:
            if not grant.documents_only and not hash_:
                return Trusted(request.query, None, registered=False)
            actual = self._documents.hash_of(request.query)
            if hash_ and hash_ != actual:
                return failed(RequestOutcome.REQUEST_ERROR, [answers.MISMATCH])
            hash_ = actual
        found = await self._trusted.find(grant.client_id, hash_)
        if found is not None:
            return found
        if request.query is None:
            return failed(RequestOutcome.REQUEST_ERROR, [answers.NOT_FOUND])
        return (
            failed(RequestOutcome.REFUSED, [answers.NOT_TRUSTED])
            if grant.documents_only
            else Trusted(request.query, None, False)
        )

    def _settle_anew(
        self, known: RememberedDocument, text: Trusted, request: Request, grant: Grant, key: tuple[Any, ...] | None
    ) -> AuthorizedOperation | Outcome:
        """Steps 2 to 4; what they find is remembered under the key, a refusal too: it depends on nothing else."""
        document = known.document
        if problems := document.problems(hints=grant.introspection):
            return failed(RequestOutcome.REQUEST_ERROR, problems)
        operation = document.operation(request.operation_name)  # 2
        if isinstance(operation, ResponseError):
            return failed(RequestOutcome.REQUEST_ERROR, [operation])
        if operation.is_mutation and request.read_only:
            return failed(RequestOutcome.METHOD_NOT_ALLOWED, [answers.NO_MUTATION])
        if secrets := written_out(self.model, operation):
            return failed(RequestOutcome.REQUEST_ERROR, secrets)
        said = stated(operation.node, request.variables or NOTHING, request.purpose, request.reference)  # 3
        if isinstance(said, ResponseError):
            return failed(RequestOutcome.REQUEST_ERROR, [said])
        chosen = choose(grant, text.purpose, said, self._references)
        decision = self._decide(known, operation, grant, chosen.purpose)  # 4
        settled = AuthorizedOperation(operation, chosen, decision, known)
        found = self._refused(settled, grant, _dry(request)) or settled
        if key is not None and not _refers(operation):
            known.settled[key] = found
            self._memory.grow(known, SETTLED + (len(found.body) if isinstance(found, Outcome) else 0))
        return found

    def _decide(
        self, known: RememberedDocument, operation: Operation, grant: Grant, purpose: Purpose | None
    ) -> Decision:
        key = (operation, grant.fingerprint, purpose)
        decision: Decision | None = known.decisions.get(key)
        if decision is None:
            decision = known.decisions[key] = decide_operation(self.model, operation, grant, purpose)
            self._memory.grow(known, SETTLED)
        return decision

    def _refused(self, settled: AuthorizedOperation, grant: Grant, dry: bool) -> Outcome | None:
        """The answer to an operation that may not run; the database has not been touched."""
        decision = settled.decision
        if decision.introspects and not grant.introspection:
            return failed(RequestOutcome.REFUSED, [answers.NO_INTROSPECTION])
        problems, asked = decision.problems(), decision.purpose
        if decision.wants_purpose and settled.chosen.refused is not None:
            problems = [settled.chosen.problem()]
            asked = settled.chosen.asked
        elif decision.permits(grant):
            return None
        if dry:
            return answers.dry_run(settled.chosen, problems, None)
        return failed(RequestOutcome.REFUSED, problems, asked=asked.name if asked else None)

    async def _answer(self, settled: AuthorizedOperation, request: Request, grant: Grant) -> Outcome:
        given = request.variables or NOTHING
        decision = settled.decision
        if request.in_url:
            document = request.query is not None
            if problems := self._in_url.problems(settled.operation, document, given):
                return failed(RequestOutcome.REQUEST_ERROR, problems)
        variables = settled.operation.variables.coerce(given)  # 5
        if not isinstance(variables, Mapping):
            return failed(
                RequestOutcome.REQUEST_ERROR,
                [from_core(each, ErrorCode.BAD_USER_INPUT, hints=False) for each in variables],
            )
        if decision.guarded and (brought := decision.brought(given)):
            dry = _dry(request)
            return answers.dry_run(settled.chosen, brought, None) if dry else failed(RequestOutcome.REFUSED, brought)
        ready = self._ready(settled, variables, grant)  # 6
        cost = ready.estimate(grant, variables)  # 7
        if _dry(request):
            return answers.dry_run(settled.chosen, decision.problems(), ready.plan, cost)
        if ready.sensitive and not _fresh(grant, self.clock()):
            return answers.step_up(ready.sensitive)
        if cost > self.limits.cost:
            return answers.too_costly(cost, self.limits.cost)
        if wait := self._budget.spend(grant.client_id, cost, grant.subject):
            return answers.throttled(wait, cost)
        now = self.clock()
        try:
            unit, data, errors = await self._run(settled, ready, grant, variables, given, now, request)  # 8
        except CustomerLimitError as beyond:
            return answers.too_many_customers(beyond.retry_after, beyond.most)
        if unit.revealed.subjects:
            if wait := self._watch.note(grant, unit.revealed.subjects, not settled.operation.is_mutation):
                return answers.too_many_customers(wait, grant.customers_per_hour or 0)
            await self._disclose(grant, unit, ready.plan, settled.chosen.purpose, now)
            await self._record(settled, ready, grant, unit, now)  # 9
        shown = cost if request.extensions and request.extensions.get("cost") is True else None
        return answers.answered(data, errors, decision, shown, personal=bool(unit.revealed.subjects))  # 10

    def _ready(self, settled: AuthorizedOperation, variables: Mapping[str, Any], grant: Grant) -> PreparedOperation:
        operation = settled.operation
        values = {name: variables.get(name) for name in operation.switches} if operation.switches else NOTHING
        key = (settled.decision, tuple(values.values()))
        known = settled.known
        ready: PreparedOperation | None = known.plans.get(key)
        if ready is None:
            if known.plans and not known.trusted:  # The first one was paid for with the document.
                self._charge(grant, NEW_PLAN * len(known.text))
            plan = make_plan(self.model, self.store.reader, operation, settled.decision, values)
            fields = orjson.Fragment(orjson.dumps(list(plan.coordinates)))
            ready = PreparedOperation(
                plan,
                compiled_or_none(self.model, plan, self.store.keys.system),
                estimate_of(plan),
                fields,
                _sensitive(plan),
            )
            known.plans[key] = ready
            self._memory.grow(known, PLAN + PLACE * len(plan.places))
        return ready

    async def _run(
        self,
        settled: AuthorizedOperation,
        ready: PreparedOperation,
        grant: Grant,
        variables: Mapping[str, Any],
        given: Mapping[str, Any],
        now: datetime,
        request: Request,
    ) -> tuple[OperationContext, Any, list[ResponseError]]:
        """The compiled plan; where there is none, or it meets anything out of the ordinary, the standard executor."""
        desk = CommandContext(self.store, grant, settled.chosen.purpose, settled.chosen.reference, now, self.means)
        if settled.operation.is_mutation:
            desk = replace(desk, language=request.language, key=request.idempotency_key)
        changing = settled.operation.is_mutation
        judge = self._judge(grant, changing)
        unit = OperationContext(self.store, grant.subject, now, desk, judge)
        if ready.compiled is None:
            self.counts["standard:not covered"] += 1
        else:
            try:
                data = await ready.compiled(unit, grant, variables)
            except (StoreUnavailableError, TimeoutError):
                raise
            except Exception as error:
                if isinstance(error, CustomerLimitError) and not changing:
                    raise
                self.counts[f"standard:{type(error).__name__}"] += 1
                before, unit = unit, OperationContext(self.store, grant.subject, now, desk, judge)
                unit.performed.update(before.performed)
                unit.failed.update(before.failed)
            else:
                self.counts["compiled"] += 1
                return unit, data, []
        result = await execute_plan(ResolverContext(ready.plan, unit, desk, self.model), given)
        return unit, result.data, [self._problem(error, grant, changing) for error in result.errors or ()]

    def _judge(self, grant: Grant, changing: bool) -> Judge | None:
        """What stops a client that may read no more customers, before any of their values is opened.

        What a query reads is counted when its answer leaves; what a change shows is counted at once, since the change
        is not taken back.
        """
        most = grant.customers_per_hour
        if grant.over is not Over.STOP or not most or grant.subject is not None:
            return None

        def judge(pseudonyms: Iterable[str]) -> None:
            asked = list(pseudonyms)
            wait = self._watch.note(grant, asked, True) if changing else self._watch.wait(grant, asked)
            if wait:
                raise CustomerLimitError(wait, most)

        return judge

    def _problem(self, error: GraphQLError, grant: Grant, changing: bool) -> ResponseError:
        original = error.original_error
        if isinstance(original, CustomerLimitError):
            if not changing:
                raise original
            return answers.not_shown(original, tuple(error.path or ()))
        if isinstance(original, (StoreUnavailableError, TimeoutError)):
            raise original
        if original is not None and not isinstance(original, GraphQLError):
            return answers.internal(original, tuple(error.path or ()))
        return from_core(error, ErrorCode.BAD_USER_INPUT, hints=grant.introspection)

    async def _disclose(
        self, grant: Grant, unit: OperationContext, plan: Plan, purpose: Purpose | None, now: datetime
    ) -> None:
        """What leaves the house with the answer, to a partner or for a registry."""
        if grant.partner is not None and purpose is not None:
            known = unit.revealed.known
            await disclose_to_partner(self.store, grant.partner, known, plan.coordinates, purpose, now)
        if unit.revealed.handed:
            await disclose_to_registries(self.store, unit.revealed.handed, unit.revealed.known, now)

    async def _record(
        self,
        settled: AuthorizedOperation,
        ready: PreparedOperation,
        grant: Grant,
        unit: OperationContext,
        now: datetime,
    ) -> None:
        """What was revealed, durable before it is; no personal data, no text of the operation.

        What anybody may read is counted, and durable some seconds later.
        """
        chosen, shape = settled.chosen, settled.operation.document.shape
        subjects = unit.revealed.subjects
        entry = read_entry(grant.client_id, chosen.purpose, chosen.reference, shape, ready.fields, subjects, now)
        if grant.summed:
            await self.store.tally.note(entry | {"fields": list(ready.plan.coordinates)})
        else:
            await self.store.ledger.append(entry)


def _sensitive(plan: Plan) -> tuple[str, ...]:
    """The commands of a plan that need a fresh sign-in."""
    fields = (each.model for each in plan.root.fields.values() if each.model is not None)
    return tuple(each.coordinate for each in fields if isinstance(each.source, Command) and each.source.step_up)


def _fresh(grant: Grant, now: datetime) -> bool:
    """Whether the customer proved who they are within the last minutes; a proof from the future is none (F3)."""
    return grant.authenticated_at is not None and -SKEW <= now.timestamp() - grant.authenticated_at <= FRESH


def _dry(request: Request) -> bool:
    return bool(request.extensions) and request.extensions.get("dryRun") is True  # type: ignore[union-attr]


def _refers(operation: Operation) -> bool:
    """A reference belongs to one request, so what was settled with it is not remembered."""
    directives = operation.node.directives or ()
    return any(each.name.value == "reference" for directive in directives for each in directive.arguments or ())
