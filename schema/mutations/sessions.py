"""Ending sessions."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.declare.commands import UserError, affected, returned, unkept, user_errors
from schema.declare.readers import SELF
from schema.declare.records import plain_type
from schema.types.access import Session
from store.tables.access import sessions

OWN = (SELF,)


@strawberry.input(description="Which session to end.")
class EndSessionInput:
    """Its tokens stop working at once, everywhere."""

    id: strawberry.ID = unkept(Category.ACCESS_HISTORY, "The `id` of the `Session`.", OWN)


@plain_type
class EndSessionPayload:
    """The session, signed out."""

    session: Session | None = affected("session", sessions, Category.ACCESS_HISTORY, "The session afterwards.", OWN)
    user_errors: list[UserError] = user_errors()


@plain_type
class EndOtherSessionsPayload:
    """How many there were."""

    ended: int | None = returned("ended", Category.ACCESS_HISTORY, "How many sessions were signed out.", OWN)
    user_errors: list[UserError] = user_errors()
