"""Builds responses: data, withheld fields, or the errors of an operation that was not executed."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson
from graphql import FieldNode, GraphQLError

from resolvers.commands.dependencies import FRESH
from resolvers.reads.guard import CustomerLimitError
from resolvers.reads.metering import ReadLimitError, TooManyObjectsError
from schema.core.errors import ErrorCode, ResponseError, from_core
from schema.decision.decision import Decision
from schema.decision.purposes import Chosen
from schema.documents.requests import Outcome, RequestOutcome, denials_of, failed
from schema.execution.plans import Plan
from store.sql.errors import OutageCause, StoreUnavailableError

log = logging.getLogger("gateway.api")

MISMATCH = ResponseError(ErrorCode.PERSISTED_DOCUMENT_MISMATCH, "`documentId` is not the SHA-256 of `query`.")
NOT_FOUND = ResponseError(
    ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND, "This client has no registered document with that `documentId`."
)
NOT_TRUSTED = ResponseError(
    ErrorCode.PERSISTED_DOCUMENT_REQUIRED,
    "This client may only send documents it was registered with; this one is not registered.",
)
NO_DOCUMENT = ResponseError(ErrorCode.BAD_REQUEST, "The request has neither `query` nor `documentId`.")
NO_INTROSPECTION = ResponseError(
    ErrorCode.INTROSPECTION_DISABLED,
    "This client is not registered for introspection; the schema is published as schema.graphql.",
)
NO_MUTATION = ResponseError(ErrorCode.MUTATION_NOT_ALLOWED, "A mutation needs POST.")


def step_up(coordinates: tuple[str, ...]) -> Outcome:
    """A sensitive operation needs a more recent authentication; nothing of it was executed (S7)."""
    message = f"{', '.join(coordinates)} needs a sign-in of the last {FRESH // 60} minutes: sign in again."
    details = {"maxAgeSeconds": FRESH, "coordinates": list(coordinates)}
    return failed(
        RequestOutcome.STEP_UP_REQUIRED, [ResponseError(ErrorCode.STEP_UP_REQUIRED, message, details=details)]
    )


class Cost(NamedTuple):
    """The cost of an operation that was executed, in objects."""

    estimated: int
    """Reserved."""
    charged: int
    """Read."""


def answered(
    data: Any,
    errors: list[ResponseError],
    decision: Decision,
    cost: Cost | None,
    personal: bool,
    replayed: tuple[str, ...] = (),
) -> Outcome:
    """The response of an operation that was executed; `replayed` are the response keys of repeated mutations."""
    body: dict[str, Any] = {"data": data}
    if errors:
        body["errors"] = [each.formatted() for each in errors]
    extensions: dict[str, Any] = {}
    if decision.refused:
        extensions["withheld"] = [withheld(each) for each in decision.problems()]
    if decision.redacted:
        extensions["redacted"] = decision.redacted
    if cost is not None:
        extensions["cost"] = cost._asdict()
    whole = bool(replayed) and len(replayed) == len(data or ())
    # A response that is repeated as a whole has the body of the first one.
    if replayed and not whole:
        extensions["replayed"] = list(replayed)
    if extensions:
        body["extensions"] = extensions
    denials = denials_of(decision.problems()) if decision.refused else ()
    content = orjson.dumps(body, option=orjson.OPT_UTC_Z)
    return Outcome(RequestOutcome.OK, content, personal, denials=denials, partial=bool(errors), replayed=whole)


def dry_run(chosen: Chosen, problems: list[ResponseError], plan: Plan | None, cost: int = 0) -> Outcome:
    """The report of a dry run, without reading data; `plan` is None if the operation would be refused."""
    report = {
        "allowed": plan is not None,
        "purpose": chosen.purpose.name if chosen.purpose else None,
        "refused": [each.formatted() for each in problems] if plan is None else [],
        "withheld": [withheld(each) for each in problems] if plan is not None else [],
        "fields": list(plan.coordinates) if plan else [],
        "columns": list(plan.columns) if plan else [],
        "cost": cost,
    }
    return Outcome(RequestOutcome.OK, orjson.dumps(report))


def withheld(problem: ResponseError) -> dict[str, Any]:
    """One coordinate that returned null, with the reason, for `extensions.withheld`."""
    return dict(problem.details)


def too_costly(cost: int, most: int) -> Outcome:
    """The operation may read more objects than the limit."""
    message = f"The operation may read up to {cost} objects; the most is {most}. Ask for smaller pages."
    details = {"limit": "cost", "most": most, "estimated": cost}
    return failed(RequestOutcome.REQUEST_ERROR, [ResponseError(ErrorCode.LIMIT_EXCEEDED, message, details=details)])


def beyond(error: ReadLimitError) -> Outcome:
    """The operation read beyond a limit; nothing of that is shown."""
    if isinstance(error, CustomerLimitError):
        return too_many_customers(error.retry_after, error.most)
    assert isinstance(error, TooManyObjectsError)
    return failed(RequestOutcome.REQUEST_ERROR, [_too_much(error)])


def _too_much(error: TooManyObjectsError, path: tuple[str | int, ...] = ()) -> ResponseError:
    message = f"The operation read more than {error.most} objects, which is the most. Ask for less at once."
    details = {"limit": "cost", "most": error.most}
    return ResponseError(ErrorCode.LIMIT_EXCEEDED, message, path=path, details=details)


def throttled(wait: float, cost: int) -> Outcome:
    """The budget is spent; nothing was read."""
    # Rounded up: `Retry-After` has whole seconds, and an earlier attempt would be refused again.
    seconds = max(1, math.ceil(wait))
    message = f"The budget is spent: try again in {seconds} s, or ask for less at once."
    details = {"retryAfter": seconds, "estimated": cost}
    return failed(RequestOutcome.THROTTLED, [ResponseError(ErrorCode.THROTTLED, message, details=details)], seconds)


def too_many_customers(wait: float, most: int) -> Outcome:
    """The client reached its limit of different customers per hour; the answer is discarded."""
    seconds = max(1, math.ceil(wait))
    message = (
        f"This client may read {most} different customers in an hour. It goes on with those it has read, and with "
        f"others later: try again in {seconds} s, or have the operator raise it."
    )
    details = {"retryAfter": seconds, "most": most}
    return failed(
        RequestOutcome.THROTTLED, [ResponseError(ErrorCode.TOO_MANY_CUSTOMERS, message, details=details)], seconds
    )


def not_shown(beyond: ReadLimitError, path: tuple[str | int, ...]) -> ResponseError:
    """A field error: the mutation was executed, but a limit forbids to show its result."""
    if not isinstance(beyond, CustomerLimitError):
        assert isinstance(beyond, TooManyObjectsError)
        return _too_much(beyond, path)
    seconds = max(1, math.ceil(beyond.retry_after))
    message = (
        f"This client may read {beyond.most} different customers in an hour. The change was made; read what it changed "
        f"in {seconds} s, or have the operator raise it."
    )
    details = {"retryAfter": seconds, "most": beyond.most}
    return ResponseError(ErrorCode.TOO_MANY_CUSTOMERS, message, path=path, details=details)


def timed_out(seconds: float) -> Outcome:
    """The operation exceeded the time limit; its database work was cancelled."""
    message = f"The operation took longer than {seconds:g} s and was stopped. Ask for less at once, or try again later."
    return failed(RequestOutcome.UNAVAILABLE, [ResponseError(ErrorCode.TIMEOUT, message, details={"retryAfter": 5})], 5)


def timed_out_after(seconds: float, outcomes: Mapping[str, bool | None]) -> Outcome:
    """The time was over after a mutation was carried out: what became of each is told, and nothing is shown.

    `outcomes` are told by response key; None if it is not known whether the change was made.
    """
    late = f"The operation took longer than {seconds:g} s."
    said = {
        True: f"{late} The change was made; read it to see it.",
        False: f"{late} The change was not made: send it again.",
        None: f"{late} The change may have been made: read it before you repeat it.",
    }
    errors = [
        ResponseError(
            ErrorCode.TIMEOUT,
            said[made],
            path=(key,),
            details={"retryAfter": 5} | ({} if made is None else {"made": made}),
        )
        for key, made in outcomes.items()
    ]
    body = {"data": dict.fromkeys(outcomes), "errors": [each.formatted() for each in errors]}
    return Outcome(RequestOutcome.OK, orjson.dumps(body), personal=True, partial=True)


def unavailable(error: StoreUnavailableError, changing: bool = False) -> Outcome:
    """The store cannot answer. Data that was read is discarded; a mutation (`changing`) may have committed."""
    # Waiting does not help: an operator has to act, so there is no retry time.
    if error.cause is OutageCause.LEDGER_BEHIND:
        return failed(RequestOutcome.UNAVAILABLE, [ResponseError(ErrorCode.LEDGER_BEHIND, error.reason)])
    problem = outage(error, changing)
    return failed(RequestOutcome.UNAVAILABLE, [problem], int(problem.details["retryAfter"]))


def outage(error: StoreUnavailableError, changing: bool, path: tuple[str | int, ...] = ()) -> ResponseError:
    """The error of a store that cannot answer; of one field, if other mutations of the request were carried out."""
    message = "The customer store cannot answer at the moment; try again later."
    details: dict[str, object] = {"retryAfter": max(1, math.ceil(error.retry_after))}
    if changing and error.nothing_changed:
        message += " The change was not made: send it again."
        details["made"] = False
    elif changing:
        message += " The change may have been made: read it before you repeat it."
    return ResponseError(ErrorCode.UNAVAILABLE, message, path=path, details=details)


def unfit(error: GraphQLError) -> ResponseError:
    """A stored value that the field's type cannot express: null with an error, and never called the caller's fault."""
    names = [node.name.value for node in error.nodes or () if isinstance(node, FieldNode)]
    # The schema's own name: the path has response keys, which the caller chose.
    log.error("A stored value does not fit the type of the field %s.", names[0] if names else "?")
    problem = from_core(error, ErrorCode.DATA_DAMAGED, hints=False)
    return replace(problem, message=UNFIT)


UNFIT = "The stored value does not fit the field's type: it was altered. Operators: see the log."


def internal(error: BaseException, path: tuple[str | int, ...] = ()) -> ResponseError:
    """An unexpected error. The caller gets an incident number, the log the type and place; neither contains a value."""
    incident = secrets.token_hex(6)
    # File names and lines only: messages and source lines may contain values (D1, G5).
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("incident %s: %s at %s", incident, type(error).__name__, " > ".join(frames[-6:]))
    message = f"Something went wrong on our side. Quote {incident} when you report it."
    return ResponseError(ErrorCode.INTERNAL, message, path=path, details={"incident": incident})
