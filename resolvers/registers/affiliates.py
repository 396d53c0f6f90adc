"""The register of payment affiliates: who may receive a card, where, and the secret that signs what they get (R22)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import insert, select, update

from policy.events import Event
from policy.own_names import is_own_name
from policy.payments import PAYMENT_KINDS
from policy.registered import AFFILIATE_MARK, AffiliateRegistration, offences
from policy.transport import is_encrypted
from store.crypto.signing import secret_text
from store.database.store import Store
from store.registers.affiliates import affiliates, seal_affiliate_secret
from store.registers.webhooks import seal_secret, webhooks
from store.sql.ids import new_id
from values.hosts import url_to_ascii

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .&_-]{0,62}")
SECRET_BYTES = 32


class AffiliateError(Exception):
    """The register refuses the change; the text says why, and how to go on."""


class Affiliates:
    """Registers them. Each is told when a card that it received may not be kept any more, under the same secret."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def register(self, name: str, kind: str, url: str, country: str, now: datetime) -> str:
        """Let a company take payments; the secret that verifies what it gets, shown this once."""
        if not NAME.fullmatch(name):
            raise AffiliateError("A name has up to 63 letters, digits, spaces, dots and dashes.")
        if is_own_name(name):
            raise AffiliateError("The gateway itself goes by this name: take another.")
        if kind not in PAYMENT_KINDS:
            raise AffiliateError(f"There is no way to pay {kind}. There are: {', '.join(PAYMENT_KINDS)}.")
        try:
            url = url_to_ascii(url)
        except ValueError as error:
            raise AffiliateError(f"The address names no host. {error}") from None
        if not is_encrypted(url):
            raise AffiliateError(
                "The address must begin with https:// (on this machine, http://) and hold no password."
            )
        if found := offences(AffiliateRegistration(url, country)):
            raise AffiliateError(f"{found[0]}.")
        id_, hook, secret, system_keys = new_id(), new_id(), secrets.token_bytes(SECRET_BYTES), self._store.keys.system
        webhook = {
            "id": hook,
            "name": f"{AFFILIATE_MARK}{name}"[:64],
            "url": url,
            "events": orjson.dumps([Event.CARD_WITHDRAWN.wire]).decode(),
            "secret": await seal_secret(system_keys, hook, secret),
            "created_at": now,
        }
        row = {"id": id_, "name": name, "kind": kind, "url": url, "country": country, "webhook_id": hook}
        sealed = {"secret": await seal_affiliate_secret(system_keys, id_, secret), "created_at": now}
        async with self._store.write() as connection:
            if await connection.scalar(select(affiliates.c.id).where(affiliates.c.name == name)) is not None:
                raise AffiliateError(f"{name} is registered already.")
            await connection.execute(insert(webhooks).values(webhook))
            await connection.execute(insert(affiliates).values(row | sealed))
        return secret_text(secret)

    async def listed(self) -> Sequence[Any]:
        """Every one, by name."""
        query = select(
            affiliates.c.name,
            affiliates.c.kind,
            affiliates.c.url,
            affiliates.c.country,
            affiliates.c.created_at,
            affiliates.c.disabled_at,
        ).order_by(affiliates.c.name)
        async with self._store.write() as connection:
            return (await connection.execute(query)).all()

    async def set_disabled(self, name: str, now: datetime | None) -> None:
        """Send nothing more to one, or again; it is still told of cards that may not be kept."""
        async with self._store.write() as connection:
            change = update(affiliates).where(affiliates.c.name == name).values(disabled_at=now)
            if (await connection.execute(change)).rowcount == 0:
                raise AffiliateError(f"There is no {name}: `gateway affiliates list` shows those there are.")
