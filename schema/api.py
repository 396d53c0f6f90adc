"""The API: from a request and a grant to an answer, in the order in which nothing can leak."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from graphql import GraphQLError

from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.documents import Trusted, TrustedDocuments
from resolvers.filters import NOW
from resolvers.unit import Unit
from schema.bounded import Bounded
from schema.build import core_schema
from schema.compiling import compiled_or_none
from schema.decision import Decision, decide_operation
from schema.documents import Documents, Operation
from schema.errors import Code, Problem, from_core
from schema.limits import Limits
from schema.lint import require_clean
from schema.model import SchemaModel
from schema.planning import Plan, make_plan
from schema.purposes import Chosen, choose, stated
from schema.requests import Kind, Outcome, Request, failed
from schema.standard import Context, attach, run
from store.database import Store
from store.faults import StoreUnavailable

log = logging.getLogger("gateway.api")
DECISIONS, PLANS = 4_000, 4_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose document, operation, purpose and decision are settled."""

    operation: Operation
    chosen: Chosen
    decision: Decision
    grant: Grant
    dry_run: bool


class Api:
    """One for each process. It refuses to be made over a schema that is not safe to serve (G9)."""

    def __init__(self, store: Store, limits: Limits | None = None, *, clock: Callable[[], datetime]) -> None:
        self.model = SchemaModel(core_schema())
        require_clean(self.model)
        attach(self.model)
        self.store, self.clock = store, clock
        self.documents = Documents(self.model.core, limits or Limits())
        self.counts: Counter[str] = Counter()
        """How operations were executed: `compiled`, or `standard:` and why."""
        self._trusted = TrustedDocuments(store.reader)
        self._decisions: Bounded[tuple[Operation, str, Purpose | None], Decision] = Bounded(DECISIONS)
        self._plans: Bounded[tuple[Decision, tuple[Any, ...]], Plan] = Bounded(PLANS)

    async def execute(self, request: Request, grant: Grant) -> Outcome:
        """Answer a request; never raises.

        Steps: 1. the document, trusted or not; 2. one operation of it; 3. one purpose; 4. the decision, cached;
        5. the variables; 6. the plan, cached; 7. execution; 8. the ledger entry, durable; 9. the answer.
        """
        try:
            asked = await self._settle(request, grant)
            return asked if isinstance(asked, Outcome) else await self._answer(asked, request)
        except StoreUnavailable as error:
            return unavailable(error)
        except Exception as error:  # noqa: BLE001  (the last line of defence: whatever it is, nothing of it is shown)
            return failed(Kind.INTERNAL, [internal(error)])

    async def _settle(self, request: Request, grant: Grant) -> Asked | Outcome:
        text = await self._text(request, grant)  # 1
        if isinstance(text, Outcome):
            return text
        document = self.documents.read(text.text)
        if problems := document.problems(hints=grant.introspection):
            return failed(Kind.REQUEST_ERROR, problems)
        operation = document.operation(request.operation_name)  # 2
        if isinstance(operation, Problem):
            return failed(Kind.REQUEST_ERROR, [operation])
        if operation.is_mutation and request.read_only:
            return failed(Kind.METHOD_NOT_ALLOWED, [Problem(Code.MUTATION_NOT_ALLOWED, "A mutation needs POST.")])
        said = stated(operation.node, request.variables or {}, request.purpose, request.reference)  # 3
        if isinstance(said, Problem):
            return failed(Kind.REQUEST_ERROR, [said])
        chosen = choose(grant, text.purpose, said)
        decision = self._decide(operation, grant, chosen.purpose)  # 4
        dry_run = (request.extensions or {}).get("dryRun") is True
        asked = Asked(operation, chosen, decision, grant, dry_run)
        return self._refused(asked) or asked

    async def _text(self, request: Request, grant: Grant) -> Trusted | Outcome:
        """The document's text: registered, or ad hoc where the client may (G6)."""
        hash_ = (request.document_id or "").removeprefix("sha256:")
        if request.query is None and not hash_:
            return failed(Kind.REQUEST_ERROR, [Problem(Code.BAD_REQUEST, "The request has neither `query` nor `documentId`.")])
        if not grant.documents_only and not hash_:
            assert request.query is not None
            return Trusted(request.query, None)
        if request.query is not None:
            actual = self.documents.hash_of(request.query)
            if hash_ and hash_ != actual:
                return failed(Kind.REQUEST_ERROR, [Problem(Code.PERSISTED_DOCUMENT_MISMATCH, MISMATCH)])
            hash_ = actual
        found = await self._trusted.find(grant.client_id, hash_)
        if found is not None:
            return found
        if request.query is not None and not grant.documents_only:
            return Trusted(request.query, None)
        if request.query is None:
            return failed(Kind.REQUEST_ERROR, [Problem(Code.PERSISTED_DOCUMENT_NOT_FOUND, NOT_FOUND)])
        return failed(Kind.REFUSED, [Problem(Code.PERSISTED_DOCUMENT_REQUIRED, REQUIRED)])

    def _decide(self, operation: Operation, grant: Grant, purpose: Purpose | None) -> Decision:
        key = (operation, grant.fingerprint, purpose)
        decision = self._decisions.get(key)
        if decision is None:
            decision = self._decisions[key] = decide_operation(self.model, operation, grant, purpose)
        return decision

    def _refused(self, asked: Asked) -> Outcome | None:
        """The answer to an operation that may not run; the database has not been touched."""
        decision, grant = asked.decision, asked.grant
        if decision.introspects and not grant.introspection:
            return failed(Kind.REFUSED, [Problem(Code.INTROSPECTION_DISABLED, INTROSPECTION)])
        if decision.problems() and asked.chosen.refused is not None:
            problems = [asked.chosen.problem()]
        elif decision.permits(grant):
            return None
        else:
            problems = decision.problems()
        return self._dry(asked, problems, None) if asked.dry_run else failed(Kind.REFUSED, problems)

    async def _answer(self, asked: Asked, request: Request) -> Outcome:
        variables = asked.operation.variables.coerce(request.variables or {})  # 5
        if not isinstance(variables, Mapping):
            return failed(Kind.REQUEST_ERROR, [from_core(each, Code.BAD_USER_INPUT, hints=False) for each in variables])
        if brought := asked.decision.brought(request.variables or {}):
            return self._dry(asked, brought, None) if asked.dry_run else failed(Kind.REFUSED, brought)
        plan = self._plan(asked, variables)  # 6
        if asked.dry_run:
            return self._dry(asked, asked.decision.problems(), plan)
        unit, data, errors = await self._run(asked, plan, request.variables or {}, variables)  # 7
        await self._record(asked, plan, unit)  # 8
        return self._encoded(asked, data, errors, personal=bool(unit.revealed.subjects))  # 9

    async def _run(
        self, asked: Asked, plan: Plan, given: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> tuple[Unit, Any, list[Problem]]:
        """The compiled plan; where there is none, or it meets anything out of the ordinary, the standard executor."""
        if plan.compiled is not None:
            unit = self._unit(asked)
            try:
                data = await plan.compiled(unit, asked.grant, variables)
            except StoreUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  (the standard executor meets it again, and reports it properly)
                self.counts[f"standard:{type(error).__name__}"] += 1
            else:
                self.counts["compiled"] += 1
                return unit, data, []
        else:
            self.counts["standard:not covered"] += 1
        unit = self._unit(asked)
        result = await run(Context(plan, unit, asked.grant, self.model), given)
        return unit, result.data, [self._problem(error, asked.grant) for error in result.errors or ()]

    def _unit(self, asked: Asked) -> Unit:
        unit = Unit(self.store, asked.grant.subject)
        unit.parameters[NOW] = self.clock()
        return unit

    def _plan(self, asked: Asked, variables: Mapping[str, Any]) -> Plan:
        values = {name: variables.get(name) for name in asked.operation.switches}
        key = (asked.decision, tuple(values.values()))
        plan = self._plans.get(key)
        if plan is None:
            plan = make_plan(self.model, self.store.reader, asked.operation, asked.decision, values)
            plan.compiled = compiled_or_none(self.model, plan)
            self._plans[key] = plan
        return plan

    def _problem(self, error: GraphQLError, grant: Grant) -> Problem:
        original = error.original_error
        if isinstance(original, StoreUnavailable):
            raise original
        if original is not None and not isinstance(original, GraphQLError):
            return internal(original, tuple(error.path or ()))
        return from_core(error, Code.BAD_USER_INPUT, hints=grant.introspection)

    async def _record(self, asked: Asked, plan: Plan, unit: Unit) -> None:
        """What was revealed, durable before it is; no personal data, no text of the operation."""
        subjects = list(unit.revealed.subjects)
        if not subjects:
            return
        purpose = asked.chosen.purpose
        entry = {
            "version": 1,
            "at": int(self.clock().timestamp()),
            "client": asked.grant.client_id,
            "purpose": purpose.name if purpose else None,
            "reference": asked.chosen.reference,
            "operation": asked.operation.document.hash,
            "fields": list(plan.coordinates),
            "subjects": subjects,
        }
        await self.store.ledger.append(entry)

    def _encoded(self, asked: Asked, data: Any, errors: list[Problem], personal: bool) -> Outcome:
        body: dict[str, Any] = {"data": data}
        if errors:
            body["errors"] = [each.formatted() for each in errors]
        if asked.decision.refused:
            body["extensions"] = {"withheld": [_withheld(each) for each in asked.decision.problems()]}
        return Outcome(Kind.OK, orjson.dumps(body, option=orjson.OPT_UTC_Z), personal)

    def _dry(self, asked: Asked, problems: list[Problem], plan: Plan | None) -> Outcome:
        """What the operation would be told, without reading anything."""
        purpose = asked.chosen.purpose
        report = {
            "allowed": plan is not None,
            "purpose": purpose.name if purpose else None,
            "refused": [each.formatted() for each in problems] if plan is None else [],
            "withheld": [_withheld(each) for each in problems] if plan is not None else [],
            "fields": list(plan.coordinates) if plan else [],
            "columns": list(plan.columns) if plan else [],
        }
        return Outcome(Kind.OK, orjson.dumps({"data": None, "extensions": {"dryRun": report}}))


MISMATCH = "`documentId` is not the SHA-256 of `query`."
NOT_FOUND = "This client has no registered document with that `documentId`."
REQUIRED = "This client may only send documents it was registered with; this one is not registered."
INTROSPECTION = "This client is not registered for introspection; the schema is published as schema.graphql."


def _withheld(problem: Problem) -> dict[str, Any]:
    return dict(problem.details)


def unavailable(error: StoreUnavailable) -> Outcome:
    """The store cannot answer: nothing was read, or what was read does not leave."""
    message = "The customer store cannot answer at the moment. Nothing was changed; try again later."
    problem = Problem(Code.UNAVAILABLE, message, details={"retryAfter": error.retry_after})
    return failed(Kind.UNAVAILABLE, [problem], error.retry_after)


def internal(error: BaseException, path: tuple[str | int, ...] = ()) -> Problem:
    """A defect: the caller gets a number to quote, the log the kind of error and where, and neither any value."""
    incident = secrets.token_hex(6)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("incident %s: %s at %s", incident, type(error).__name__, " > ".join(frames[-6:]))
    message = f"Something went wrong on our side. Quote {incident} when you report it."
    return Problem(Code.INTERNAL, message, path=path, details={"incident": incident})
