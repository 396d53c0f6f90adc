"""Where the erasure of a customer's data stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import strawberry

from policy.categories import Category
from resolvers.commands.context import CommandContext
from resolvers.erasure.erasures import Requested
from resolvers.rights.requests import DataRights
from schema.core.scalars import DateTime
from schema.core.words import enumerated
from schema.declare.commands import UserError, affected, returned, unkept, user_errors, written
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import ERASED, SELF
from schema.declare.records import plain_type, record
from store.tables.erasures import ERASURE_CAUSES, ERASURE_STATES, erasures

OWN = (SELF,)

ErasureState = enumerated("ErasureState", ERASURE_STATES, "How far it has come.")
ErasureCause = enumerated(
    "ErasureCause", ERASURE_CAUSES, "Asked for by the customer, or due six months after the last service ended."
)


@record(erasures)
class Erasure(Node):
    """An erasure asked for or due."""

    id: strawberry.ID = identity(erasures, ERASED)
    state: ErasureState | None = datum(erasures.c.state, "How far it has come.", ERASED)
    cause: ErasureCause | None = datum(erasures.c.cause, "Why it happens.", ERASED)
    requested_at: DateTime | None = datum(erasures.c.requested_at, "When it was asked for or armed.", ERASED)
    not_before: DateTime | None = datum(
        erasures.c.not_before, "Until when it can be called off; null while it waits.", ERASED
    )
    due_at: DateTime | None = datum(erasures.c.due_at, "By when it will be done; null while it waits.", ERASED)
    when_services_end: bool | None = datum(
        erasures.c.when_services_end, "It waits until every service has ended.", ERASED
    )
    cancelled_at: DateTime | None = datum(erasures.c.cancelled_at, "When it was called off.", ERASED)
    finished_at: DateTime | None = datum(erasures.c.finished_at, "When it was done.", ERASED)
    erased_now: list[str] | None = datum(
        erasures.c.erased_now, "What the request erased at once, such as `Customer.cards`.", ERASED, read=orjson.loads
    )
    certificate: str | None = datum(
        erasures.c.certificate,
        "The signed certificate (C2SP signed-note); `gateway erasures verify` checks it.",
        ERASED,
    )
    recipients_statement: str | None = datum(
        erasures.c.recipients_statement,
        "The second signed statement, on those whom the data was passed on to: once each has answered or was given up.",
        ERASED,
    )


@strawberry.input(description="A request to have everything erased.")
class RequestErasureInput:
    """Needs a sign-in of the last five minutes."""

    when_services_end: bool | None = written(
        erasures.c.when_services_end,
        "Wait for the end of the last service instead of being refused while one runs.",
        OWN,
    )


@plain_type
class RequestErasurePayload:
    """The erasure with its dates, or what stands against it."""

    erasure: Erasure | None = affected(
        "erasure", erasures, Category.PREFERENCE, "The one that holds now; `REFUSED` while services run.", OWN
    )
    receipt: str | None = returned(
        "receipt",
        Category.PREFERENCE,
        "Opens `/erasures/{receipt}`: how far it has come, and the certificate, also without an account.",
        OWN,
    )
    blocked_by: list[strawberry.ID] | None = returned(
        "blocked_by", Category.SUBSCRIPTION, "The ids of the services that still run.", OWN
    )
    erased_now: list[str] | None = returned(
        "erased_now",
        Category.PREFERENCE,
        "What rested on consent and was erased at once, such as `Customer.cards`.",
        OWN,
    )
    stays: list[str] | None = returned(
        "stays",
        Category.PREFERENCE,
        "What stays while services run and why, with the rights to complain and to go to court (GDPR Art. 12(4)).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@strawberry.input(description="Which erasure to call off.")
class CancelErasureInput:
    """Until it begins."""

    id: strawberry.ID = unkept(Category.PREFERENCE, "The `id` of the `Erasure`.", OWN)


@plain_type
class CancelErasurePayload:
    """The erasure as it is now."""

    erasure: Erasure | None = affected("erasure", erasures, Category.PREFERENCE, "The one that was called off.", OWN)
    user_errors: list[UserError] = user_errors()


async def request_erasure(context: CommandContext, given: Mapping[str, Any]) -> Requested:
    """The command, with the services named as the schema names them."""
    done = await DataRights(context).erase(given)
    service = context.store.keys.house.ids.encoder("Service")
    return replace(done, blocked_by=tuple(service(context.subject, key) for key in done.blocked_by))
