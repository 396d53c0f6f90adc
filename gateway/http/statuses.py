"""Status codes of GraphQL responses: those of GraphQL over HTTP's draft of 6 August 2026, or of the drafts before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.http.negotiation import Media
from schema.documents.requests import Outcome, RequestOutcome

PARTIAL_SUCCESS = 294
"""Executed, with errors of single fields: the draft's own code, for its own media type alone."""

KINDS: Mapping[RequestOutcome, int] = {
    RequestOutcome.OK: 200,
    RequestOutcome.REQUEST_ERROR: 422,
    RequestOutcome.REFUSED: 403,
    RequestOutcome.STEP_UP_REQUIRED: 401,
    RequestOutcome.METHOD_NOT_ALLOWED: 405,
    RequestOutcome.THROTTLED: 429,
    RequestOutcome.UNAVAILABLE: 503,
    RequestOutcome.INTERNAL: 500,
}

ALWAYS_200 = {RequestOutcome.REQUEST_ERROR, RequestOutcome.REFUSED, RequestOutcome.STEP_UP_REQUIRED}
"""Outcomes that had status 200 under `application/json`: clients of that time take any other status for a failure."""


class Status(NamedTuple):
    """The status of a response, and its media type."""

    code: int
    media: Media


def by_draft(outcome: Outcome, media: Media) -> Status:
    """The status by the present draft, whatever was accepted; only a 2xx is `application/json`, as its §6.1 says."""
    code = 400 if outcome.unparsed else KINDS[outcome.kind]
    if code >= 300:
        return Status(code, Media.RESPONSE)
    return Status(PARTIAL_SUCCESS if outcome.partial and media is Media.RESPONSE else code, media)


def of_earlier_drafts(outcome: Outcome, media: Media) -> Status:
    """The status by the drafts until 2025: 400 for a request error, and 200 where `application/json` is accepted."""
    if media is Media.JSON and outcome.kind in ALWAYS_200:
        return Status(200, media)
    return Status(400 if outcome.kind is RequestOutcome.REQUEST_ERROR else KINDS[outcome.kind], media)


STATUSES = {"draft": by_draft, "older": of_earlier_drafts}
"""By the setting `GATEWAY_STATUS_CODES`."""
