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

C = consents.c
K = cookie_choices.c
OWN = (shared(AppScope.CHOICES_READ),)

ConsentKind = enumerated("ConsentKind", CONSENT_KINDS, "What was agreed to.")
ConsentState = enumerated("ConsentState", CONSENT_STATES, "Whether it was given or withdrawn.")


@record(consents)
class Consent(Node):
    """One event: agreed, or taken back. The newest of a kind is what counts."""

    id: strawberry.ID = identity(consents, OWN)
    kind: ConsentKind | None = datum(C.kind, "What was agreed to.", OWN)
    state: ConsentState | None = datum(C.state, "Given or withdrawn.", OWN)
    wording_version: str | None = datum(C.wording_version, "Which version of the text was shown.", OWN)
    language: LanguageTag | None = datum(C.language, "In which language.", OWN)
    source: str | None = datum(C.source, "Where it was given.", OWN)
    at: DateTime | None = datum(C.at, "When.", OWN)


@record(cookie_choices)
class CookieChoice(Node):
    """The choice about cookies that are not essential."""

    id: strawberry.ID = identity(cookie_choices, OWN)
    measurement: bool | None = datum(K.measurement, "Whether use of the site may be measured.", OWN)
    wording_version: str | None = datum(K.wording_version, "Which version of the text was shown.", OWN)
    chosen_at: DateTime | None = datum(K.chosen_at, "When it was chosen.", OWN)
    expires_at: DateTime | None = datum(K.expires_at, "When the question is asked again.", OWN)
    global_privacy_control: bool | None = datum(
        K.global_privacy_control, "Whether the browser sent Global Privacy Control.", OWN
    )
