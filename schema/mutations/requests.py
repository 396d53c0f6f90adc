"""The mutation that asks about a reading of one's own data (GDPR Art. 12, 15)."""

from __future__ import annotations

from policy.categories import Category
from schema.core.scalars import BigInt
from schema.declare.commands import UserError, affected, command_input, stored_input, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.restrictions import RightsRequest
from store.tables.requests import rights_requests

OWN = (SELF,)


@command_input("A question about a reading of one's data.", OWN)
class AskAboutReadingInput:
    """The question; it is answered within a month."""

    index: BigInt = stored_input(rights_requests.c.entry, "The index of the reading: `DataAccess.index`.", OWN)
    question: str = stored_input(rights_requests.c.said, "The question, on one line.", OWN)


@plain_type
class AskAboutReadingPayload:
    """The request that the question opened."""

    request: RightsRequest | None = affected(
        "request",
        rights_requests,
        Category.PREFERENCE,
        "The request that was opened; null if none was (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()
