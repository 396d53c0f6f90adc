"""Detached signatures of `ssh-keygen -Y sign` (PROTOCOL.sshsig of OpenSSH), verified without a process of its own."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from resolvers.registers.ssh_keys import LONGEST, PublicKey, SshError, Wire, packed

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAGIC: Final = b"SSHSIG"
HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class SshSignature:
    """The content of a signature file; nothing of it is true before `verify`."""

    key: PublicKey
    namespace: str
    hash_name: str
    signature: bytes

    @classmethod
    def read(cls, armored: str) -> SshSignature:
        """From the text of a `.sig` file; SshError for anything else."""
        if len(armored) > LONGEST:
            raise SshError("It is too long for a signature.")
        lines = armored.strip().splitlines()
        if len(lines) < 3 or lines[0].strip() != BEGIN or lines[-1].strip() != END:
            raise SshError(f"A signature begins with {BEGIN}: `ssh-keygen -Y sign` writes it.")
        try:
            wire = Wire(b64decode("".join(line.strip() for line in lines[1:-1]), validate=True))
        except ValueError:  # Also of letters that are not ASCII, which is no `binascii.Error`.
            raise SshError("The signature is not base64.") from None
        if wire.take(len(MAGIC)) != MAGIC or wire.number() != 1:
            raise SshError("It is no signature of this version.")
        key, namespace = PublicKey.of(wire.string()), wire.word()
        wire.string()  # Reserved: ignored, by the protocol.
        found = cls(key, namespace, wire.word(), wire.string())
        wire.end()
        if found.hash_name not in HASHES:
            raise SshError("The message is hashed with sha256 or sha512.")
        return found

    def verify(self, message: bytes, namespace: str) -> None:
        """SshError unless its own key signed this message in this namespace. Whose key that is, a register knows."""
        if self.namespace != namespace:
            raise SshError(f"It was not signed for this: ssh-keygen -Y sign -n {namespace}")
        digest = HASHES[self.hash_name](message).digest()
        signed = MAGIC + packed(namespace.encode(), b"", self.hash_name.encode(), digest)
        self.key.verify(self.signature, signed)
