"""The three grants, on Authlib's, with what OAuth 2.1 and RFC 9700 ask beyond them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from gateway.oauth.authentication import ASSERTION, BASIC, NONE, POST
from gateway.oauth.scopes import narrowed, require_words
from gateway.oauth.visit import OAuthRequestContext
from resolvers.account.signins_evaluating import Arrival
from resolvers.clients.scopes import for_tools, spelt
from resolvers.oauth import codes, families, refresh_tokens
from resolvers.oauth.codes import AuthorizationCode
from resolvers.oauth.families import Family
from resolvers.oauth.standing import allowed_still
from resolvers.signins.contexts import SignInContext

EVERYONE = [BASIC, POST, ASSERTION, NONE]
CONFIDENTIAL = [BASIC, POST, ASSERTION]
CHALLENGE_LENGTH = 43
"""Of a SHA-256 in base64url."""


class S256(CodeChallenge):
    """PKCE for every client, by S256 only (O2)."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """InvalidRequestError unless there is a challenge of this method."""
        data = grant.request.payload.data
        challenge = data.get("code_challenge", "")
        if data.get("code_challenge_method") != "S256" or len(challenge) != CHALLENGE_LENGTH:
            raise InvalidRequestError("A code_challenge of method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(grants.AuthorizationCodeGrant):
    """A customer who is there lets a client act for them."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERYONE

    @property
    def visit(self) -> OAuthRequestContext:
        """What is known of the request."""
        visit: OAuthRequestContext = self.server.visit
        return visit

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        """The address, exactly as it is registered (O3); Authlib's own would repeat it in the error."""
        address: str | None = request.payload.redirect_uri
        if address is None or not client.check_redirect_uri(address):
            raise InvalidRequestError("The redirect_uri is missing, or is none that the client has registered.")
        return address

    def validate_requested_scope(self) -> None:
        """Refuse what the client may not have about customers, and write out what it asks for by asking for nothing."""
        client = self.server.query_client(self.request.payload.client_id)
        asked = narrowed(self.request.payload.scope, client.for_customers)
        self.request.payload.data["scope"] = spelt(require_words(asked, client.first_party))

    def query_authorization_code(self, code: str, client: Any) -> AuthorizationCode | None:
        """What the code stands for, if this is its first use (O2)."""
        visit = self.visit
        found = codes.redeem(visit.connection, code, client.client_id, visit.now)
        if found is not None and found.jkt is not None and found.jkt != visit.jkt:
            raise InvalidGrantError("The code is bound to another key.")
        if found is not None and allowed_still(visit.connection, client, found.sign_in, found.scope) is None:
            return None
        return found

    def authenticate_user(self, code: AuthorizationCode) -> Family:
        """Start the family of the code's tokens."""
        visit = self.visit
        visit.spend_proof()
        name = self.request.client.name
        context = None if visit.contexts is None else visit.contexts(code.sign_in.customer_id)
        return families.begin(visit.connection, code, visit.lives, visit.now, visit.jkt, name, context)

    def delete_authorization_code(self, code: AuthorizationCode) -> None:
        """Nothing: a used code is kept, to know it again."""


class RefreshGrant(grants.RefreshTokenGrant):
    """A client goes on acting for a customer; each use makes a new token and ends the old one (O4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERYONE
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Family | None:
        """The family, if this is its newest token and the right client brings it with the right key.

        Nothing is used up yet: a request that fails on its scope has not lost its token.
        """
        visit: OAuthRequestContext = self.server.visit
        presented = refresh_tokens.read(visit.refresh_key, refresh_token)
        if presented is None:
            return None
        client = self.request.client
        family = families.find(visit.connection, presented, visit.refresh_key)
        if family is None or not family.check_client(client) or family.is_void(client.void_until):
            return None
        if family.jkt is not None and family.jkt != visit.jkt:
            raise InvalidGrantError("The refresh token is bound to another key.")
        if presented.generation != family.generation:
            families.advance(visit.connection, family, presented.generation, visit.lives, visit.now)
            return None
        if visit.contexts is not None and not family.is_over(visit.now):
            self._evaluate(family, visit.contexts(family.sign_in.customer_id))
        left = allowed_still(visit.connection, client, family.sign_in, family.scope)
        return None if left is None else replace(family, scope=left)

    def _evaluate(self, family: Family, context: SignInContext | None) -> None:
        """Notice where the family turns up (S12); InvalidGrantError where its customer has to sign in again, or is
        no more."""
        if context is None:
            raise InvalidGrantError
        finding = context.compare(family.id, family.contexts)
        if finding.news:
            platform = self.request.client.platform
            self.server.arrival = Arrival(family.id, family.sign_in.customer_id, platform, finding)
        if not finding.verdict.admits:
            raise InvalidGrantError("The token turned up elsewhere: send the customer through sign-in.")

    def _validate_token_scope(self, token: Family) -> None:
        """Down-scoping narrows only, and never beyond what the client is still registered for."""
        client = self.request.client
        allowed = frozenset(token.scope.split()) & client.for_customers
        asked = narrowed(self.request.payload.scope, allowed)
        self.request.payload.data["scope"] = spelt(require_words(asked, client.first_party))

    def authenticate_user(self, refresh_token: Family) -> Family:
        """The family itself."""
        return refresh_token

    def issue_token(self, user: Family, refresh_token: Family) -> Any:
        """Use the token up, then make the next one; InvalidGrantError for whoever came second."""
        visit: OAuthRequestContext = self.server.visit
        visit.spend_proof()
        next_ = families.advance(visit.connection, user, user.generation, visit.lives, visit.now)
        if next_ is None:
            raise InvalidGrantError
        return super().issue_token(next_, refresh_token)

    def revoke_old_credential(self, refresh_token: Family) -> None:
        """Nothing: it is of an old generation now."""


class OwnGrant(grants.ClientCredentialsGrant):
    """A tool acts for itself, never for a customer."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL

    def validate_requested_scope(self) -> None:
        """Refuse what the client may not have for itself, instead of leaving it out in silence (O4)."""
        client = self.request.client
        allowed = for_tools(client.purposes, client.actions)
        self.request.payload.data["scope"] = spelt(narrowed(self.request.payload.scope, allowed))
