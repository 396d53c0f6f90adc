"""Everything that is held about a customer, to take along."""

from __future__ import annotations

import strawberry

from policy.categories import Category
from schema.core.scalars import DateTime, LanguageTag
from schema.core.words import enumerated
from schema.declare.commands import UserError, affected, asked, user_errors
from schema.declare.fields import datum, identity
from schema.declare.node import Node
from schema.declare.readers import SELF
from schema.declare.records import plain_type, record
from store.tables.exports import EXPORT_STATES, exports

OWN = (SELF,)

ExportState = enumerated("ExportState", EXPORT_STATES, "How far it has come.")


@record(exports)
class Export(Node):
    """Everything held about the customer, made once and fetched at `/exports/{id}` with the customer's own token."""

    id: strawberry.ID = identity(exports, OWN)
    state: ExportState | None = datum(exports.c.state, "How far it has come: fetch it when it is READY.", OWN)
    language: LanguageTag | None = datum(exports.c.language, "The language of the page.", OWN)
    requested_at: DateTime | None = datum(exports.c.requested_at, "When it was asked for.", OWN)
    ready_at: DateTime | None = datum(exports.c.ready_at, "When it was made.", OWN)
    expires_at: DateTime | None = datum(exports.c.expires_at, "Until when it can be fetched.", OWN)


@strawberry.input(description="How the export is to be written.")
class RequestExportInput:
    """In which language."""

    language: str | None = asked("Of the page, `en` or `fr`; the customer's own when left out.", OWN)


@plain_type
class RequestExportPayload:
    """The export, which is made in the background, or why there is none."""

    export: Export | None = affected("export", exports, Category.PREFERENCE, "The export.", OWN)
    user_errors: list[UserError] = user_errors()
