"""Officers with real keys, who sign with ssh-keygen as the commands say."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from resolvers.registers.staff import Staff
from schema.api.build import core_schema
from schema.model.model import SchemaModel
from schema.model.resting import resting_fields
from store.database.store import Store
from tests.promises.gate import TODAY

FIELDS = resting_fields(SchemaModel(core_schema()))
KINDS = {
    "ed25519": ("-t", "ed25519"),
    "ecdsa256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa521": ("-t", "ecdsa", "-b", "521"),
    "rsa": ("-t", "rsa", "-b", "3072"),
}


@dataclass(frozen=True)
class Signer:
    """Somebody with a key of their own; `folder` is theirs."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, kind: str = "ed25519", extra: tuple[str, ...] = ()) -> Signer:
        folder.mkdir(parents=True)
        options = extra or KINDS[kind]
        command = ["ssh-keygen", "-q", *options, "-N", "", "-C", "Anna Meier", "-f", str(folder / "key")]
        subprocess.run(command, check=True, capture_output=True)
        return cls(folder)

    @property
    def public(self) -> str:
        return (self.folder / "key.pub").read_text()

    def sign(self, text: str, namespace: str, *options: str) -> str:
        """As somebody at a terminal does it."""
        file = self.folder / "order.txt"
        (self.folder / "order.txt.sig").unlink(missing_ok=True)
        file.write_text(text)
        command = [
            "ssh-keygen",
            "-Y",
            "sign",
            "-q",
            "-n",
            namespace,
            "-f",
            str(self.folder / "key"),
            *options,
            str(file),
        ]
        subprocess.run(command, check=True, capture_output=True)
        return (self.folder / "order.txt.sig").read_text()


async def officer(store: Store, folder: Path, code: str, role: str = "OFFICER", kind: str = "ed25519") -> Signer:
    """A person of the staff."""
    signer = Signer.make(folder / code, kind)
    await Staff(store).add(code, role, signer.public, TODAY)
    return signer
