"""`/oauth/authorize`: the authorization endpoint, which redirects back to the client with a code (RFC 6749 §3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import AccessDeniedError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.access.oauth_errors import ConsentRequiredError, LoginRequiredError
from gateway.http import problems
from gateway.http.bodies import ClientDisconnectedError
from gateway.oauth.endpoints import consent, pages
from gateway.oauth.endpoints.authorization_request import AuthorizationRequest, validate
from gateway.oauth.endpoints.consent import Ticket
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.endpoints.pushed import Pushed, open_sealed
from gateway.oauth.identity import SignedInIdentity, sign_in_address
from gateway.oauth.parameters import MAX_BYTES, Parameters, parse, read_form
from messages.message import marked
from messages.negotiation import first_of, preferred
from resolvers.clients.oauth_clients import REFRESH, RegisteredClient
from resolvers.clients.scopes import spelt
from resolvers.oauth import codes
from resolvers.oauth.codes import AuthenticationEvent, AuthorizationCode
from resolvers.oauth.consents import Consents, give
from store.crypto.pairwise import pairwise_subject
from store.sql.ids import new_id

LENIENCE = 60
"""Seconds that a sign-in may be older than `max_age` asks: the redirect back from the sign-in page takes time."""


class NoRedirectError(Exception):
    """An error for the user's eyes only: the redirect URI is not verified, so a redirect could lead to a thief (O3)."""


@dataclass(frozen=True, slots=True)
class ClientRedirect:
    """An authorization request with verified client and redirect URI."""

    client: RegisteredClient
    redirect_uri: str
    parameters: Parameters
    pushed: Pushed | None
    """The pushed request that the parameters come from, if any."""


