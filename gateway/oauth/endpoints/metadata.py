"""Discovery metadata: of the authorization server (RFC 8414) and the protected resource (RFC 9728)."""

from __future__ import annotations

from collections.abc import Iterable

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from gateway.access import dpop
from gateway.addresses.well_known import USERINFO
from gateway.config.extras import has_mcp
from gateway.config.settings import Settings
from gateway.oauth.authentication import ASSERTION, BASIC, NONE, POST
from gateway.oauth.endpoints.authorization_request import PROMPTS
from gateway.tokens import client_keys
from gateway.tokens.signing_keys import ALGORITHM
from gateway.tokens.tokens import ONE_FACTOR, TWO_FACTORS
from messages.catalogue import languages
from policy.openid import CLAIMS
from resolvers.clients.oauth_clients import GRANTS


def server_metadata(settings: Settings, scopes: Iterable[str]) -> dict[str, object]:
    """The metadata of the authorization server; ValueError if Authlib finds it inconsistent."""
    base = settings.public_url
    confidential = [BASIC, POST, ASSERTION]
    everyone = [*confidential, NONE]
    found = AuthorizationServerMetadata(
        {
            "issuer": settings.issuer,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "pushed_authorization_request_endpoint": f"{base}/oauth/par",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "introspection_endpoint": f"{base}/oauth/introspect",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "scopes_supported": sorted(scopes),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(GRANTS),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": everyone,
            "revocation_endpoint_auth_methods_supported": everyone,
            "introspection_endpoint_auth_methods_supported": confidential,
            "token_endpoint_auth_signing_alg_values_supported": list(client_keys.ALGORITHMS),
            "revocation_endpoint_auth_signing_alg_values_supported": list(client_keys.ALGORITHMS),
            "introspection_endpoint_auth_signing_alg_values_supported": list(client_keys.ALGORITHMS),
            "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
            "authorization_response_iss_parameter_supported": True,
            "require_pushed_authorization_requests": False,  # In general; single clients may be registered with it.
            "protected_resources": [settings.audience, *([settings.agent_audience] if has_mcp() else [])],
        }
    )
    found.validate()
    return dict(found)


def openid_metadata(settings: Settings, scopes: Iterable[str]) -> dict[str, object]:
    """The metadata of the OpenID provider (OpenID Connect Discovery §3): that of the server, and what is beyond it.

    ID tokens are signed with ES256 alone, not with RS256 as well: one key set serves both kinds of tokens.
    """
    claims = {claim.partition(".")[0] for claim in CLAIMS}
    return server_metadata(settings, scopes) | {
        "userinfo_endpoint": f"{settings.public_url}{USERINFO}",
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "acr_values_supported": [ONE_FACTOR, TWO_FACTORS],
        "claim_types_supported": ["normal"],
        "claims_supported": ["sub", "auth_time", "acr", "amr", "sid", "nonce", *sorted(claims)],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # By reference only what was pushed (RFC 9126).
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": sorted(languages()),
    }


def agent_metadata(settings: Settings) -> dict[str, object]:
    """The metadata of /mcp.

    Without `scopes_supported`: a client of the Model Context Protocol asks for all that it finds there, and one that
    finds none asks for what it is registered for.
    """
    found = resource_metadata(settings, ()) | {"resource": settings.agent_audience}
    del found["scopes_supported"]
    return found


def resource_metadata(settings: Settings, scopes: Iterable[str]) -> dict[str, object]:
    """The metadata of the protected resource, /graphql."""
    return {
        "resource": settings.audience,
        "authorization_servers": [settings.issuer],
        "jwks_uri": f"{settings.public_url}/.well-known/jwks.json",
        "scopes_supported": sorted(scopes),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "dpop_bound_access_tokens_required": False,
    }
