"""`/consents/{id}/receipt`: what was agreed to, as a receipt to keep (ISO/IEC TS 27560 by DPV, GDPR Art. 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.access.authenticator import Authenticator
from gateway.api.graphql_http import GraphQLApi
from gateway.http import problems
from gateway.http.credentials import presented
from policy.purposes import Purpose
from resolvers.consents.receipts import receipt
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError

QUESTION = """
query Receipt($id: ID!) {
  node(id: $id) { ... on Consent { id kind state wordingVersion language source at } }
  me { id }
}
"""


class ConsentReceipts:
    """Answers the bearer of the customer's own token, from the API: what is read stands in the ledger like all else."""

    def __init__(self, door: Authenticator, api: GraphQLApi, clock: Callable[[], datetime], controller: str) -> None:
        self._door, self._api, self._clock, self._controller = door, api, clock, controller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; Problem 401, 403, 404 or 405."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        grant = await self._door.admit_first_party(*presented(scope, dict(scope["headers"])))
        if grant.subject is None or Purpose.SELF_SERVICE not in grant.purposes:
            raise problems.ProblemError(403, "NOT_YOURS", "A receipt is for the customer who consented.")
        question = Request(query=QUESTION, variables={"id": scope["path_params"]["id"]}, read_only=True)
        outcome = await self._api.execute(question, _any_document(grant))
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        data = orjson.loads(outcome.body)["data"]
        if not data or not data.get("node"):
            raise problems.ProblemError(404, "NO_SUCH_CONSENT", "There is no such consent.")
        content = receipt(data["node"], data["me"]["id"], self._controller, self._clock())
        headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="consent-receipt.jsonld"'}
        response = Response(orjson.dumps(content, option=orjson.OPT_INDENT_2), 200, headers, "application/ld+json")
        await response(scope, receive, send)


def _any_document(grant: Any) -> Any:
    """The same grant for a question of the house's own, whatever documents its client is registered for."""
    return replace(grant, documents_only=False)


def list_routes(door: Authenticator, api: GraphQLApi, clock: Callable[[], datetime], controller: str) -> list[Route]:
    """The address; `controller` is the public address of whoever runs this gateway."""
    return [Route("/consents/{id}/receipt", ConsentReceipts(door, api, clock, controller))]
