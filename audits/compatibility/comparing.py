"""Compares two schemas as clients see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from audits.compatibility.changes import ClientChange, Impact
from audits.compatibility.places import places
from audits.compatibility.shape import built, shape_changes
from audits.compatibility.terms import deprecations, marker_changes, term_changes
from audits.schema.changes import SchemaChange
from audits.schema.facts import Facts
from audits.schema.sources import Text

WEIGHT = tuple(Impact)


def client_changes(
    old: Text, new: Text, facts: tuple[Facts, Facts], privacy: Sequence[SchemaChange]
) -> list[ClientChange]:
    """Return every change that clients may notice, the breaking ones first; UnreadableError.

    `facts` are those of both texts, and `privacy` the changes between them for privacy.
    """
    before, after = built(old), built(new)
    was, now = places(facts[0]), places(facts[1])
    reasons = deprecations(before)
    found = [
        *(_with_deprecation(each, reasons) for each in shape_changes(before, after, was, now)),
        *term_changes(privacy),
        *marker_changes(before, after, now),
    ]
    return sorted(
        dict.fromkeys(found), key=lambda each: (WEIGHT.index(each.impact), each.place, each.coordinate, each.id)
    )


def breaking(changes: Iterable[ClientChange]) -> list[ClientChange]:
    """Return the breaking changes without a sign-off: a build fails for any."""
    return [each for each in changes if each.needs_sign_off and not each.accepted]


def _with_deprecation(change: ClientChange, reasons: dict[str, str]) -> ClientChange:
    """Say of something that was removed whether it was deprecated before."""
    if not change.id.endswith("-removed") or change.impact is not Impact.BREAKING or change.coordinate[:1] == "@":
        return change
    reason = reasons.get(change.coordinate)
    said = f"It was deprecated: {reason}" if reason else "It was never deprecated."
    return replace(change, message=f"{change.message} {said}")
