"""A software authenticator (WebAuthn): what a security key does, and every way in which a false one could cheat."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey; its attributes may be falsified before it answers."""

    origin: str = "https://data.example"
    host: str = "data.example"
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    counts: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: bytes = field(default_factory=lambda: os.urandom(16))
    user: bytes = b""

    def create(self, options: str, **falsified: Any) -> str:
        """The answer to a registration."""
        asked = json.loads(options)
        self.user = base64url_to_bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = b"\0" * 16 + struct.pack(">H", len(self.handle)) + self.handle + cbor2.dumps(cose)
        data = self._data(ATTESTED, attested)
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], falsified)
        return self._answer(clientDataJSON=client, attestationObject=statement)

    def get(self, options: str, **falsified: Any) -> str:
        """The answer to a sign-in."""
        asked = json.loads(options)
        data = falsified.pop("data", None) or self._data()
        client = self._client("webauthn.get", asked["challenge"], falsified)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        user = falsified.get("user", self.user)
        more = {} if user is None else {"userHandle": user}
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signed, **more)

    def _data(self, more: int = 0, attested: bytes = b"") -> bytes:
        self.counter += self.counts
        host = hashlib.sha256(self.host.encode()).digest()
        return host + bytes([self.flags | more]) + struct.pack(">I", self.counter) + attested

    def _client(self, kind: str, challenge: str, falsified: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | {name: falsified[name] for name in said if name in falsified}).encode()

    def _answer(self, **response: bytes) -> str:
        handle = bytes_to_base64url(self.handle)
        texts = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": handle, "rawId": handle, "type": "public-key", "response": texts})
