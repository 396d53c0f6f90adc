"""The keys that sign the ledger's checkpoints: public keys in the ledger, private keys wrapped in the key store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto.system_keys import SystemKeys, insert_new
from store.ledger.entries import EVENT_KEY_ADDED
from store.ledger.tree_tables import ledger_keys
from store.merkle.signed_note import NoteSigner, VerifierKey
from store.sql.engines import transaction
from store.sql.metadata import instant
from store.sql.reading import Reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """The public part of one key."""

    number: int
    verifier: VerifierKey
    created_at: datetime
    retired_at: datetime | None


class LedgerKeyLostError(Exception):
    """The key store has the private key of none of the active keys."""

    def __init__(self) -> None:
        super().__init__(
            "The key store has other keys than those that signed this ledger so far, so nothing more is signed. "
            "Restore the key store from its backup; if it is lost, `gateway ledger rotate-key` begins with a new key."
        )


class LedgerUnnamedError(Exception):
    """There is no key yet, and this process does not know the name for the first one."""

    def __init__(self) -> None:
        super().__init__("The ledger has no name yet: set GATEWAY_ISSUER, the public address that it is named after.")


def _now() -> datetime:
    return datetime.now(UTC)


class LedgerKeys:
    """Reads, makes and retires the keys. The first one gives the ledger its permanent name.

    `origin` is the name for a ledger that has none yet; None if this process must not name it.
    """

    def __init__(
        self,
        reader: Reader,
        engine: AsyncEngine,
        system: SystemKeys,
        origin: str | None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.reader = reader
        self._known = KnownKeys(reader)
        self._engine = engine
        self._system = system
        self._origin = origin
        self._clock = clock

    async def all(self) -> list[LedgerKey]:
        """Return all keys, also retired ones, the newest first."""
        return await self._known.all()

    async def signers(self) -> Sequence[NoteSigner]:
        """Those that sign now, without their keys' records (`signing`)."""
        return [signer for _, signer in await self.signing()]

    async def signing(self) -> list[tuple[LedgerKey, NoteSigner]]:
        """Return the active keys, the newest first; makes the first one. LedgerKeyLostError, LedgerUnnamedError.

        There is one, or two until both have signed the same checkpoint, so that verifiers who trust the older one can
        learn the newer one.
        """
        active = [key for key in await self.all() if key.retired_at is None]
        if not active:
            await self._add(1)
            active = await self.all()
        pairs = [(key, await self._signer(key)) for key in active]
        # For a lost name the key store makes a new key, which does not match the public one.
        able = [(key, signer) for key, signer in pairs if signer.verifier == key.verifier]
        if not able:
            raise LedgerKeyLostError
        if len(able) < len(pairs):
            log.error("The key store has lost a key that signs the ledger; the others go on")
        return able

    async def _signer(self, key: LedgerKey) -> NoteSigner:
        return NoteSigner.of(key.verifier.name, await self._system.named(_name(key.number)))

    async def rotate(self) -> VerifierKey:
        """Make a new key, which signs from the next checkpoint on; the former one signs that checkpoint, too, then
        retires."""
        number = max((key.number for key in await self.all()), default=0) + 1
        await self._add(number)
        return next(key.verifier for key in await self.all() if key.number == number)

    async def _add(self, number: int) -> None:
        """Add a key; two concurrent calls add the same one, since both get the same private key from the key store."""
        known = await self.all()
        origin = known[0].verifier.name if known else self._origin
        if origin is None:
            raise LedgerUnnamedError
        signer = NoteSigner.of(origin, await self._system.named(_name(number)))
        row = {"number": number, "origin": origin, "public": signer.verifier.public, "created_at": self._clock()}
        async with transaction(self._engine) as connection:
            await connection.execute(insert_new(connection, ledger_keys), row)

    async def under(self, origin: str) -> tuple[int, NoteSigner]:
        """Return the number and the key for a ledger that continues under another name; it signs once it was added.

        Idempotent until then, so that the procedure can be restarted.
        """
        number = max((key.number for key in await self.all()), default=0) + 1
        return number, NoteSigner.of(origin, await self._system.named(_name(number)))

    async def add(self, number: int, signer: NoteSigner) -> None:
        """Add a key as the only active one, which gives the ledger its name."""
        row = {"number": number, "origin": signer.name, "public": signer.verifier.public, "created_at": self._clock()}
        async with transaction(self._engine) as connection:
            await connection.execute(insert_new(connection, ledger_keys), row)
        await self.retire_older(number)

    async def retire_older(self, number: int) -> None:
        """Mark the keys before this one as no longer signing; their signatures stay valid."""
        older = ledger_keys.c.number < number, ledger_keys.c.retired_at.is_(None)
        async with transaction(self._engine) as connection:
            await connection.execute(update(ledger_keys).where(*older).values(retired_at=self._clock()))


class KnownKeys:
    """The public keys, for verification only."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._all = reader.prepare(select(ledger_keys).order_by(ledger_keys.c.number.desc()))

    async def all(self) -> list[LedgerKey]:
        """Return all keys, also retired ones, the newest first."""
        return [
            LedgerKey(
                number, VerifierKey(origin, bytes(public)), instant(created), instant(retired) if retired else None
            )
            for number, origin, public, created, retired in await self._reader.fetch(self._all, {})
        ]


def _name(number: int) -> str:
    """Return the name of a private key in the key store."""
    return f"ledger-{number}"


def key_added(key: VerifierKey, now: datetime) -> dict[str, Any]:
    """Return the entry that introduces a key."""
    return {"version": 1, "event": EVENT_KEY_ADDED, "at": int(now.timestamp()), "key": str(key)}


async def known_signers(reader: Reader, system: SystemKeys) -> list[NoteSigner]:
    """Return the keys that sign now, for a process that makes none; empty before the ledger has its first key."""
    active = [key for key in await KnownKeys(reader).all() if key.retired_at is None]
    pairs = [(key, NoteSigner.of(key.verifier.name, await system.named(_name(key.number)))) for key in active]
    # As in `LedgerKeys.signing`: a key that was lost is another one now.
    return [signer for key, signer in pairs if signer.verifier == key.verifier]
