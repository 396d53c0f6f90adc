"""Data subject requests: one entry for customers, registrants, and operators on their behalf.

Checks, records, e-mails and events are the same for all. An operator is recorded with the way of the request; the rest
of the record, and the certificate, are the same as without (R30-R33, GDPR Art. 12(2), 15, 17).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.grant import internal_grant
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
"""The client id in records of an operator's commands."""
LONGEST_REASON = 200


class RightsRefusedError(Exception):
    """An operator's request cannot be executed; the message has the reason, and no personal data."""


@dataclass(frozen=True, slots=True)
class DataRights:
    """The requests about one customer."""

    context: CommandContext

    @classmethod
    async def on_behalf(
        cls, store: Store, dependencies: SignInDependencies, number: str, behalf: Behalf, now: datetime
    ) -> Self:
        """For the customer with this number, by an operator; RightsRefusedError without customer or valid reason."""
        # First: without a valid reason not even the existence of the customer is revealed.
        check_reason(behalf.because)
        owner = await customer_with_number(store, number)
        if owner is None:
            raise RightsRefusedError("There is no customer with this number.")
        return cls(on_behalf_of(store, dependencies, owner, behalf, now))

    @classmethod
    async def of_case(
        cls, store: Store, dependencies: SignInDependencies, case: int, behalf: Behalf, now: datetime
    ) -> Self:
        """For the customer of this erasure case, by an operator; RightsRefusedError without case or valid reason."""
        check_reason(behalf.because)
        async with store.write() as connection:
            owner = await connection.scalar(select(erasure_cases.c.customer_id).where(erasure_cases.c.id == case))
        if owner is None:
            raise RightsRefusedError("There is no such case: `gateway erasures list --all` lists them.")
        return cls(on_behalf_of(store, dependencies, owner, behalf, now))

    async def erase(self, given: Mapping[str, Any]) -> erasures.Requested:
        """Request the erasure of all data; with `whenServicesEnd`, after the end of the last service."""
        return await erasures.request_erasure(self.context, given)

    async def cancel_erasure(self, given: Mapping[str, Any]) -> Result:
        """Cancel the erasure of this `id`."""
        return await erasures.cancel_erasure(self.context, given)

    async def withdraw_erasure(self, connection: AsyncConnection, key: SubjectKey, case: int, state: str) -> None:
        """Cancel an erasure in the transaction of its reason, such as a new service."""
        await erasures.withdraw(connection, self.context, key, case, state)

    async def export(self, given: Mapping[str, Any]) -> Result:
        """Request an export of all data, in this `language`."""
        return await exports.request_export(self.context, given)

    async def erase_owner(self, domain: int) -> str:
        """Request the erasure of a domain's registrant: ERASED, WAITS for the end of the domain, or GONE."""
        return await registrants_rights.ask_erasure(self.context, domain)

    async def keep_owner(self, domain: int) -> None:
        """Cancel the erasure of a domain's registrant."""
        await registrants_rights.call_off(self.context, domain)


def check_reason(because: str) -> None:
    """Raise RightsRefusedError unless the reason is one line of text without an address or telephone number."""
    if not because.strip() or not because.isprintable() or len(because) > LONGEST_REASON:
        raise RightsRefusedError(f"Say in 1 to {LONGEST_REASON} characters how it was asked for, such as a letter.")
    if may_be_personal(because):
        raise RightsRefusedError("Say how it was asked for without an address or a telephone number.")


def on_behalf_of(
    store: Store, dependencies: SignInDependencies, owner: int, behalf: Behalf, now: datetime
) -> CommandContext:
    """The context of a command that an operator runs for a customer."""
    # Like the customer's own, so that the commands are the same code; used at once, and by nothing that checks its end.
    grant = internal_grant(OPERATOR, int(now.timestamp()), Purpose.SELF_SERVICE, subject=owner)
    return CommandContext(store, grant, Purpose.SELF_SERVICE, None, now, dependencies, behalf=behalf)


async def request_export(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await DataRights(context).export(given)


async def cancel_erasure(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await DataRights(context).cancel_erasure(given)
