"""What is read to register a domain goes to its registry: one disclosure a domain, before the answer leaves (R23, R25).

No field is handed over by being asked for: a detail that the registry does not publish was not read, and is not named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.registries import COUNTRIES, FIELDS, registry_of, rule_of
from resolvers.disclosures.disclosures import disclose
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.domains import domains

NEEDED: Final = (domains.c.tld, domains.c.registrant_kind)
"""What says which registry it is, and what that one publishes."""
DETAILS: Final[Mapping[Column[Any], str]] = {domains.c[f"registrant_{each}"]: each for each in FIELDS}


@dataclass(slots=True)
class HandedOver:
    """What of one domain an operation has shown to whoever registers it."""

    owner: int
    tld: str
    kind: str
    shown: dict[Column[Any], str] = field(default_factory=dict)
    """The columns that held something, with the fields that showed them."""

    def by_basis(self) -> Iterable[tuple[LegalBasis, list[str]]]:
        """The fields that leave by the owner's consent, since the registry would do without, and the others."""
        consented = [name for column, name in self.shown.items() if self._is_free(column)]
        yield LegalBasis.A6_1_A, consented
        yield LegalBasis.A6_1_B, [name for name in self.shown.values() if name not in consented]

    def _is_free(self, column: Column[Any]) -> bool:
        detail = DETAILS.get(column)
        return detail is not None and rule_of(self.tld, self.kind, detail).free


async def disclose_registration(
    connection: AsyncConnection, key: SubjectKey, domain: int, tld: str, coordinates: Sequence[str], now: datetime
) -> None:
    """Record what the registration of a domain handed to its registry, whatever is published or shown of it (R23).

    An owner is named to have a domain, so all of it rests on the contract; publishing is another matter (`HandedOver`).
    """
    await _disclose(connection, key, LegalBasis.A6_1_B, domain, tld, coordinates, now)


async def disclose_to_registries(
    store: Store, handed: Mapping[int, HandedOver], known: Mapping[int, SubjectKey | None], now: datetime
) -> None:
    """Write them down in one transaction, durable when it returns; `handed` is by the domain's key."""
    async with store.write() as connection:
        for domain, over in handed.items():
            key = known[over.owner]
            for basis, coordinates in over.by_basis():
                if key is not None and coordinates:
                    await _disclose(connection, key, basis, domain, over.tld, coordinates, now)


async def _disclose(
    connection: AsyncConnection,
    key: SubjectKey,
    basis: LegalBasis,
    domain: int,
    tld: str,
    coordinates: Sequence[str],
    now: datetime,
) -> None:
    registry = registry_of(tld)
    country = None if registry is None else COUNTRIES[registry.name]
    await disclose(
        connection,
        key,
        recipient_kind=Recipient.REGISTRY,
        recipient_name=registry.name if registry is not None else f"registry of .{tld}",
        country=country,
        purpose=Purpose.DOMAIN_REGISTRATION,
        legal_basis=basis,
        coordinates=coordinates,
        trigger=key.global_id("Domain", domain),
        now=now,
    )
