"""What a customer agreed to, and the cookie choice."""

from __future__ import annotations

import strawberry

from policy.app_scopes import AppScope
from schema.core.scalars import DateTime, LanguageTag
from schema.core.words import enumerated
from schema.declare.fields import datum, identity, shared
from schema.declare.node import Node
from schema.declare.records import record
from store.tables.consents import CONSENT_KINDS, CONSENT_STATES, consents, cookie_choices

OWN = (shared(AppScope.CHOICES_READ),)

ConsentKind = enumerated("ConsentKind", CONSENT_KINDS, "What was agreed to.")
ConsentState = enumerated("ConsentState", CONSENT_STATES, "Whether it was given or withdrawn.")


@record(consents)
class Consent(Node):
    """One event: agreed, or taken back. The newest of a kind is what counts."""

    id: strawberry.ID = identity(consents, OWN)
    kind: ConsentKind | None = datum(consents.c.kind, "What was agreed to.", OWN)
    state: ConsentState | None = datum(consents.c.state, "Given or withdrawn.", OWN)
    wording_version: str | None = datum(consents.c.wording_version, "Which version of the text was shown.", OWN)
    language: LanguageTag | None = datum(consents.c.language, "In which language.", OWN)
    source: str | None = datum(consents.c.source, "Where it was given.", OWN)
    at: DateTime | None = datum(consents.c.at, "When.", OWN)


@record(cookie_choices)
class CookieChoice(Node):
    """The choice about cookies that are not essential."""

    id: strawberry.ID = identity(cookie_choices, OWN)
    measurement: bool | None = datum(cookie_choices.c.measurement, "Whether use of the site may be measured.", OWN)
    wording_version: str | None = datum(cookie_choices.c.wording_version, "Which version of the text was shown.", OWN)
    chosen_at: DateTime | None = datum(cookie_choices.c.chosen_at, "When it was chosen.", OWN)
    expires_at: DateTime | None = datum(cookie_choices.c.expires_at, "When the question is asked again.", OWN)
    global_privacy_control: bool | None = datum(
        cookie_choices.c.global_privacy_control, "Whether the browser sent Global Privacy Control.", OWN
    )
