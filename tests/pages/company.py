"""The OpenID provider of a company on this machine: it signs in whoever `person` says, and can be made to misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "gateway", "a secret: with/signs"


@dataclass
class Company:
    """`changes` are claims that the next ID tokens have instead; None leaves one out."""

    issuer: str = ""
    person: str = "LG-7"
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    changes: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """Where a browser is sent that is signed in already, as in most companies by noon."""
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.issuer}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """An ID token, once for each code, for its own client and verifier."""
        pair = f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".encode()
        query = self.codes.pop(form["code"], None)
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        proven = query is not None and query["code_challenge"] == base64.urlsafe_b64encode(challenge).decode().strip(
            "="
        )
        if not proven or query is None or authorization != f"Basic {base64.b64encode(pair).decode()}":
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": self.person, "iat": now, "exp": now + 300}
        claims |= {"nonce": query["nonce"], "amr": ["pwd", "mfa"]} | self.changes
        given = {name: value for name, value in claims.items() if value is not None}
        return {"id_token": jwt.encode({"alg": "ES256", "kid": "one"}, given, self.key), "token_type": "Bearer"}


@contextmanager
def company() -> Iterator[Company]:
    """Serve one."""
    there = Company()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", there.authorize(dict(parse_qsl(parts.query))))
                self.end_headers()
                return
            known = {
                "/.well-known/openid-configuration": {
                    "issuer": there.issuer,
                    "jwks_uri": f"{there.issuer}/keys",
                    "authorization_endpoint": f"{there.issuer}/authorize",
                    "token_endpoint": f"{there.issuer}/token",
                    "authorization_response_iss_parameter_supported": True,
                },
                "/keys": {"keys": [there.key.as_dict(private=False) | {"kid": "one", "use": "sig"}]},
            }
            self._answer(known.get(parts.path))

        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self._answer(there.token(form, self.headers.get("Authorization", "")), 400)

        def _answer(self, found: dict[str, Any] | None, otherwise: int = 404) -> None:
            self.send_response(200 if found is not None else otherwise)
            self.end_headers()
            self.wfile.write(json.dumps(found or {}).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()
