"""Executes a GraphQL request for a grant. The order of the steps keeps data from leaving before it may."""

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

from policy.acting import ActingPerson
from policy.grant import Grant, Over
from policy.purposes import Purpose
from policy.references import References
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import FRESH, SKEW, SignInDependencies
from resolvers.disclosures.partners import disclose_to_partner
from resolvers.disclosures.registries import disclose_to_registries
from resolvers.events.references import REFERENCES
from resolvers.reads.documents import Trusted, TrustedDocuments
from resolvers.reads.guard import CustomerLimitError, OwnerCheck
from resolvers.reads.metering import ReadLimitError, ReadMeter
from resolvers.reads.operation import OperationContext
from resolvers.reads.recording import read_entry
from schema.api.build import core_schema
from schema.core.errors import ErrorCode, ResponseError, from_core
from schema.decision.decision import Decision, decide_operation
from schema.decision.purposes import Chosen, choose, stated
from schema.decision.secrets import written_out
from schema.decision.urls import PersonalInUrl
from schema.documents.documents import Documents, Operation
from schema.documents.limits import Limits
from schema.documents.memory import AUTHORIZED, MOST, PLACE, PLAN, DocumentMemory, RememberedDocument
from schema.documents.requests import ErrorBehavior, Outcome, Request, RequestOutcome, failed
from schema.documents.uses import DocumentCounter, NoDocumentCounter
from schema.execution import answers
from schema.execution.compiling import Compiled, compiled_or_none
from schema.execution.costs import Budget, Estimate, NoBudget, NoTally, NoWatch, RefusalCounter, Watch, estimate_of
from schema.execution.filtering import shapes_of
from schema.execution.planning import make_plan
from schema.execution.plans import Plan
from schema.execution.standard import ResolverContext, attach, execute_plan
from schema.execution.withholding import (
    WithheldError,
    WithheldFields,
    errors_of_places,
    shortened,
    withheld_error,
    withheld_fields,
)
from schema.model.lint import require_clean
from schema.model.model import SchemaModel
from schema.sources.commands import Command
from store.database.store import Store
from store.sql.errors import StoreUnavailableError

NEW_TEXT, NEW_PLAN = 2.0, 0.5
"""Price of each character of a document, in objects of the client's budget: of a new document, which has to be parsed,
validated, decided and planned; and of a known one that is planned again for other values of `@skip` and `@include`."""

AD_HOC = "(ad hoc)"
"""Stands for the name of an operation that is in no registered document."""

# Shared, since it is never changed.
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)
class AuthorizedOperation:
    """An operation that may run, with purpose and decision. It is cached: it holds nothing of a single request."""

    operation: Operation
    chosen: Chosen
    decision: Decision
    known: RememberedDocument
    """The cache entry of its document, which also keeps the plans."""

    @property
    def loggable_name(self) -> str:
        """The name of the operation if its document is registered: any other name may be a value that was sent."""
        if not self.known.trusted:
            return AD_HOC
        name = self.operation.node.name
        return "" if name is None else name.value


class BudgetSpentError(Exception):
    """The budget does not cover parsing or planning this document; nothing was read."""

    def __init__(self, wait: float, cost: int) -> None:
        super().__init__("the budget is spent")
        self.wait, self.cost = wait, cost


@dataclass(frozen=True, slots=True, eq=False)
class PreparedOperation:
    """A plan with what is derived from it once: compiled function, cost estimate, fields of the ledger entry."""

    plan: Plan
    compiled: Compiled | None
    estimate: Estimate
    fields: orjson.Fragment
    """The plan's coordinates as JSON, ready for the ledger entry."""
    withheld: WithheldFields | None = None
    """The withheld fields of which each place has an error; None if there are none."""
    sensitive: tuple[str, ...] = ()
    """The commands that need a fresh sign-in."""


@cache
def served_model(core: GraphQLSchema) -> SchemaModel:
    """The model of a schema that is safe to serve, its resolvers attached; SchemaError otherwise.

    Once for each schema: it depends on nothing else, and takes longer than all the rest of an `Api`.
    """
    model = SchemaModel(core)
    require_clean(model)
    attach(model)
    return model


