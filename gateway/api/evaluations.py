"""`/access/v1/evaluation`: tells other systems whether a client may read a field for a purpose (AuthZEN 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator, grant_of
from gateway.http import problems
from gateway.http.bodies import read_body
from gateway.http.credentials import presented
from gateway.tokens.tokens import Claims
from policy.decision import Granted, Refused
from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.clients.registry import ClientRegistry
from schema.audits.reported import AUDIT_READ
from schema.decision.purposes import Stated, choose
from schema.decision.verdicts import CoordinateVerdicts
from schema.model.model import SchemaModel

ONE: Final = "/access/v1/evaluation"
MANY: Final = "/access/v1/evaluations"
METADATA: Final = "/.well-known/authzen-configuration"
MAX_BYTES: Final = 65_536
MOST: Final = 100
"""Evaluations of one request."""
STOPS: Final = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
"""The decision after which each semantic of several evaluations stops (AuthZEN 1.0 §7.1.2)."""
LONGEST_ID: Final = 128


class EvaluationError(Exception):
    """The request is no evaluation request; the text says why, and repeats nothing of it."""


class Decisions:
    """Decides by the function that decides each operation of the API."""

    def __init__(self, model: SchemaModel, registry: ClientRegistry) -> None:
        self._model, self._registry = model, registry

    async def evaluate(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one evaluation; EvaluationError.

        1. the client's registration becomes the widest grant that a token of it could have; 2. the purpose, with its
        reference, is chosen as for an operation; 3. the field is decided. A decision that depends on the customer is
        `false`: no customer is named, and nobody must take it for a permission about each of them.
        """
        client, coordinate = named(asked, "subject", "client"), named(asked, "resource", "field")
        purpose, reference = _stated(asked)
        registration = await self._registry.find(client)
        if registration is None:
            return _answer(False, "CLIENT_UNKNOWN")
        bound = any(each.own_data_only for each in registration.purposes)
        scopes = registration.scopes | {each.scope for each in registration.purposes}
        claims = Claims("evaluation", client, 1 if bound else None, frozenset(scopes), 0, "")
        grant = grant_of(claims, registration)  # 1
        chosen = choose(grant, None, Stated(purpose, reference))  # 2
        if chosen.refused is not None:
            return _refused(chosen.refused)
        return self._decided(coordinate, chosen.purpose, grant)  # 3

    def _decided(self, coordinate: str, purpose: Purpose | None, grant: Grant) -> dict[str, Any]:
        type_name, _, field = coordinate.partition(".")
        try:
            verdict = CoordinateVerdicts(self._model, purpose, grant).verdict_of(type_name, field)
        except KeyError:
            return _answer(False, "UNDECLARED")
        if isinstance(verdict, Refused):
            return _refused(verdict)
        return _granted(verdict)


def _granted(verdict: Granted) -> dict[str, Any]:
    if verdict.conditions:
        return _answer(False, "DEPENDS_ON_CUSTOMER", conditions=sorted(each.name for each in verdict.conditions))
    return _answer(True)


def _refused(refused: Refused) -> dict[str, Any]:
    more: dict[str, Any] = {"allowed_purposes": [each.name for each in refused.allowed]} if refused.allowed else {}
    if refused.scopes:
        more["scopes"] = list(refused.scopes)
    return _answer(False, refused.reason.name, detail=refused.reason.text, **more)


def _answer(decision: bool, reason: str | None = None, **more: Any) -> dict[str, Any]:
    return {"decision": decision} | ({} if reason is None else {"context": {"reason": reason, **more}})


def named(asked: Mapping[str, Any], entity: str, type_name: str) -> str:
    """The id of an entity of this type (AuthZEN 1.0 §5.1, §5.3); EvaluationError for any other."""
    found = asked.get(entity)
    if not isinstance(found, dict) or found.get("type") != type_name or not isinstance(found.get("id"), str):
        raise EvaluationError(f"The {entity} has the type `{type_name}` and an id.")
    id_: str = found["id"]
    if not 0 < len(id_) <= LONGEST_ID:
        raise EvaluationError(f"The id of the {entity} has 1 to {LONGEST_ID} characters.")
    return id_


