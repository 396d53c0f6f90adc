"""The mutations that end sessions."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, command_input, returned, transient_input, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.access import Session
from store.tables.access import sessions

OWN = (SELF,)


@command_input("The session that ends: a browser, or an app.", OWN)
class EndSessionInput:
    """The session to end; its tokens stop working at once, on every replica."""

    session_id: strawberry.ID = transient_input(
        Category.ACCESS_HISTORY, "The `id` of the `Session` to end; it may be the present one.", OWN
    )


@plain_type
class EndSessionPayload:
    """The session that was ended."""

    session: Session | None = affected(
        "session",
        sessions,
        Category.ACCESS_HISTORY,
        "The session, which has ended; null if there is no such one (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("Whatever is signed in elsewhere; there is nothing to choose.", OWN)
class EndOtherSessionsInput:
    """There is nothing to say, and room for what later needs to be."""


@plain_type
class EndOtherSessionsPayload:
    """The number of sessions that were ended."""

    ended: int | None = returned(
        "ended", Category.ACCESS_HISTORY, "How many sessions ended; 0 if this was the only one.", OWN
    )
    user_errors: list[UserError] = user_errors()
