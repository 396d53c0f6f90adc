"""ID tokens (OpenID Connect Core §2): who signed in, when and how, and nothing else about the person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oidc.core import OpenIDToken
from authlib.oidc.core.util import create_half_hash

from gateway.oauth.request_context import OAuthRequestContext
from gateway.tokens.signing_keys import ALGORITHM
from gateway.tokens.tokens import acr_of
from resolvers.oauth.codes import AuthorizationCode
from store.crypto.pairwise import pairwise_session, pairwise_subject

LIFE = timedelta(minutes=5)
"""An ID token is verified when it arrives; it opens nothing, so it need not last."""


class IdentityExtension(OpenIDToken):
    """Adds an ID token to the answer to a code whose scope has `openid`."""

    def __init__(self, context: OAuthRequestContext) -> None:
        self._context = context

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        """The ID token; InvalidGrantError if the customer was erased since the code was issued.

        Claims about the person are not in it: they are read at the userinfo endpoint, where the read is decided and
        recorded at the moment in which it happens.
        """
        context = self._context
        code: AuthorizationCode = request.authorization_code
        key = context.subject_key(code.sign_in.customer_id)
        if key is None:
            raise InvalidGrantError
        half = create_half_hash(token["access_token"], ALGORITHM)
        claims: dict[str, object] = {
            "sub": pairwise_subject(key, code.client_id),
            "aud": code.client_id,
            "auth_time": int(code.sign_in.authenticated_at.timestamp()),
            "acr": acr_of(code.sign_in.amr),
            "amr": list(code.sign_in.amr),
            "sid": pairwise_session(key, code.client_id, code.sign_in.session_id),
            "at_hash": half.decode(),
        }
        if code.nonce is not None:
            claims["nonce"] = code.nonce
        return context.id_token(claims, LIFE // timedelta(seconds=1))
