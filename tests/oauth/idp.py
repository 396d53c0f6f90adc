"""An identity provider on this machine, which can be made to misbehave."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

SCOPES = {"groups": {"billing-team": ["purpose:invoicing"], "noc-team": ["purpose:emergency_contact"]}}
"""What the gateway is set to make of its claims."""


@dataclass
class Idp:
    """`asked` notes every path that was fetched; `documents` overrides what is answered at a path."""

    issuer: str = ""
    keys: dict[str, ECKey | RSAKey] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    documents: dict[str, Any] = field(default_factory=dict)
    slow: float = 0

    def new_key(self, kid: str, key: ECKey | RSAKey | None = None) -> None:
        """Publish a key."""
        self.keys[kid] = key or ECKey.generate_key("P-256")

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """What is at a path."""
        self.asked.append(path)
        time.sleep(self.slow)
        if path in self.documents:
            found = self.documents[path]
            return found if isinstance(found, tuple) else (200, found, {})
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}).encode(), {}
        if path == "/keys":
            listed = [key.as_dict(private=False) | {"kid": kid, "use": "sig"} for kid, key in self.keys.items()]
            return 200, json.dumps({"keys": listed}).encode(), {}
        return 404, b"", {}

    def token(self, audience: str, kid: str = "one", **changes: Any) -> str:
        """A token; claims that are None are left out, `header` changes headers, `key` signs instead."""
        key = changes.pop("key", None) or self.keys[kid]
        top = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "typ": "at+jwt", "kid": kid}
        top |= changes.pop("header", {})
        now = int(time.time())
        said: dict[str, Any] = {"iss": self.issuer, "sub": "someone", "aud": audience, "client_id": "noc"}
        said |= {"groups": ["billing-team", "others"], "iat": now, "exp": now + 300, "jti": secrets.token_hex(8)}
        said = {name: value for name, value in (said | changes).items() if value is not None}
        return jwt.encode({name: value for name, value in top.items() if value is not None}, said, key)


@contextmanager
def provider() -> Iterator[Idp]:
    """Serve one."""
    idp = Idp()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = idp.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    idp.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    idp.new_key("one")
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield idp
    finally:
        server.shutdown()
        server.server_close()
