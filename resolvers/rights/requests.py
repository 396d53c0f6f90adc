"""What people may have done with their data: one way in, for customers, owners of domains, and operators for them.

Whoever asks, the checks, the records, the letters and the messages to other systems are the same. An operator is on
record with how it was asked for; everything else of the record, and the certificate in the end, is what it would have
been (R30-R33, GDPR Art. 12(2), 15, 17).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from resolvers.commands.context import Behalf, CommandContext, Result
from resolvers.commands.dependencies import SignInDependencies
from resolvers.erasure import erasures
from resolvers.events.references import may_be_personal
from resolvers.exports import exports
from resolvers.registrants import rights as registrants_rights
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.customer_numbers import customer_with_number
from store.tables.erasures import erasures as erasure_cases

OPERATOR = "operator"
"""The client by whose name the records of an operator's command go."""
LONGEST_REASON = 200


class RightsRefusedError(Exception):
    """What an operator asked for cannot be done; the text says why, and repeats no value of a person."""


@dataclass(frozen=True, slots=True)
class DataRights:
    """Of the customer whom the requests are about."""

    context: CommandContext

    @classmethod
    async def on_behalf(
        cls, store: Store, dependencies: SignInDependencies, number: str, behalf: Behalf, now: datetime
    ) -> Self:
        """Of the customer with this number, by an operator; RightsRefusedError when there is none, or no reason."""
        check_reason(behalf.because)
        owner = await customer_with_number(store, number)
        if owner is None:
            raise RightsRefusedError("There is no customer with this number.")
        return cls(_context(store, dependencies, owner, behalf, now))

    @classmethod
    async def of_case(
        cls, store: Store, dependencies: SignInDependencies, case: int, behalf: Behalf, now: datetime
    ) -> Self:
        """Of the customer whom the erasure of this number is about, by an operator; RightsRefusedError."""
        check_reason(behalf.because)
        async with store.write() as connection:
            owner = await connection.scalar(select(erasure_cases.c.customer_id).where(erasure_cases.c.id == case))
        if owner is None:
            raise RightsRefusedError("There is no such case: `gateway erasures list --all` lists them.")
        return cls(_context(store, dependencies, owner, behalf, now))

    async def erase(self, given: Mapping[str, Any]) -> erasures.Requested:
        """Have everything erased, with `whenServicesEnd` once the last service has ended."""
        return await erasures.request_erasure(self.context, given)

    async def cancel_erasure(self, given: Mapping[str, Any]) -> Result:
        """Call the erasure of this `id` off."""
        return await erasures.cancel_erasure(self.context, given)

    async def withdraw_erasure(self, connection: AsyncConnection, key: SubjectKey, case: int, state: str) -> None:
        """Call it off in the transaction of what makes it void, such as a new service that the customer wants."""
        await erasures.withdraw(connection, self.context, key, case, state)

    async def export(self, given: Mapping[str, Any]) -> Result:
        """Have an export of everything made, in this `language`."""
        return await exports.request_export(self.context, given)

    async def erase_owner(self, domain: int) -> str:
        """Have the owner of a domain of the customer's erased: ERASED, WAITS for its end, or GONE."""
        return await registrants_rights.ask_erasure(self.context, domain)

    async def keep_owner(self, domain: int) -> None:
        """Call that off."""
        await registrants_rights.call_off(self.context, domain)


def check_reason(because: str) -> None:
    """RightsRefusedError unless it says something, on one line, and holds nothing like a telephone number."""
    if not because.strip() or not because.isprintable() or len(because) > LONGEST_REASON:
        raise RightsRefusedError(f"Say in 1 to {LONGEST_REASON} characters how it was asked for, such as a letter.")
    if may_be_personal(because):
        raise RightsRefusedError("Say how it was asked for without an address or a telephone number.")


def _context(
    store: Store, dependencies: SignInDependencies, owner: int, behalf: Behalf, now: datetime
) -> CommandContext:
    grant = Grant(
        token_id=OPERATOR,
        client_id=OPERATOR,
        subject=owner,
        purposes=frozenset({Purpose.SELF_SERVICE}),
        scopes=frozenset(),
        expires_at=int(now.timestamp()),
        refusal=Refusal.REFUSE,
        documents_only=False,
        introspection=False,
        max_page=1,
    )
    return CommandContext(store, grant, Purpose.SELF_SERVICE, None, now, dependencies, behalf=behalf)


async def request_export(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await DataRights(context).export(given)


async def cancel_erasure(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await DataRights(context).cancel_erasure(given)