class Authorization:
    """The authorization endpoint, the page that resumes it after sign-in, and the target of the consent form."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server
        self._consents = Consents(server.store.reader)

    async def authorize(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET; a POST is sent on as one (OpenID Connect Core §3.1.2.1). Problem 405 for other methods."""
        if scope["method"] == "POST":
            await self._repeated(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, POST")
        response = await self._begin(Request(scope, receive), scope["query_string"])
        await response(scope, receive, send)

    async def _repeated(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect the form of another site to the same request by GET, with which browsers send the session's cookie.

        A cookie that is SameSite=Lax does not come with a form that another site sends.
        """
        try:
            form = await read_form(scope, receive, self._server.settings.body_seconds)
            pairs = [*form.values.items(), *(("resource", each) for each in form.resources)]
            response = _to(f"{scope['path']}?{urlencode(pairs)}")
        except OAuth2Error as error:
            response = pages.refused(error.description, _language(Request(scope)))
        except ClientDisconnectedError:
            return
        await response(scope, receive, send)

    async def resume(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET after the sign-in: a page that continues the authorization request; Problem 405."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET")
        query: bytes = scope["query_string"]
        language = _language(Request(scope))
        fits = len(query) <= MAX_BYTES
        response = pages.resumed(query.decode("latin-1"), language) if fits else pages.refused(TOO_LONG, language)
        await response(scope, receive, send)

    async def decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the POST of the consent form."""
        try:
            form = await read_form(scope, receive, self._server.settings.body_seconds)
        except OAuth2Error:
            form = Parameters({})  # Without a ticket: refused below like any form that was not made here.
        except ClientDisconnectedError:
            return
        response = await self._decided(Request(scope, receive), form)
        await response(scope, receive, send)

    async def _begin(self, request: Request, query: bytes) -> Response:
        """1. verify client and redirect URI; 2. validate the request; 3. sign-in; 4. consent; 5. issue the code.

        A failure of step 1 is shown as a page, a later one is reported to the client (RFC 6749 §4.1.2.1).
        """
        try:
            sent = await self._sent(query)  # 1
        except NoRedirectError as error:
            return pages.refused(str(error), _language(request))
        try:
            requested = validate(self._server, sent.client, sent.parameters)  # 2
            asked = first_of(sent.parameters.get("ui_locales"))
            signed_in = await self._server.who_is_here(request, sent.client.platform)  # 3
            if signed_in is None or not self._is_good_enough(signed_in, requested):
                if requested.silent:
                    raise LoginRequiredError
                back = f"/oauth/resume?{query.decode('ascii')}"
                return _to(sign_in_address(requested.client.platform, back, requested.age, asked))
            await self._require_expected(signed_in, requested)
            if "consent" in requested.prompts or not await self._covers(requested, signed_in):  # 4
                if requested.silent:
                    raise ConsentRequiredError
                ticket = Ticket(
                    query.decode("ascii"), signed_in.session_id, int(self._server.clock()) + consent.SECONDS
                )
                sealed = await ticket.sealed(self._server.store.keys.system)
                return pages.consent(requested, sealed, asked or _language(request))
            return await self._grant(sent, requested, signed_in, consented=False)  # 5
        except OAuth2Error as error:
            return self._back(sent, dict(error.get_body()))

    async def _decided(self, request: Request, form: Parameters) -> Response:
        """Repeat the steps for the session that was shown the consent form: everything may have changed since."""
        server = self._server
        ticket = await Ticket.opened(server.store.keys.system, form.get("ticket") or "", server.clock())
        if ticket is None:
            return pages.refused(NOT_YOURS, _language(request))
        try:
            sent = await self._sent(ticket.query.encode("ascii"))
        except NoRedirectError as error:
            return pages.refused(str(error), _language(request))
        signed_in = await server.who_is_here(request, sent.client.platform)
        if signed_in is None or signed_in.session_id != ticket.session:
            return pages.refused(NOT_YOURS, _language(request))
        try:
            requested = validate(server, sent.client, sent.parameters)
            if form.get("decision") != "allow" or not self._is_good_enough(signed_in, requested):
                raise AccessDeniedError
            await self._require_expected(signed_in, requested)
            return await self._grant(sent, requested, signed_in, consented=True)
        except OAuth2Error as error:
            return self._back(sent, dict(error.get_body()))

    async def _sent(self, query: bytes) -> ClientRedirect:
        """Step 1: the client exists, and the redirect URI is registered for it character by character.

        NoRedirectError otherwise.
        """
        if len(query) > MAX_BYTES:
            raise NoRedirectError(TOO_LONG)
        try:
            parameters = parse(query)
        except OAuth2Error as error:
            raise NoRedirectError(error.description) from error
        client = await self._server.clients.find(parameters.get("client_id"))
        if client is None:
            raise NoRedirectError("The app that sent you here is not known.")
        reference, found = parameters.get("request_uri"), None
        if reference is not None:
            found = await open_sealed(self._server.store.keys.system, reference, client.client_id, self._server.now)
            if found is None or found.is_void(client.void_until):
                raise NoRedirectError("The request has expired, or was never made.")
            parameters = found.parameters
        elif client.pushed:
            raise NoRedirectError("The app that sent you here must push its requests, and has not.")
        address = parameters.get("redirect_uri")
        if address is None or not client.check_redirect_uri(address):
            raise NoRedirectError(
                "The app that sent you here wants the answer at an address that is not registered for it."
            )
        return ClientRedirect(client, address, parameters, found)

    async def _covers(self, requested: AuthorizationRequest, signed_in: SignedInIdentity) -> bool:
        return await self._consents.covers(requested.client, requested.scopes, signed_in.customer_id)

    def _is_good_enough(self, signed_in: SignedInIdentity, requested: AuthorizationRequest) -> bool:
        """True if the sign-in is on the client's platform and recent enough for `max_age` and `prompt`."""
        if signed_in.platform != requested.client.platform:
            return False
        age = requested.age
        return age is None or self._server.clock() - signed_in.authenticated_at <= max(age, LENIENCE)

    async def _require_expected(self, signed_in: SignedInIdentity, requested: AuthorizationRequest) -> None:
        """LoginRequiredError if the ID token that the client sent (`id_token_hint`) is of another customer.

        One that cannot be verified any more, because its key is gone, names nobody: without a page that is an error,
        too, otherwise the client compares the `sub` that it gets (OpenID Connect Core §3.1.2.1).
        """
        if requested.hint is None:
            return
        client = requested.client.client_id
        expected = await self._server.tokens.subject_of_id_token(requested.hint, client)
        (key,) = await self._server.store.keys.subjects([signed_in.customer_id])
        if key is None or (expected is None and requested.silent):
            raise LoginRequiredError
        if expected is not None and expected != pairwise_subject(key, client):
            raise LoginRequiredError

    async def _grant(
        self, sent: ClientRedirect, requested: AuthorizationRequest, signed_in: SignedInIdentity, consented: bool
    ) -> Response:
        """Step 5: spend the pushed request, record the consent, issue the code, and redirect with it."""
        now = self._server.now
        at = datetime.fromtimestamp(signed_in.authenticated_at, UTC)
        code = AuthorizationCode(
            client_id=sent.client.client_id,
            sign_in=AuthenticationEvent(signed_in.customer_id, signed_in.session_id, at, signed_in.amr),
            family_id=new_id(),
            redirect_uri=sent.redirect_uri,
            scope=spelt(requested.scopes),
            code_challenge=requested.challenge,
            jkt=requested.jkt,
            nonce=requested.nonce,
            # On a shared computer nothing may outlive the session (R41).
            refreshable=sent.client.check_grant_type(REFRESH) and not signed_in.shared,
        )

        def write(connection: Connection) -> str | None:
            # In the transaction that issues the code: of two concurrent uses only one commits.
            if sent.pushed is not None and not sent.pushed.spend(connection):
                return None
            if consented and not sent.client.first_party:  # Our own clients need no consent (O10), so none is recorded.
                give(connection, requested.client, requested.scopes, signed_in.customer_id, now)
            return codes.issue(connection, code, now)

        async with self._server.store.write() as connection:
            text = await connection.run_sync(write)
        if text is None:
            return pages.refused(marked("The request was used before."))
        return self._back(sent, {"code": text})

    def _back(self, sent: ClientRedirect, said: dict[str, str]) -> Response:
        """Redirect to the client, with its `state` and our `iss` (RFC 9207), which prevents mix-up attacks."""
        state = sent.parameters.get("state")
        said |= {"iss": self._server.settings.issuer} | ({} if state is None else {"state": state})
        # A registered redirect URI may have a query, which must be kept (RFC 6749 §3.1.2).
        joint = "&" if "?" in sent.redirect_uri else "?"
        return _to(f"{sent.redirect_uri}{joint}{urlencode(said)}")


TOO_LONG = marked("The request is too long.")
NOT_YOURS = marked("This form was not made for the session you are in, or it is too old.")


def _to(address: str) -> Response:
    # 303: after the consent form the browser must use GET, or it would post the form to the client (RFC 9700 §4.12).
    return RedirectResponse(address, 303, pages.NO_STORE)


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language"))
