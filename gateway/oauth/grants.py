"""The three OAuth grants, on Authlib's, with what OAuth 2.1 and RFC 9700 require beyond them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7636 import CodeChallenge

from gateway.oauth.authentication import ASSERTION, BASIC, NONE, POST
from gateway.oauth.authlib_private import NarrowingRefreshGrant
from gateway.oauth.request_context import OAuthRequestContext
from gateway.oauth.scopes import narrowed, require_words
from resolvers.account.signins_evaluating import Arrival
from resolvers.clients.scopes import for_tools, spelt
from resolvers.oauth import codes, families, refresh_tokens
from resolvers.oauth.codes import AuthorizationCode
from resolvers.oauth.families import Family
from resolvers.oauth.standing import remaining_scope
from resolvers.signins.contexts import SignInContext

EVERYONE = [BASIC, POST, ASSERTION, NONE]
CONFIDENTIAL = [BASIC, POST, ASSERTION]  # Clients that can prove who they are (RFC 6749 §2.1).
CHALLENGE_LENGTH = 43
"""Characters of a SHA-256 in base64url without padding (RFC 7636 §4.2)."""


class S256(CodeChallenge):
    """PKCE (RFC 7636) for every client, with S256 only (O2)."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """InvalidRequestError unless the request has an S256 challenge."""
        data = grant.request.payload.data
        challenge = data.get("code_challenge", "")
        if data.get("code_challenge_method") != "S256" or len(challenge) != CHALLENGE_LENGTH:
            raise InvalidRequestError("A code_challenge of method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(grants.AuthorizationCodeGrant):
    """The authorization code grant: a customer lets a client act for them."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERYONE

    @property
    def context(self) -> OAuthRequestContext:
        """The context of the request."""
        context: OAuthRequestContext = self.server.context
        return context

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: Any) -> str:
        """The redirect URI, if it is registered character by character (O3); Authlib's error would repeat it."""
        address: str | None = request.payload.redirect_uri
        if address is None or not client.check_redirect_uri(address):
            raise InvalidRequestError("The redirect_uri is missing, or is none that the client has registered.")
        return address

    def validate_requested_scope(self) -> None:
        """Refuse scopes that the client may not have for customers; without a scope, request all it may have."""
        client = self.server.query_client(self.request.payload.client_id)
        asked = narrowed(self.request.payload.scope, client.for_customers)
        self.request.payload.data["scope"] = spelt(require_words(asked, client.first_party))

    def query_authorization_code(self, code: str, client: Any) -> AuthorizationCode | None:
        """The authorization of a code, at its first use (O2); InvalidGrantError if it is bound to another key."""
        context = self.context
        # Redeemed before the other checks, which Authlib makes afterwards: a code with a wrong verifier is used up.
        found = codes.redeem(context.connection, code, client.client_id, context.now)
        if found is not None and found.jkt is not None and found.jkt != context.jkt:
            raise InvalidGrantError("The code is bound to another key.")
        if found is not None and remaining_scope(context.connection, client, found.sign_in, found.scope) is None:
            return None
        return found

    def authenticate_user(self, code: AuthorizationCode) -> Family:
        """Start the code's token family, and spend the DPoP proof in the same transaction."""
        context = self.context
        context.spend_proof()
        name = self.request.client.name
        place = None if context.contexts is None else context.contexts(code.sign_in.customer_id)
        return families.begin(context.connection, code, context.lifetimes, context.now, context.jkt, name, place)

    def delete_authorization_code(self, code: AuthorizationCode) -> None:
        """Do nothing: used codes are kept, to detect their reuse."""


class RefreshGrant(NarrowingRefreshGrant):
    """The refresh token grant, with rotation: each use issues a new refresh token and ends the old one (O4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = EVERYONE
    INCLUDE_NEW_REFRESH_TOKEN = True  # Authlib's default would never rotate (O4).

    def authenticate_refresh_token(self, refresh_token: str) -> Family | None:
        """The family, if this is its newest token, presented by its own client with its own key; None otherwise.

        Nothing is used up yet: a request that fails on its scope has not lost its token. Raises InvalidGrantError.
        """
        context: OAuthRequestContext = self.server.context
        presented = refresh_tokens.read(context.refresh_key, refresh_token)
        if presented is None:
            return None
        client = self.request.client
        family = families.find(context.connection, presented, context.refresh_key)
        if family is None or not family.check_client(client) or family.is_void(client.void_until):
            return None
        # RFC 9449 §5: the refresh token of a public client is bound to the key of its first proof.
        if family.jkt is not None and family.jkt != context.jkt:
            raise InvalidGrantError("The refresh token is bound to another key.")
        # After client and key: a thief who fails those cannot have the family revoked.
        if presented.generation != family.generation:
            families.advance(context.connection, family, presented.generation, context.lifetimes, context.now)
            return None
        if context.contexts is not None and not family.is_over(context.now):
            self._evaluate(family, context.contexts(family.sign_in.customer_id))
        left = remaining_scope(context.connection, client, family.sign_in, family.scope)
        return None if left is None else replace(family, scope=left)

    def _evaluate(self, family: Family, place: SignInContext | None) -> None:
        """Compare the place of use with earlier ones (S12).

        InvalidGrantError if the customer must sign in again, or was erased.
        """
        if place is None:
            raise InvalidGrantError
        finding = place.compare(family.id, family.contexts)
        if finding.news:
            platform = self.request.client.platform
            self.server.arrival = Arrival(family.id, family.sign_in.customer_id, platform, finding)
        if not finding.verdict.admits:
            raise InvalidGrantError("The token turned up elsewhere: send the customer through sign-in.")

    def narrow_scope(self, token: Family) -> None:
        """Narrow the scope as requested, and to what the client is still registered for; ScopeError beyond that."""
        client = self.request.client
        allowed = frozenset(token.scope.split()) & client.for_customers
        asked = narrowed(self.request.payload.scope, allowed)
        self.request.payload.data["scope"] = spelt(require_words(asked, client.first_party))

    def authenticate_user(self, refresh_token: Family) -> Family:
        """The family itself, which stands for the customer."""
        return refresh_token

    def issue_token(self, user: Family, refresh_token: Family) -> Any:
        """Use up the refresh token and issue the next; InvalidGrantError for the second of two concurrent requests."""
        context: OAuthRequestContext = self.server.context
        context.spend_proof()
        if self.request.client.fapi2:
            next_ = families.keep(context.connection, user, context.lifetimes, context.now)
        else:
            next_ = families.advance(context.connection, user, user.generation, context.lifetimes, context.now)
        if next_ is None:
            raise InvalidGrantError
        return super().issue_token(next_, refresh_token)

    def revoke_old_credential(self, refresh_token: Family) -> None:
        """Do nothing: `issue_token` has advanced the generation, which ends the old token."""


class OwnGrant(grants.ClientCredentialsGrant):
    """The client credentials grant: a tool acts for itself, never for a customer."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL

    def validate_requested_scope(self) -> None:
        """Refuse scopes that the client may not have for itself; Authlib would drop them silently (O4). ScopeError."""
        client = self.request.client
        allowed = for_tools(client.purposes, client.actions)
        self.request.payload.data["scope"] = spelt(narrowed(self.request.payload.scope, allowed))
