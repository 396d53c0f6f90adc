"""Erasures of a customer's data, and the mutations that request and cancel them (GDPR Art. 17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import strawberry

from policy.categories import Category
from policy.erasing import seconds_until_worth_asking
from policy.retention import RetentionRule
from resolvers.commands.context import CommandContext
from resolvers.erasure.erasures import Requested
from resolvers.rights.requests import DataRights
from schema.core.enums import ErasureCause, ErasureState
from schema.core.scalars import DateTime
from schema.declare.commands import (
    UserError,
    affected,
    affected_rows,
    command_input,
    returned,
    stored_input,
    transient_input,
    user_errors,
)
from schema.declare.connections import connection
from schema.declare.fields import computed, datum, identity
from schema.declare.node import Node
from schema.declare.readers import ERASED, SELF
from schema.declare.records import plain_type, record
from schema.execution.standard import ResolverContext
from schema.types.services import Service
from store.links.receipts import receipt_of
from store.tables.erasures import erasures
from store.tables.services import services

OWN = (SELF,)


async def _status_url(context: ResolverContext, erasure: Any, given: Mapping[str, Any]) -> str:
    receipt = await receipt_of(context.operation_context.store.keys.system, erasure.id)
    return f"{context.command.dependencies.site.address}/erasures/{receipt}"


status_url = computed(_status_url, Category.PREFERENCE, RetentionRule.NOT_STORED, OWN)
"""Decorates the field `Erasure.statusUrl`."""


@record(erasures)
class Erasure(Node):
    """An erasure that was requested or is due."""

    id: strawberry.ID = identity(erasures, ERASED)
    state: ErasureState | None = datum(erasures.c.state, "How far the erasure has come.", ERASED)
    poll_after_seconds: int | None = datum(
        erasures.c.state,
        "The seconds after which asking for the state again makes sense: 60 while it is carried out, 21600 (6 hours) "
        "while it waits; null once it changes no more.",
        ERASED,
        read=seconds_until_worth_asking,
    )
    cause: ErasureCause | None = datum(
        erasures.c.cause, "Why the customer is erased: at their own request, or by the rule of retention.", ERASED
    )
    requested_at: DateTime | None = datum(
        erasures.c.requested_at, "The time at which it was asked for, or made ready to begin by itself.", ERASED
    )
    not_before: DateTime | None = datum(
        erasures.c.not_before,
        "The time until which it can be called off; null while it waits for services to end.",
        ERASED,
    )
    due_at: DateTime | None = datum(
        erasures.c.due_at, "The time by which everything is erased; null while it waits for services to end.", ERASED
    )
    when_services_end: bool | None = datum(
        erasures.c.when_services_end,
        "Whether it waits until the last service has ended, and begins then by itself.",
        ERASED,
    )
    cancelled_at: DateTime | None = datum(
        erasures.c.cancelled_at, "The time at which it was called off; null if it was not.", ERASED
    )
    finished_at: DateTime | None = datum(
        erasures.c.finished_at, "The time at which everything was erased; null until then.", ERASED
    )
    erased_now: list[str] | None = datum(
        erasures.c.erased_now,
        "The data that was erased at once, such as `Customer.cards`; null if nothing was.",
        ERASED,
        read=orjson.loads,
    )
    certificate: str | None = datum(
        erasures.c.certificate,
        "The signed certificate (C2SP signed-note), which `gateway erasures verify` checks; null until it is done.",
        ERASED,
    )
    recipients_statement: str | None = datum(
        erasures.c.recipients_statement,
        "The second signed statement, on the recipients of the data; null until each has answered or was given up.",
        ERASED,
    )

    @status_url
    def status_url(self) -> str | None:
        """The address that shows state and certificate also without an account: keep it, it outlives the account."""


ErasureConnection = connection(Erasure, "Erasure")


@command_input("A request to erase all data.", OWN)
class RequestErasureInput:
    """A request; it needs an authentication within the last five minutes (S7)."""

    when_services_end: bool | None = stored_input(
        erasures.c.when_services_end,
        "Wait for the end of the last service, instead of a refusal while one runs.",
        OWN,
    )


@plain_type
class RequestErasurePayload:
    """The erasure with its dates, or the services that block it."""

    erasure: Erasure | None = affected(
        "erasure", erasures, Category.PREFERENCE, "The present erasure; `REFUSED` while services run.", OWN
    )
    receipt: str | None = returned(
        "receipt",
        Category.PREFERENCE,
        "The receipt: `/erasures/{receipt}` shows state and certificate, also without an account.",
        OWN,
    )
    blocked_by: list[Service] | None = affected_rows(
        "blocked_by", services, Category.SUBSCRIPTION, "The running services; empty if none blocks it.", OWN
    )
    erased_now: list[str] | None = returned(
        "erased_now",
        Category.PREFERENCE,
        "The data based on consent that was erased at once, such as `Customer.cards`.",
        OWN,
    )
    stays: list[str] | None = returned(
        "stays",
        Category.PREFERENCE,
        "The data that stays while services run and why, with the rights to complain and to sue (GDPR Art. 12(4)).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


@command_input("The erasure to call off before it begins.", OWN)
class CancelErasureInput:
    """The erasure to cancel, before it begins."""

    erasure_id: strawberry.ID = transient_input(
        Category.PREFERENCE, "The `id` of the `Erasure` to call off; it has not begun.", OWN
    )


@plain_type
class CancelErasurePayload:
    """The erasure after the cancellation."""

    erasure: Erasure | None = affected(
        "erasure",
        erasures,
        Category.PREFERENCE,
        "The erasure in its state CANCELLED; null if it was not called off (`userErrors`).",
        OWN,
    )
    user_errors: list[UserError] = user_errors()


async def request_erasure(context: CommandContext, given: Mapping[str, Any]) -> Requested:
    """Run the command."""
    return await DataRights(context).erase(given)
