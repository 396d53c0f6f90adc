"""`/oauth/authorize`: a customer is sent here by a client, and back to it with a code (RFC 6749 §3.1, RFC 9207)."""

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
from gateway.oauth import codes
from gateway.oauth.codes import AuthenticationEvent, AuthorizationCode
from gateway.oauth.endpoints import consent, pages
from gateway.oauth.endpoints.authorization_request import AuthorizationRequest, judge
from gateway.oauth.endpoints.consent import Consents, Ticket
from gateway.oauth.endpoints.endpoint import AuthorizationServer
from gateway.oauth.endpoints.pushed import Pushed, open_sealed
from gateway.oauth.identity import SignedInIdentity, sign_in_address
from gateway.oauth.parameters import MAX_BYTES, Parameters, parse, read_form
from gateway.oauth.registry.clients import REFRESH, RegisteredClient
from gateway.oauth.registry.scopes import spelt
from messages.message import marked
from messages.negotiation import first_of, preferred
from store.sql.ids import new_id

LENIENCE = 60
"""Seconds that a sign-in may be older than asked for: those that it takes to come back from it."""


class NoRedirectError(Exception):
    """Nobody can be told but the person in front of the browser: a redirect could lead to a thief (O3)."""


@dataclass(frozen=True, slots=True)
class ClientRedirect:
    """An authorization request whose client and address are sure."""

    client: RegisteredClient
    redirect_uri: str
    parameters: Parameters
    pushed: Pushed | None
    """Where they come from, if they were pushed."""


