"""Exports of a customer's data (GDPR Art. 15, 20)."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from policy.exporting import seconds_until_worth_asking
from schema.core.enums import ExportForm, ExportState
from schema.core.scalars import URL, DateTime, LanguageTag
from schema.declare.commands import (
    UserError,
    affected,
    command_input,
    plain_input,
    returned,
    transient_input,
    user_errors,
)
from schema.declare.connections import connection
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import plain_type, record
from store.tables.exports import exports

OWN = (SELF,)


@record(exports)
class Export(Node):
    """An export of all data held about the customer, fetched at `/exports/{id}` with the customer's own token, or once
    by an address that `createExportDownload` makes."""

    id: strawberry.ID = identity(exports, OWN)
    state: ExportState | None = datum(
        exports.c.state, "How far the export has come; it can be fetched while it is READY.", OWN
    )
    poll_after_seconds: int | None = datum(
        exports.c.state,
        "The seconds after which asking for the state again makes sense, such as 10; null once it changes no more.",
        OWN,
        read=seconds_until_worth_asking,
    )
    language: LanguageTag | None = datum(
        exports.c.language, "The language in which the page of the export is written.", OWN
    )
    requested_at: DateTime | None = datum(exports.c.requested_at, "The time at which the export was asked for.", OWN)
    ready_at: DateTime | None = datum(
        exports.c.ready_at, "The time at which it could be fetched; null until then.", OWN
    )
    expires_at: DateTime | None = datum(
        exports.c.expires_at, "The time until which it can be fetched; null until it is ready.", OWN
    )


ExportConnection = connection(Export, "Export")


@command_input("Options of an export.", OWN)
class RequestExportInput:
    """Options of an export."""

    language: LanguageTag | None = plain_input(
        "The language of the page, `en` or `fr`; the customer's own when left out.", OWN
    )


@command_input("The export to download, and the form.", OWN)
class CreateExportDownloadInput:
    """An export that is READY, in one of its forms."""

    export_id: strawberry.ID = transient_input(
        Category.PREFERENCE, "The `id` of a finished `Export`, such as `requestExport` returned.", OWN
    )
    form: ExportForm = plain_input("The form: for programs, to read, or to take elsewhere.", OWN)


@plain_type
class CreateExportDownloadPayload:
    """The address, returned once: a repeated request with the same key does not get it again."""

    url: URL | None = returned(
        "url",
        Category.PREFERENCE,
        "The address, for one GET without a token, such as by a browser; whoever has it gets the export. Null if none "
        "was made (`userErrors`).",
        OWN,
    )
    expires_at: DateTime | None = returned(
        "expires_at", Category.PREFERENCE, "The time until which the address can be used; null if none was made.", OWN
    )
    user_errors: list[UserError] = user_errors()


@plain_type
class RequestExportPayload:
    """The export, which is created in the background, or the problems of the request."""

    export: Export | None = affected(
        "export", exports, Category.PREFERENCE, "The export that was asked for; null if none was (`userErrors`).", OWN
    )
    user_errors: list[UserError] = user_errors()
