"""Status codes by GraphQL over HTTP: the draft of August 2026, and those that older clients expect (G1)."""

from __future__ import annotations

import pytest

from gateway.http.negotiation import Media
from gateway.http.statuses import STATUSES
from schema.core.errors import ErrorCode, ResponseError
from schema.documents.requests import Outcome, RequestOutcome, failed

NEW, OLD = Media.RESPONSE, Media.JSON
UNPARSED = failed(RequestOutcome.REQUEST_ERROR, [ResponseError(ErrorCode.GRAPHQL_PARSE_FAILED, "no")])
INVALID = failed(RequestOutcome.REQUEST_ERROR, [ResponseError(ErrorCode.GRAPHQL_VALIDATION_FAILED, "no")])
DONE = Outcome(RequestOutcome.OK, b"{}")
PARTLY = Outcome(RequestOutcome.OK, b"{}", partial=True)


def of(kind: RequestOutcome) -> Outcome:
    """An outcome of this kind."""
    return Outcome(kind, b"{}")


@pytest.mark.parametrize(
    ("outcome", "draft", "older_new", "older_old"),
    [
        (DONE, 200, 200, 200),
        (PARTLY, 294, 200, 200),
        (UNPARSED, 400, 400, 200),
        (INVALID, 422, 400, 200),
        (of(RequestOutcome.REFUSED), 403, 403, 200),
        (of(RequestOutcome.STEP_UP_REQUIRED), 401, 401, 200),
        (of(RequestOutcome.METHOD_NOT_ALLOWED), 405, 405, 405),
        (of(RequestOutcome.THROTTLED), 429, 429, 429),
        (of(RequestOutcome.UNAVAILABLE), 503, 503, 503),
        (of(RequestOutcome.INTERNAL), 500, 500, 500),
    ],
)
def test_the_status_of_every_outcome(outcome: Outcome, draft: int, older_new: int, older_old: int) -> None:
    assert STATUSES["draft"](outcome, NEW) == (draft, NEW)
    # The same code, and the draft's media type but for a success; 294 is only for that media type.
    plain = draft if draft >= 300 else 200
    assert STATUSES["draft"](outcome, OLD) == (plain, NEW if draft >= 300 else OLD)
    assert STATUSES["older"](outcome, NEW) == (older_new, NEW)
    assert STATUSES["older"](outcome, OLD) == (older_old, OLD)


def test_no_outcome_is_without_a_status() -> None:
    for kind in RequestOutcome:
        for status in STATUSES.values():
            assert 200 <= status(of(kind), NEW).code < 600
