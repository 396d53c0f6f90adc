"""A tool that acts for itself: it proves who it is with a key of its own (private_key_jwt), and asks for a purpose."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.journeys.customer import asked
from tests.oauth.relying import ASSERTION_TYPE

ISSUER = "https://data.example"


class Tool:
    """A client of the gateway."""

    def __init__(self, id_: str, url: Callable[[], str], clock: Callable[[], datetime]) -> None:
        self.id, self._url, self._clock = id_, url, clock
        self._key = ECKey.generate_key("P-256")

    def public_key(self, folder: Path) -> str:
        """The file of the public key, as `gateway clients create` takes it."""
        path = folder / f"{self.id}.jwks"
        key = self._key.as_dict(private=False) | {"kid": self._key.thumbprint()}
        path.write_text(json.dumps({"keys": [key]}))
        return str(path)

    def token(self) -> str:
        """By client credentials."""
        now = int(self._clock().timestamp())
        said = {"iss": self.id, "sub": self.id, "aud": ISSUER, "iat": now, "exp": now + 60}
        assertion = jwt.encode({"alg": "ES256"}, said | {"jti": secrets.token_urlsafe(16)}, self._key)
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        headers = {"host": "data.example"}
        given = httpx.post(
            f"{self._url()}/oauth/token", data=form | {"client_assertion": assertion}, headers=headers, timeout=120
        )
        assert given.status_code == 200, given.text
        return str(given.json()["access_token"])

    def ask(self, query: str, purpose: str | None = None, reference: str | None = None, **variables: Any) -> Any:
        """The one root field of an operation."""
        headers = {"purpose": purpose, "purpose-reference": reference}
        given = {name: value for name, value in headers.items() if value is not None}
        return asked(self._url(), self.token(), query, given, **variables)