class Api:
    """The API of one process. Raises SchemaError if the schema is not safe to serve (G9)."""

    def __init__(
        self,
        store: Store,
        limits: Limits | None = None,
        *,
        clock: Callable[[], datetime],
        budget: Budget | None = None,
        agent_budget: Budget | None = None,
        dependencies: SignInDependencies | None = None,
        watch: Watch | None = None,
        references: References = REFERENCES,
        tally: RefusalCounter | None = None,
        uses: DocumentCounter | None = None,
        memory: int = MOST,
    ) -> None:
        self.model = served_model(core_schema())
        self.store, self.clock, self.limits = store, clock, limits or Limits()
        self.counts: Counter[str] = Counter()
        self.requests: Counter[tuple[str, str, str]] = Counter()
        """Answered requests by client, purpose (empty for what was not executed) and outcome."""
        """Counts executions: `compiled`, or `standard:` followed by the reason."""
        self.dependencies = dependencies or SignInDependencies()
        self._budget: Budget = budget or NoBudget()
        self._agent_budget: Budget = agent_budget or self._budget
        self.references = references
        self._watch: Watch = watch or NoWatch()
        self._tally: RefusalCounter = tally or NoTally()
        self._uses: DocumentCounter = uses or NoDocumentCounter()
        self._documents = Documents(self.model.core, self.limits)
        self._trusted = TrustedDocuments(store.reader)
        self._in_url = PersonalInUrl(self.model)
        self._memory = DocumentMemory(memory)

    async def is_registered(self, client_id: str, hash_: str) -> bool:
        """True if the client has a document with this SHA-256 (hexadecimal). StoreUnavailableError if it cannot be
        read."""
        return await self._trusted.find(client_id, hash_) is not None

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """Answer a request; never raises.

        Steps: 1. get the document, trusted or ad hoc; 2. select one operation; 3. determine its purpose; 4. decide
        what the purpose may read; 5. coerce the variables; 6. plan; 7. check the cost; 8. execute; 9. write the ledger
        entry durably; 10. encode the answer.
        The results of steps 1 to 4 and 6 are cached. Refusals are counted in memory (G17).
        """
        purpose, outcome = await self._executed(request, grant)
        self.requests[grant.client_id, purpose, outcome.kind.name] += 1
        if outcome.denials:
            self._tally.note(grant.client_id, outcome.denials)
        return outcome

    async def _executed(self, request: Request, grant: Grant) -> tuple[str, Outcome]:
        # Until the operation is known, nothing can have been changed.
        changing, purpose, underway = False, "", Underway()
        try:
            # One clock for all steps: a slow plan leaves less time for execution, so a slot is never held for longer.
            async with asyncio.timeout(self.limits.seconds):
                authorized = await self._authorize(request, grant)
                if isinstance(authorized, Outcome):
                    return purpose, authorized
                changing = authorized.operation.is_mutation
                purpose = "" if authorized.chosen.purpose is None else authorized.chosen.purpose.name
                if request.names is not None:
                    request.names.purpose, request.names.operation = purpose, authorized.loggable_name
                return purpose, await self._answer(authorized, request, grant, underway)
        except BudgetSpentError as spent:
            return purpose, answers.throttled(spent.wait, spent.cost)
        except StoreUnavailableError as error:
            return purpose, answers.unavailable(error, changing)
        except TimeoutError:
            if underway.outcomes:
                return purpose, answers.timed_out_after(self.limits.seconds, underway.outcomes)
            return purpose, answers.timed_out(self.limits.seconds)
        except Exception as error:  # noqa: BLE001  (the last line of defence: no detail of an unexpected error reaches the caller)
            return purpose, failed(RequestOutcome.INTERNAL, [answers.internal(error)])

    async def _authorize(self, request: Request, grant: Grant) -> AuthorizedOperation | Outcome:
        text = await self._text(request, grant)  # 1
        if isinstance(text, Outcome):
            return text
        known = self._memory.get(text.text, text.registered)
        self.counts["document:read" if known is None else "document:remembered"] += 1
        known = known or self._read(text, grant)
        self._note(text, known, grant)
        # A reference or a dry run belongs to one request: caching it would fill the memory with keys never seen again.
        if request.reference is not None or request.dry_run:
            return self._authorize_anew(known, text, request, grant, None)
        # All that steps 2 to 4 depend on. Variables are not part of it: they are checked on each request.
        key = (text.purpose, request.operation_name, request.purpose, request.read_only, grant.fingerprint)
        found: AuthorizedOperation | Outcome | None = known.authorized.get(key)
        return found or self._authorize_anew(known, text, request, grant, key)

    def _note(self, text: Trusted, known: RememberedDocument, grant: Grant) -> None:
        """Count a registered document, and an ad hoc one of an observed client by its shape, which has no values."""
        if text.registered:
            self._uses.note(grant.client_id, known.document.hash, True)
        elif grant.observed and known.document.shape:
            self._uses.note(grant.client_id, known.document.shape, False)

    def _read(self, text: Trusted, grant: Grant) -> RememberedDocument:
        """Parse, measure and validate a new document; BudgetSpentError if the budget does not cover an ad hoc one."""
        if not text.registered:
            self._charge(grant, NEW_TEXT * min(len(text.text), self.limits.characters))
        return self._memory.add(text.text, self._documents.read(text.text), text.registered)

    def _charge(self, grant: Grant, objects: float) -> None:
        cost = max(1, int(objects))
        # Never settled: the work is done at once, and is no less than this.
        if wait := self._budget_of(grant).reserve(grant.client_id, cost, grant.subject).wait:
            raise BudgetSpentError(wait, cost)

    def _budget_of(self, grant: Grant) -> Budget:
        return self._agent_budget if grant.agent else self._budget

    async def _text(self, request: Request, grant: Grant) -> Trusted | Outcome:
        """Return the document's text: a registered one, or an ad hoc one if the client may send it (G6)."""
        hash_ = (request.document_id or "").removeprefix("sha256:")
        if request.query is None and not hash_:
            return failed(RequestOutcome.REQUEST_ERROR, [answers.NO_DOCUMENT])
        if request.query is not None:
            # Such a client uses a registered document by giving its hash; its plain texts are always ad hoc.
            if not grant.documents_only and not hash_:
                return Trusted(request.query, None, registered=False)
            actual = self._documents.hash_of(request.query)
            # Both text and hash were sent and disagree: one of them is not what the caller believes it sends (G6).
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

    def _authorize_anew(
        self, known: RememberedDocument, text: Trusted, request: Request, grant: Grant, key: tuple[Any, ...] | None
    ) -> AuthorizedOperation | Outcome:
        """Run steps 2 to 4 and cache the result under the key. A refusal is cached too: it depends on the key alone."""
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
        statement = stated(operation.node, request.variables or NOTHING, request.purpose, request.reference)  # 3
        if isinstance(statement, ResponseError):
            return failed(RequestOutcome.REQUEST_ERROR, [statement])
        chosen = choose(grant, text.purpose, statement, self.references)
        decision = self._decide(known, operation, grant, chosen.purpose)  # 4
        authorized = AuthorizedOperation(operation, chosen, decision, known)
        found = self._refused(authorized, grant, request.dry_run) or authorized
        if key is not None and not _refers(operation):
            known.authorized[key] = found
            self._memory.grow(known, AUTHORIZED + (len(found.body) if isinstance(found, Outcome) else 0))
        return found

    def _decide(
        self, known: RememberedDocument, operation: Operation, grant: Grant, purpose: Purpose | None
    ) -> Decision:
        # Shared by requests that state the purpose in different ways and arrive at the same one.
        key = (operation, grant.fingerprint, purpose)
        decision: Decision | None = known.decisions.get(key)
        if decision is None:
            decision = known.decisions[key] = decide_operation(self.model, operation, grant, purpose)
            self._memory.grow(known, AUTHORIZED)
        return decision

    def _refused(self, authorized: AuthorizedOperation, grant: Grant, dry: bool) -> Outcome | None:
        """The answer to an operation that may not run, None if it may. No database statement was executed so far."""
        decision = authorized.decision
        # First: introspection has no purpose, so no purpose would make it allowed.
        if decision.introspects and not grant.introspection:
            return failed(RequestOutcome.REFUSED, [answers.NO_INTROSPECTION])
        problems, asked = decision.problems(), decision.purpose
        # One error about the purpose instead of one per field: with a purpose the fields may be allowed.
        if decision.wants_purpose and authorized.chosen.refused is not None:
            problems = [authorized.chosen.problem()]
            asked = authorized.chosen.asked
        elif decision.permits(grant):
            return None
        if dry:
            return answers.dry_run(authorized.chosen, problems, None)
        return failed(RequestOutcome.REFUSED, problems, asked=asked.name if asked else None)

    async def _answer(
        self, authorized: AuthorizedOperation, request: Request, grant: Grant, underway: Underway
    ) -> Outcome:
        given = request.variables or NOTHING
        decision = authorized.decision
        # Checked on the values as sent: these are in the URL.
        if request.in_url:
            document = request.query is not None
            if problems := self._in_url.problems(authorized.operation, document, given):
                return failed(RequestOutcome.REQUEST_ERROR, problems)
        variables = authorized.operation.variables.coerce(given, grant.introspection)  # 5
        if not isinstance(variables, Mapping):
            return failed(RequestOutcome.REQUEST_ERROR, variables)
        # The values as sent, without the defaults that coercion adds and nobody asked for.
        if decision.guarded and (brought := decision.brought(given)):
            if request.dry_run:
                return answers.dry_run(authorized.chosen, brought, None)
            return failed(RequestOutcome.REFUSED, brought)
        prepared = self._prepared(authorized, variables, grant)  # 6
        # Before the dry run is answered, which reports it.
        cost = prepared.estimate(grant, variables)  # 7
        if request.dry_run:
            return answers.dry_run(authorized.chosen, decision.problems(), prepared.plan, cost)
        # Before the budget is charged: a client that must send its customer to sign in again pays once.
        if prepared.sensitive and not _fresh(grant, self.clock()):
            return answers.step_up(prepared.sensitive)
        if cost > self.limits.cost:
            return answers.too_costly(cost, self.limits.cost)
        # The last check: a refused operation costs the client nothing.
        budget = self._budget_of(grant)
        reservation = budget.reserve(grant.client_id, cost, grant.subject)
        if reservation.wait:
            return answers.throttled(reservation.wait, cost)
        meter = ReadMeter(self.limits.cost, budget)
        try:
            return await self._execute(authorized, prepared, grant, variables, request, meter, cost, underway)
        except ReadLimitError as beyond:
            return answers.beyond(beyond)
        finally:
            # However it ends, by an error, a timeout or a client that hung up: what was read is charged, and no more.
            reservation.settle(max(1, meter.read))

    async def _execute(
        self,
        authorized: AuthorizedOperation,
        prepared: PreparedOperation,
        grant: Grant,
        variables: Mapping[str, Any],
        request: Request,
        meter: ReadMeter,
        cost: int,
        underway: Underway,
    ) -> Outcome:
        now, decision = self.clock(), authorized.decision
        context, data, errors = await self._run(
            authorized, prepared, grant, variables, request, now, meter, underway
        )  # 8
        if context.revealed.subjects:
            # Not binding for a mutation: it is executed, so its answer is not held back.
            if wait := self._watch.note(grant, context.revealed.subjects, not authorized.operation.is_mutation):
                return answers.too_many_customers(wait, grant.customers_per_hour or 0)
            # Disclosures and ledger entry are durable before the answer is encoded: a crash may record too much, never
            # reveal without a record (F1).
            await self._disclose(grant, context, prepared.plan, authorized.chosen.purpose, now)
            await self._record(authorized, prepared, grant, context, now, request.acting)  # 9
        asked = request.extensions and request.extensions.get("cost") is True
        shown = answers.Cost(cost, max(1, meter.read)) if asked else None
        return answers.answered(data, errors, decision, shown, bool(context.revealed.subjects), context.replayed)  # 10

    def _prepared(
        self, authorized: AuthorizedOperation, variables: Mapping[str, Any], grant: Grant
    ) -> PreparedOperation:
        operation = authorized.operation
        values = {name: variables.get(name) for name in operation.switches} if operation.switches else NOTHING
        shapes = shapes_of(self.model.core, operation, variables) if operation.filters else NOTHING
        key = (authorized.decision, tuple(values.values()), tuple(shapes.values()))
        known = authorized.known
        prepared: PreparedOperation | None = known.plans.get(key)
        if prepared is None:
            if known.plans and not known.trusted:  # The first one was paid for with the document.
                self._charge(grant, NEW_PLAN * len(known.text))
            plan = make_plan(self.model, self.store.reader, operation, authorized.decision, values, shapes)
            fields = orjson.Fragment(orjson.dumps(list(plan.coordinates)))
            withheld = withheld_fields(plan) if plan.decision.shows_places else None
            # Without it, only the standard executor knows of which type an object is.
            known_places = withheld is not None or not plan.decision.shows_places
            prepared = PreparedOperation(
                plan,
                compiled_or_none(self.model, plan, self.store.keys.system) if known_places else None,
                estimate_of(plan),
                fields,
                withheld if plan.decision.refused else None,
                _sensitive(plan),
            )
            known.plans[key] = prepared
            self._memory.grow(known, PLAN + PLACE * len(plan.places))
        return prepared

    async def _run(
        self,
        authorized: AuthorizedOperation,
        prepared: PreparedOperation,
        grant: Grant,
        variables: Mapping[str, Any],
        request: Request,
        now: datetime,
        meter: ReadMeter,
        underway: Underway,
    ) -> tuple[OperationContext, Any, list[ResponseError]]:
        """Run the compiled plan. Without one, or if it raises, the standard executor answers."""
        command = CommandContext(
            self.store, grant, authorized.chosen.purpose, authorized.chosen.reference, now, self.dependencies
        )
        if authorized.operation.is_mutation:
            command = replace(command, language=request.language, key=request.idempotency_key)
        changing = authorized.operation.is_mutation
        check = self._owner_check(grant, changing)
        context = OperationContext(self.store, grant.subject, now, command, check, meter=meter)
        if changing:
            underway.begin(prepared.plan.root.fields, context)
        # An error at a place of withheld fields halts, and only the standard executor meets it before what follows.
        halts = request.on_error is ErrorBehavior.HALT and prepared.withheld is not None
        if prepared.compiled is None or halts:
            self.counts["standard:not covered"] += 1
        else:
            try:
                data = await prepared.compiled(context, grant, variables)
            except Exception as error:
                # The standard executor would fail in the same way, only later; but what was carried out before it is
                # told by that one.
                if isinstance(error, TimeoutError) or (
                    isinstance(error, StoreUnavailableError) and not context.performed
                ):
                    raise
                # A query beyond a limit is refused as a whole; in a mutation the payload field becomes an error
                # (`_problem`).
                if isinstance(error, ReadLimitError) and not changing:
                    raise
                self.counts[f"standard:{type(error).__name__}"] += 1
                # The new context has no rows or subjects, but keeps the commands: no mutation runs twice.
                meter.read = 0
                before = context
                context = OperationContext(self.store, grant.subject, now, command, check, meter=meter)
                context.performed.update(before.performed)
                context.failed.update(before.failed)
                if changing:
                    underway.begin(prepared.plan.root.fields, context)
            else:
                self.counts["compiled"] += 1
                if prepared.withheld is None:
                    return context, data, []
                return context, data, errors_of_places(prepared.withheld, data, authorized.decision, grant.max_page)
        given = request.variables or NOTHING
        resolvers = ResolverContext(prepared.plan, context, command, self.model)
        result = await execute_plan(resolvers, given, request.on_error)
        performed = changing and bool(context.performed)
        errors = [
            self._problem(error, grant, authorized.decision, changing, performed) for error in result.errors or ()
        ]
        return context, result.data, shortened(errors, grant.max_page)

    def _owner_check(self, grant: Grant, changing: bool) -> OwnerCheck | None:
        """Return the check of the client's limit of customers per hour. It runs before a value is decrypted.

        A query is counted when its answer leaves. A mutation is counted at once, since it cannot be undone.
        """
        most = grant.customers_per_hour
        # A token bound to a customer reads that one only, so it cannot read in bulk.
        if grant.over is not Over.STOP or not most or grant.subject is not None:
            return None

        def check(pseudonyms: Iterable[str]) -> None:
            asked = list(pseudonyms)
            wait = self._watch.note(grant, asked, True) if changing else self._watch.wait(grant, asked)
            if wait:
                raise CustomerLimitError(wait, most)

        return check

    def _problem(
        self, error: GraphQLError, grant: Grant, decision: Decision, changing: bool, performed: bool
    ) -> ResponseError:
        original = error.original_error
        if isinstance(original, WithheldError):
            return withheld_error(decision, original.coordinate, tuple(error.path or ()))
        if isinstance(original, ReadLimitError):
            if not changing:
                raise original
            return answers.not_shown(original, tuple(error.path or ()))
        # A mutation that was carried out is told, though the next one, or what it shows, cannot be.
        if isinstance(original, StoreUnavailableError) and performed:
            return answers.outage(original, True, tuple(error.path or ()))
        if isinstance(original, (StoreUnavailableError, TimeoutError)):
            raise original
        if original is not None and not isinstance(original, GraphQLError):
            return answers.internal(original, tuple(error.path or ()))
        # A scalar or enum that refuses a value says no more than that; an argument's error names its place, and one of
        # ours its code.
        if original is not None and not original.nodes and "code" not in (original.extensions or {}):
            return answers.unfit(error)
        return from_core(error, ErrorCode.BAD_USER_INPUT, grant.introspection, self._documents.names)

    async def _disclose(
        self, grant: Grant, context: OperationContext, plan: Plan, purpose: Purpose | None, now: datetime
    ) -> None:
        """Record the disclosures that the answer makes, to a partner or to registries (R23)."""
        if grant.partner is not None and purpose is not None:
            known = context.revealed.known
            await disclose_to_partner(self.store, grant.partner, known, plan.coordinates, purpose, now)
        if context.revealed.handed:
            await disclose_to_registries(self.store, context.revealed.handed, context.revealed.known, now)

    async def _record(
        self,
        authorized: AuthorizedOperation,
        prepared: PreparedOperation,
        grant: Grant,
        context: OperationContext,
        now: datetime,
        acting: ActingPerson | None,
    ) -> None:
        """Append the ledger entry of the answer, durable on return. It has no personal data and no document text.

        Anonymous reads (RDAP) are only summed, and durable within ten seconds (F1).
        """
        # The shape of the document instead of its text, whose literals may be personal data (D10).
        chosen, shape = authorized.chosen, authorized.operation.document.shape
        subjects = context.revealed.subjects
        entry = read_entry(
            grant.client_id,
            chosen.purpose,
            chosen.reference,
            shape,
            prepared.fields,
            subjects,
            now,
            acting,
            agent=grant.agent,
        )
        # Anonymous reads would fill the ledger with entries that say the same (F1, G14).
        if grant.summed:
            await self.store.tally.note(entry | {"fields": list(prepared.plan.coordinates)})
        else:
            await self.store.ledger.append(entry)