class Authorization:
    """The authorization endpoint, the page it goes on by, and the form of the consent page."""

    def __init__(self, house: AuthorizationServer) -> None:
        self._house = house
        self._consents = Consents(house.store.reader)

    async def authorize(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET")
        response = await self._begin(Request(scope, receive), scope["query_string"])
        await response(scope, receive, send)

    async def resume(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where people come back to after they have signed in."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET")
        query: bytes = scope["query_string"]
        language = _language(Request(scope))
        fits = len(query) <= MAX_BYTES
        response = pages.resumed(query.decode("latin-1"), language) if fits else pages.refused(TOO_LONG, language)
        await response(scope, receive, send)

    async def decide(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the form of the consent page."""
        try:
            form = await read_form(scope, receive, self._house.settings.body_seconds)
        except OAuth2Error:
            form = Parameters({})
        except ClientDisconnectedError:
            return
        response = await self._decided(Request(scope, receive), form)
        await response(scope, receive, send)

    async def _begin(self, request: Request, query: bytes) -> Response:
        """1. client and address are sure; 2. the client may ask this; 3. somebody is signed in; 4. and agrees; 5. code.

        What fails before 1 is a page, what fails later is told to the client.
        """
        try:
            sent = await self._sent(query)  # 1
        except NoRedirectError as error:
            return pages.refused(str(error), _language(request))
        try:
            wanted = judge(self._house, sent.client, sent.parameters)  # 2
            signed_in = await self._house.who_is_here(request, sent.client.platform)  # 3
            if signed_in is None or not self._is_good_enough(signed_in, wanted):
                if wanted.prompt == "none":
                    raise LoginRequiredError
                back = f"/oauth/resume?{query.decode('ascii')}"
                return _to(sign_in_address(wanted.client.platform, back, _age(wanted)))
            if wanted.prompt == "consent" or not await self._consents.covers(wanted, signed_in):  # 4
                if wanted.prompt == "none":
                    raise ConsentRequiredError
                ticket = Ticket(query.decode("ascii"), signed_in.session_id, int(self._house.clock()) + consent.SECONDS)
                language = first_of(sent.parameters.get("ui_locales")) or _language(request)
                return pages.consent(wanted, await ticket.sealed(self._house.store.keys.house), language)
            return await self._grant(sent, wanted, signed_in, consented=False)  # 5
        except OAuth2Error as error:
            return self._back(sent, dict(error.get_body()))

    async def _decided(self, request: Request, form: Parameters) -> Response:
        """The same steps again, for whoever was shown the page."""
        house = self._house
        ticket = await Ticket.opened(house.store.keys.house, form.get("ticket") or "", house.clock())
        if ticket is None:
            return pages.refused(NOT_YOURS, _language(request))
        try:
            sent = await self._sent(ticket.query.encode("ascii"))
        except NoRedirectError as error:
            return pages.refused(str(error), _language(request))
        signed_in = await house.who_is_here(request, sent.client.platform)
        if signed_in is None or signed_in.session_id != ticket.session:
            return pages.refused(NOT_YOURS, _language(request))
        try:
            wanted = judge(house, sent.client, sent.parameters)
            if form.get("decision") != "allow" or not self._is_good_enough(signed_in, wanted):
                raise AccessDeniedError
            return await self._grant(sent, wanted, signed_in, consented=True)
        except OAuth2Error as error:
            return self._back(sent, dict(error.get_body()))

    async def _sent(self, query: bytes) -> ClientRedirect:
        """Step 1: a client that exists, and an address that is registered for it character by character."""
        if len(query) > MAX_BYTES:
            raise NoRedirectError(TOO_LONG)
        try:
            parameters = parse(query)
        except OAuth2Error as error:
            raise NoRedirectError(error.description) from error
        client = await self._house.clients.find(parameters.get("client_id"))
        if client is None:
            raise NoRedirectError("The app that sent you here is not known.")
        reference, found = parameters.get("request_uri"), None
        if reference is not None:
            found = await open_sealed(self._house.store.keys.house, reference, client.client_id, self._house.now)
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

    def _is_good_enough(self, signed_in: SignedInIdentity, wanted: AuthorizationRequest) -> bool:
        """Whether it is the right sign-in, and young enough."""
        if signed_in.platform != wanted.client.platform:
            return False
        age = _age(wanted)
        return age is None or self._house.clock() - signed_in.authenticated_at <= max(age, LENIENCE)

    async def _grant(
        self, sent: ClientRedirect, wanted: AuthorizationRequest, signed_in: SignedInIdentity, consented: bool
    ) -> Response:
        """Step 5: everything that has to be written, and the way back with the code."""
        now = self._house.now
        at = datetime.fromtimestamp(signed_in.authenticated_at, UTC)
        code = AuthorizationCode(
            client_id=sent.client.client_id,
            sign_in=AuthenticationEvent(signed_in.customer_id, signed_in.session_id, at, signed_in.amr),
            family_id=new_id(),
            redirect_uri=sent.redirect_uri,
            scope=spelt(wanted.scopes),
            code_challenge=wanted.challenge,
            jkt=wanted.jkt,
            refreshable=sent.client.check_grant_type(REFRESH) and not signed_in.shared,
        )

        def write(connection: Connection) -> str | None:
            if sent.pushed is not None and not sent.pushed.spend(connection):
                return None
            if consented and not sent.client.first_party:  # Our own act for their customer, not by consent.
                consent.give(connection, wanted, signed_in, now)
            return codes.issue(connection, code, now)

        async with self._house.store.write() as connection:
            text = await connection.run_sync(write)
        if text is None:
            return pages.refused(marked("The request was used before."))
        return self._back(sent, {"code": text})

    def _back(self, sent: ClientRedirect, said: dict[str, str]) -> Response:
        """To the client, with the state as it came and our name (RFC 9207), so that answers cannot be mixed up."""
        state = sent.parameters.get("state")
        said |= {"iss": self._house.settings.issuer} | ({} if state is None else {"state": state})
        joint = "&" if "?" in sent.redirect_uri else "?"
        return _to(f"{sent.redirect_uri}{joint}{urlencode(said)}")


TOO_LONG = marked("The request is too long.")
NOT_YOURS = marked("This form was not made for the session you are in, or it is too old.")


def _age(wanted: AuthorizationRequest) -> int | None:
    """Seconds since the customer proved who they are, at most; `prompt=login` asks for now."""
    return 0 if wanted.prompt == "login" else wanted.max_age


def _to(address: str) -> Response:
    return RedirectResponse(address, 303, pages.NO_STORE)


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language"))
