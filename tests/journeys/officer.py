"""An officer with a key of OpenSSH, who signs as `ssh-keygen -Y sign` does (PROTOCOL.sshsig), without that program."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha512
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from resolvers.registers.ssh_keys import ED25519, packed
from resolvers.registers.ssh_signatures import BEGIN, END, MAGIC


class Officer:
    """Has a key of their own, and files in a folder."""

    def __init__(self, folder: Path, code: str) -> None:
        self._key, self._folder, self.code = Ed25519PrivateKey.generate(), folder, code

    def public_key(self) -> str:
        """The file of the public key."""
        public = self._key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return self._file("pub", public.decode() + "\n")

    def sign(self, text: str, namespace: str) -> str:
        """The file of a signature over a text."""
        hashed = packed(namespace.encode(), b"", b"sha512", sha512(text.encode()).digest())
        signature = packed(ED25519.encode(), self._key.sign(MAGIC + hashed))
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        public = packed(ED25519.encode(), raw)
        wire = MAGIC + (1).to_bytes(4, "big") + packed(public, namespace.encode(), b"", b"sha512", signature)
        armored = b64encode(wire).decode()
        lines = [BEGIN, *(armored[start : start + 70] for start in range(0, len(armored), 70)), END]
        return self._file("sig", "\n".join(lines) + "\n")

    def _file(self, kind: str, text: str) -> str:
        path = self._folder / f"{self.code}.{kind}"
        path.write_text(text)
        return str(path)