class Underway:
    """The outcomes of a request's mutations so far: told when the time is over before the answer is written."""

    def __init__(self) -> None:
        self._keys: tuple[str, ...] = ()
        self._context: OperationContext | None = None

    def begin(self, keys: Iterable[str], context: OperationContext) -> None:
        """Note the mutations by response key, in their order, and where their results will be."""
        self._keys, self._context = tuple(keys), context

    @property
    def outcomes(self) -> Mapping[str, bool | None]:
        """For each mutation whether its change was made, None if that is not known; empty before one was."""
        if self._context is None or not self._context.performed:
            return {}
        found: dict[str, bool | None] = {}
        for key in self._keys:
            result = self._context.performed.get(key)
            if result is not None:
                found[key] = not result.problems
            else:  # They are carried out one after the other: the first without a result was the one under way.
                found[key] = False if None in found.values() else None
        return found


def _sensitive(plan: Plan) -> tuple[str, ...]:
    """The commands of a plan that need a fresh sign-in."""
    fields = (each.model for each in plan.root.fields.values() if each.model is not None)
    return tuple(each.coordinate for each in fields if isinstance(each.source, Command) and each.source.step_up)


def _fresh(grant: Grant, now: datetime) -> bool:
    """True if the customer authenticated within FRESH seconds; a time further ahead than SKEW does not count (F3)."""
    return grant.authenticated_at is not None and -SKEW <= now.timestamp() - grant.authenticated_at <= FRESH


def _refers(operation: Operation) -> bool:
    """True if `@for` has a reference. It belongs to one request, so the result is not cached."""
    directives = operation.node.directives or ()
    return any(each.name.value == "reference" for directive in directives for each in directive.arguments or ())
