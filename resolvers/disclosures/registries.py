"""Records what is read for DOMAIN_REGISTRATION as a disclosure to the registry, before the answer leaves (R23, R25).

Selecting a field is no disclosure in itself: a detail that the registry does not publish reads as null, and is not
recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.bases import LegalBasis
from policy.causes import Cause
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.registries import COUNTRIES, FIELDS, is_generic, registry_of, rule_of
from resolvers.disclosures.disclosures import disclose
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.domains import domains

NEEDED: Final = (domains.c.tld, domains.c.registrant_kind)
"""The columns that determine the registry and its rules."""
DETAILS: Final[Mapping[Column[Any], str]] = {domains.c[f"registrant_{each}"]: each for each in FIELDS}


@dataclass(slots=True)
class HandedOver:
    """The columns of one domain that an operation disclosed to its registry."""

    owner: int
    tld: str
    kind: str
    shown: dict[Column[Any], str] = field(default_factory=dict)
    """The columns with a value, each with the coordinate of the field that returned it."""

    def by_basis(self) -> Iterable[tuple[LegalBasis, list[str]]]:
        """The fields disclosed by consent, since the registry does not require them, and those by contract."""
        consented = [name for column, name in self.shown.items() if self._is_free(column)]
        yield LegalBasis.A6_1_A, consented
        yield LegalBasis.A6_1_B, [name for name in self.shown.values() if name not in consented]

    def _is_free(self, column: Column[Any]) -> bool:
        if column is domains.c.registrant_country:
            return not is_generic(self.tld) and rule_of(self.tld, self.kind, "address").free
        detail = DETAILS.get(column)
        return detail is not None and rule_of(self.tld, self.kind, detail).free


async def disclose_registration(
    connection: AsyncConnection, key: SubjectKey, domain: int, tld: str, coordinates: Sequence[str], now: datetime
) -> None:
    """Record what the registration of a domain discloses to its registry, whatever is published of it (R23).

    A registrant is named in order to have the domain, so the legal basis is the contract; for publishing see
    `HandedOver`.
    """
    await _disclose(connection, key, LegalBasis.A6_1_B, domain, tld, coordinates, now)


async def disclose_to_registries(
    store: Store, handed: Mapping[int, HandedOver], known: Mapping[int, SubjectKey | None], now: datetime
) -> None:
    """Record the disclosures in one transaction, durable on return; `handed` is by domain id."""
    async with store.write() as connection:
        for domain, over in handed.items():
            # The keys that the operation loaded: no second read of the key store.
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
        trigger=Cause("REGISTRATION", key.global_id("Domain", domain)).trigger,
        now=now,
    )