def _stated(asked: Mapping[str, Any]) -> tuple[Purpose | None, str | None]:
    action, context = asked.get("action"), asked.get("context", {})
    if not isinstance(action, dict) or action.get("name") != "read":
        raise EvaluationError("The only action is `read`.")
    if not isinstance(context, dict):
        raise EvaluationError("The context is an object.")
    purpose, reference = context.get("purpose"), context.get("reference")
    if purpose is not None and purpose not in Purpose.__members__:
        raise EvaluationError("There is no purpose of that name; the enum `Purpose` of the schema lists them all.")
    if reference is not None and not isinstance(reference, str):
        raise EvaluationError("The reference is a text.")
    return None if purpose is None else Purpose[purpose], reference


class EvaluationEndpoint:
    """Answers one evaluation, or several of one request."""

    def __init__(self, authenticator: Authenticator, decisions: Decisions, seconds: int, several: bool) -> None:
        self._authenticator, self._decisions = authenticator, decisions
        self._seconds, self._several = seconds, several

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a POST: 1. the caller; 2. the body; 3. about other clients only with `audit:read`; 4. the decisions.

        Problem 400, 401, 403, 405, 408 or 413, ClientDisconnectedError or TokenError.
        """
        if scope["method"] != "POST":
            raise problems.method_not_allowed(b"POST")
        headers = dict(scope["headers"])
        grant = await self._authenticator.authenticate_first_party(*presented(scope, headers))  # 1
        body = await read_body(receive, headers.get(b"content-length"), MAX_BYTES, self._seconds)  # 2
        try:
            asked = _requests(body, self._several)
            subjects = {named(each, "subject", "client") for each in asked}
            if not grant.scopes >= AUDIT_READ and subjects != {grant.client_id}:  # 3
                raise problems.insufficient_scope("audit:read")
            answers = await self._answers(asked, _stop(body, self._several))  # 4
        except EvaluationError as error:
            raise problems.malformed(str(error)) from None
        await _response({"evaluations": answers} if self._several else answers[0], headers)(scope, receive, send)

    async def _answers(self, asked: list[dict[str, Any]], stop: bool | None) -> list[dict[str, Any]]:
        answers = []
        for each in asked:
            answers.append(await self._decisions.evaluate(each))
            if answers[-1]["decision"] is stop:
                break
        return answers


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise EvaluationError("The body is no JSON.") from None
    if not isinstance(found, dict):
        raise EvaluationError("The body is a JSON object.")
    return found


def _requests(body: bytes, several: bool) -> list[dict[str, Any]]:
    """The evaluations of a body; what it says once is the default of each (AuthZEN 1.0 §7.1.1)."""
    found = _object(body)
    if not several:
        return [found]
    listed = found.get("evaluations")
    wanted = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    if not isinstance(listed, list) or len(wanted) != len(listed) or not 0 < len(wanted) <= MOST:
        raise EvaluationError(f"The evaluations are a list of 1 to {MOST} objects.")
    common: dict[str, Any] = {
        name: found[name] for name in ("subject", "action", "resource", "context") if name in found
    }
    return [common | each for each in wanted]


def _stop(body: bytes, several: bool) -> bool | None:
    options = _object(body).get("options", {}) if several else {}
    semantic = options.get("evaluations_semantic", "execute_all") if isinstance(options, dict) else None
    if not isinstance(semantic, str) or semantic not in STOPS:
        raise EvaluationError(f"The semantic is one of {', '.join(STOPS)}.")
    return STOPS[semantic]


def _response(content: dict[str, Any], headers: Mapping[bytes, bytes]) -> Response:
    said = {"cache-control": "no-store"}
    # AuthZEN 1.0 §10.1.3: the caller's own name of the request comes back, if it is one.
    request_id = headers.get(b"x-request-id", b"").decode("latin-1")
    if 0 < len(request_id) <= LONGEST_ID and request_id.isascii() and request_id.isprintable():
        said["x-request-id"] = request_id
    return Response(orjson.dumps(content), 200, said, "application/json")


def list_routes(
    authenticator: Authenticator, model: SchemaModel, registry: ClientRegistry, address: str, seconds: int
) -> list[Route]:
    """The routes; `address` is the public one of the gateway, and `seconds` how long a body may take."""
    decisions = Decisions(model, registry)
    metadata = {
        "policy_decision_point": address,
        "access_evaluation_endpoint": f"{address}{ONE}",
        "access_evaluations_endpoint": f"{address}{MANY}",
    }
    document = JSONResponse(metadata, headers={"cache-control": "max-age=300"})

    async def described(_: Any) -> Response:
        return document

    return [
        Route(ONE, EvaluationEndpoint(authenticator, decisions, seconds, several=False)),
        Route(MANY, EvaluationEndpoint(authenticator, decisions, seconds, several=True)),
        Route(METADATA, described, methods=["GET"]),
    ]
