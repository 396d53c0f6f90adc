"""Further storage for signed heads of the ledger (C2SP tlog-checkpoint), and the check whether it is needed (D13)."""

from __future__ import annotations

from pathlib import Path

import orjson

from gateway.access.fetching import FetchError, fetch_json
from gateway.config.settings import Settings
from store.database.config import StoreConfig
from store.ledger.heads import HeadPlace, SignedHead
from store.ledger.heads_file import HeadFile, head_of
from store.merkle.signed_note import NoteInvalidError
from store.sql.addresses import Address
from store.sql.errors import OutageCause, StoreUnavailableError
from workers.http.client import HttpClient
from workers.http.errors import HttpRequestError

JSON = {"Content-Type": "application/json"}


def make_head_place(settings: Settings) -> HeadPlace | None:
    """The storage that GATEWAY_LEDGER_HEAD names, a file or an https address; None without it."""
    where = settings.ledger_head
    if not where:
        return None
    if "://" in where:
        return HeadAddress(where, HttpClient(settings.webhook_networks))
    return HeadFile(Path(where))


class HeadAddress:
    """Heads at an https address: GET returns the latest, or 404 if there is none; POST adds one.

    Both bodies are `{"checkpoint": "…"}`. The server is trusted to be append-only.
    """

    def __init__(self, address: str, client: HttpClient) -> None:
        self._address, self._client = address, client

    async def latest(self) -> SignedHead | None:
        """The latest head, or None if there is none yet. StoreUnavailableError if it cannot be read."""
        try:
            found = await fetch_json(self._address, self._client)
            return head_of(str(found["checkpoint"]))
        except FetchError as error:
            # Only an explicit 404 means "none yet": an outage must not be taken for an empty place.
            if error.status == 404:
                return None
            raise StoreUnavailableError(OutageCause.DOWN, f"head of the ledger: {error}") from None
        except (KeyError, NoteInvalidError):
            raise StoreUnavailableError(OutageCause.DAMAGED, "head of the ledger: no checkpoint") from None

    async def remember(self, note: str) -> None:
        """Add a signed checkpoint; StoreUnavailableError unless the server confirms it."""
        try:
            answer = await self._client.post(self._address, JSON, orjson.dumps({"checkpoint": note}))
        except HttpRequestError as error:
            raise StoreUnavailableError(OutageCause.DOWN, f"head of the ledger: {error}") from None
        if not 200 <= answer.status < 300:
            raise StoreUnavailableError(OutageCause.DOWN, f"head of the ledger: the status is {answer.status}")


def same_server(config: StoreConfig) -> bool:
    """True if key store and ledger are on the same database server or disk, and so can be rolled back together."""
    ledger, keys = config.ledger, config.key_store
    if ledger.is_sqlite != keys.is_sqlite:
        return False
    return _disk(ledger) == _disk(keys) if ledger.is_sqlite else not _server(ledger).isdisjoint(_server(keys))


def _server(address: Address) -> set[tuple[str, int]]:
    return set(address.hosts)


def _disk(address: Address) -> int:
    folder = address.path.absolute().parent
    # At the first start the folder is not there yet; its nearest parent is on the same disk.
    while not folder.exists():
        folder = folder.parent
    return folder.stat().st_dev
