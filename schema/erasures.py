"""Where the erasure of a customer's data stands."""

from __future__ import annotations

import strawberry

from schema.fields import datum, identity
from schema.node import Node
from schema.readers import ERASED
from schema.records import record
from schema.scalars import DateTime
from schema.words import enumerated
from store.erasures import ERASURE_CAUSES, ERASURE_STATES, erasures

E = erasures.c

ErasureState = enumerated("ErasureState", ERASURE_STATES, "How far it has come.")
ErasureCause = enumerated(
    "ErasureCause", ERASURE_CAUSES, "Asked for by the customer, or due six months after the last service ended."
)


@record(erasures)
class Erasure(Node):
    """An erasure asked for or due."""

    id: strawberry.ID = identity(erasures, ERASED)
    state: ErasureState | None = datum(E.state, "How far it has come.", ERASED)
    cause: ErasureCause | None = datum(E.cause, "Why it happens.", ERASED)
    requested_at: DateTime | None = datum(E.requested_at, "When it was asked for or armed.", ERASED)
    due_at: DateTime | None = datum(E.due_at, "By when it will be done.", ERASED)
    when_services_end: bool | None = datum(E.when_services_end, "It waits until every service has ended.", ERASED)
    cancelled_at: DateTime | None = datum(E.cancelled_at, "When it was called off.", ERASED)
    finished_at: DateTime | None = datum(E.finished_at, "When it was done.", ERASED)
