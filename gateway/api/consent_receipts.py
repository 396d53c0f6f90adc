"""`/consents/{id}/receipt`: a consent receipt in the DPV profile of ISO/IEC TS 27560 (GDPR Art. 7(1))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from starlette.responses import PlainTextResponse, Response
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
from workers.certificates.certificates import Signers, signed_receipt

QUESTION = """
query Receipt($id: ID!) {
  node(id: $id) { ... on Consent { id kind state wordingVersion language source at } }
  me { id }
}
"""


class ConsentReceipts:
    """Serves receipts to the customer's own token. It reads through the API, so the access is in the ledger.

    A client that accepts `text/plain` gets the signed statement, any other the receipt in JSON-LD.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        api: GraphQLApi,
        clock: Callable[[], datetime],
        controller: str,
        signers: Signers,
    ) -> None:
        self._authenticator, self._api, self._clock, self._controller = authenticator, api, clock, controller
        self._signers = signers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; Problem 401, 403, 404 or 405; StoreUnavailableError if the API gives no answer."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        grant = await self._authenticator.authenticate_first_party(*presented(scope, dict(scope["headers"])))
        if grant.subject is None or Purpose.SELF_SERVICE not in grant.purposes:
            raise problems.ProblemError(403, "NOT_YOURS", "A receipt is for the customer who consented.")
        question = Request(query=QUESTION, variables={"id": scope["path_params"]["id"]}, read_only=True)
        outcome = await self._api.execute(question, _any_document(grant))
        if outcome.kind is not RequestOutcome.OK:
            raise StoreUnavailableError(OutageCause.DOWN)
        data = orjson.loads(outcome.body)["data"]
        # Another customer's consent is not found either: `node` returns only one's own (D6).
        if not data or not data.get("node"):
            raise problems.ProblemError(404, "NO_SUCH_CONSENT", "There is no such consent.")
        content = receipt(data["node"], data["me"]["id"], self._controller, self._clock())
        signed = dict(scope["headers"]).get(b"accept", b"").lower().startswith(SIGNED)
        await (await self._statement(content) if signed else _plain(content))(scope, receive, send)

    async def _statement(self, content: Mapping[str, Any]) -> Response:
        signers = await self._signers()
        if not signers:  # A ledger that nobody sealed yet.
            raise StoreUnavailableError(OutageCause.DOWN)
        return PlainTextResponse(signed_receipt(signers, content), headers=_headers("consent-receipt.txt"))


SIGNED = b"text/plain"


def _plain(content: Mapping[str, Any]) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    return Response(body, 200, _headers("consent-receipt.jsonld"), "application/ld+json")


def _headers(name: str) -> dict[str, str]:
    return {"cache-control": "no-store", "vary": "accept", "content-disposition": f'attachment; filename="{name}"'}


def _any_document(grant: Any) -> Any:
    """The grant without its restriction to trusted documents: the query is the gateway's own."""
    return replace(grant, documents_only=False)


def list_routes(
    authenticator: Authenticator, api: GraphQLApi, clock: Callable[[], datetime], controller: str, signers: Signers
) -> list[Route]:
    """The route; `controller` is the public address of the controller, `signers` are the ledger's."""
    return [Route("/consents/{id}/receipt", ConsentReceipts(authenticator, api, clock, controller, signers))]
