"""What we gave out and get back, and what proves somebody: ids, cursors, links, tickets, tokens, keys, signatures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.oauth.endpoints.consent import Ticket
from gateway.oauth.endpoints.pushed import PREFIX, open_sealed
from resolvers.factors.passkeys import _challenge, _parsed
from resolvers.oauth import refresh_tokens
from resolvers.registers.ssh_keys import PublicKey
from resolvers.registers.ssh_signatures import BEGIN, END, SshSignature
from store.crypto.cursors import Cursors, ListPlace
from store.crypto.global_ids import GlobalIds
from store.crypto.system_keys import SystemKeys
from store.links.receipts import number_of
from store.links.registrant_links import RegistrantLink
from store.merkle.signed_note import VerifierKey, open_note
from tests.promises.foreign import Read, each_of

SECRET = b"k" * 32
IDS = GlobalIds({1: SECRET}, 1)
CURSORS = Cursors({1: SECRET}, 1)
PLACE = ListPlace("client", 1, "Query.customers")
NOW = datetime(2026, 11, 29, tzinfo=UTC)


class Kept(SystemKeys):
    """Keys that were read before: without a store."""

    def __init__(self, *names: str) -> None:
        self._kept = dict.fromkeys(names, SECRET)


HOUSE = Kept("oauth-consent", "pushed-requests")


def passkey_of(text: str) -> object:
    """What a browser sends of a passkey, and the challenge in it."""
    said: dict[str, Any] = {"response": {"clientDataJSON": text}}
    return each_of(lambda _: _challenge(said), _parsed)(text)


SEALED: Mapping[str, Read] = {
    "a global id": each_of(IDS.decode, lambda text: IDS.decode(f"Customer_1{text}")),
    "a cursor": lambda text: CURSORS.open(PLACE, text),
    "a link": each_of(lambda text: number_of(SECRET, text), RegistrantLink.read),
    "a refresh token": lambda text: refresh_tokens.read(SECRET, refresh_tokens.PREFIX + text),
    "a pushed request": lambda text: asyncio.run(open_sealed(HOUSE, PREFIX + text, "client", NOW)),
    "a form of consent": each_of(
        lambda text: asyncio.run(Ticket.opened(HOUSE, text, 0)),
        lambda text: asyncio.run(Ticket.opened(HOUSE, f"W10=.{text}", 0)),
    ),
    "a passkey": passkey_of,
    "a signed note": each_of(lambda text: open_note(f"{text}\n\n— {text}", []), VerifierKey.parse),
    "a public key": each_of(
        PublicKey.read,
        lambda text: PublicKey.read(f"ssh-ed25519 {text}"),
        lambda text: PublicKey.of(b"\0\0\0\x07ssh-rsa" + text.encode()),
    ),
    "an SSH signature": each_of(SshSignature.read, lambda text: SshSignature.read(f"{BEGIN}\n{text}\n{END}\n")),
}
