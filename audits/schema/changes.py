"""The kinds of changes between two schemas, each with its direction and severity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from audits.schema.places import SourcePosition


class Direction(Enum):
    """The effect of a change on the protection of personal data."""

    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    NEUTRAL = "neutral"


class Severity(Enum):
    """The steps that are required before a release."""

    BREAKING = "BREAKING-PRIVACY"
    """A new version of the notice; if necessary, people are informed or asked first (GDPR Art. 13(3))."""
    REVIEW = "REVIEW"
    """A review by a person."""
    SAFE = "SAFE"
    """None."""


LOOSENS, TIGHTENS, NEUTRAL = Direction.LOOSENS, Direction.TIGHTENS, Direction.NEUTRAL
BREAKING, REVIEW, SAFE = Severity.BREAKING, Severity.REVIEW, Severity.SAFE


# One kind of change, one line: name | direction | severity | what it means. The names are stable: sign-offs carry them.
# Where a machine cannot tell which way a change goes, it counts as loosening: somebody has to look and sign.
# ruff: noqa: E501
# fmt: off
class ChangeKind(Enum):
    """The kinds of change."""

    FIELD_ADDED              = LOOSENS, REVIEW, "More personal data can be reached, for purposes that its category already had."
    FIELD_ADDED_NEW_USE      = LOOSENS, BREAKING, "Personal data can be reached that no field gave for this purpose before."
    DERIVED_FIELD_ADDED      = LOOSENS, BREAKING, "Something is worked out about people that was not shown before."
    SILENT_ADDED             = LOOSENS, BREAKING, "Something new stands where personal data is and says nothing of itself."
    FIELD_REMOVED            = TIGHTENS, SAFE, "Personal data can no longer be reached here."
    INPUT_ADDED              = LOOSENS, REVIEW, "People can be found, or data about them taken in, by something new."
    INPUT_REMOVED            = TIGHTENS, SAFE, "People can no longer be found, or data taken in, by this."
    DECLARED                 = TIGHTENS, REVIEW, "What nothing bounded is now bound to purposes or scopes."
    UNDECLARED               = LOOSENS, BREAKING, "What was bound to purposes or scopes no longer says anything."
    PURPOSE_ADDED            = LOOSENS, BREAKING, "It may be used for something new."
    PURPOSE_REMOVED          = TIGHTENS, SAFE, "It may no longer be used for this."
    CONDITION_REMOVED        = LOOSENS, BREAKING, "It may be used for this whatever the person chose."
    CONDITION_CHANGED        = LOOSENS, BREAKING, "It may be used for this under another condition; which of the two is stricter, no machine can tell."
    CONDITION_ADDED          = TIGHTENS, SAFE, "It may be used for this under a condition only."
    CATEGORY_MORE_SENSITIVE  = LOOSENS, BREAKING, "It holds a kind of data that the policy protects more."
    CATEGORY_LESS_PROTECTED  = LOOSENS, REVIEW, "It is declared as a kind of data that the policy protects less."
    CATEGORY_CHANGED         = LOOSENS, REVIEW, "It holds another kind of data."
    CATEGORY_NARROWED        = TIGHTENS, REVIEW, "It holds a part of what it held."
    RETENTION_LONGER         = LOOSENS, BREAKING, "It is kept longer."
    RETENTION_SHORTER        = TIGHTENS, SAFE, "It is kept less long."
    RETENTION_CHANGED        = LOOSENS, REVIEW, "It is kept from another beginning; which of the two is longer, no machine can tell."
    RETENTION_REMOVED        = LOOSENS, BREAKING, "Nothing says any more how long it is kept."
    RETENTION_DECLARED       = TIGHTENS, SAFE, "It is now said how long it is kept."
    RECIPIENT_ADDED          = LOOSENS, BREAKING, "Somebody new may receive it."
    RECIPIENT_REMOVED        = TIGHTENS, SAFE, "Somebody may no longer receive it."
    SCOPE_LOOSENED           = LOOSENS, REVIEW, "A token with fewer scopes reaches it."
    SCOPE_TIGHTENED          = TIGHTENS, SAFE, "A token needs more scopes to reach it."
    THIRD_PARTY_OPENED       = LOOSENS, REVIEW, "Customers can allow it to apps of others with this scope."
    THIRD_PARTY_CLOSED       = TIGHTENS, SAFE, "Customers can no longer allow it to apps of others with this scope."
    STEP_UP_REMOVED          = LOOSENS, REVIEW, "It is done for a customer whose sign-in may be longer ago."
    STEP_UP_ADDED            = TIGHTENS, SAFE, "It is done only for a customer who has just signed in."
    PUBLIC_ADDED             = LOOSENS, REVIEW, "It is now called public."
    MEANING_CHANGED          = LOOSENS, REVIEW, "A word of the policy means something else than before."
    WORD_REMOVED             = NEUTRAL, SAFE, "A word of the policy is gone."
    WORD_ADDED               = NEUTRAL, SAFE, "The policy has a new word; what uses it is listed beside it."
    NOT_NULLABLE             = NEUTRAL, REVIEW, "Withholding it would now take its parent with it."
    NULLABLE                 = NEUTRAL, SAFE, "Withholding it no longer takes its parent with it."
    TYPE_CHANGED             = NEUTRAL, REVIEW, "Its values have another form; see that they tell no more than before."
    SOURCE_CHANGED           = NEUTRAL, REVIEW, "It is read from another column."
    PATH_ADDED               = NEUTRAL, REVIEW, "A new way leads to personal data; what is there is decided as before."
    # Of registers, the controller's file and the policy, as notice and record tell them:
    COUNTRY_ADDED            = LOOSENS, BREAKING, "It goes to a country where it did not go before."
    COUNTRY_REMOVED          = TIGHTENS, SAFE, "It goes to this country no more."
    SAFEGUARD_CHANGED        = LOOSENS, REVIEW, "Another safeguard stands for the transfer; which of the two is stricter, no machine can tell."
    PUBLISHED_MORE           = LOOSENS, BREAKING, "A registry publishes it, or publishes it of more people."
    PUBLISHED_LESS           = TIGHTENS, SAFE, "A registry publishes it no more, or of fewer people."
    COPY_ADDED               = LOOSENS, BREAKING, "One more program may keep copies of what it reads."
    COPY_REMOVED             = TIGHTENS, SAFE, "A program keeps no copies any more."
    COPY_CHANGED             = LOOSENS, REVIEW, "A program keeps something else than before."
    LEGAL_GROUND_CHANGED     = LOOSENS, BREAKING, "It rests on another ground, or on another consent or objection, than before."
    MEASURE_REMOVED          = LOOSENS, REVIEW, "A measure of security is told no more."
    MEASURE_ADDED            = TIGHTENS, SAFE, "A further measure of security is told."
    CONTROLLER_CHANGED       = NEUTRAL, REVIEW, "The controller says something else of itself."
    UNDERTAKING_CHANGED      = NEUTRAL, REVIEW, "The undertaking is another document, or of another day."
    DEPRECATED               = NEUTRAL, SAFE, "It is about to go."
    # fmt: on

    def __init__(self, direction: Direction, severity: Severity, text: str) -> None:
        self.direction = direction
        self.severity = severity
        self.text = text

    @property
    def id(self) -> str:
        """The name in files, such as `purpose-added`."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference between two schemas that matters for privacy."""

    kind: ChangeKind
    coordinate: str
    """A field, argument, input field, type, or enum value (`Purpose.INVOICING`)."""
    value: str
    """The purpose, recipient, rule … that was added, removed or changed."""
    place: SourcePosition
    """The position in the new schema; for a removal, in the old one."""
    accepted: str | None = None
    """The person who signed it off, with the reason; None: not signed off."""

    @property
    def message(self) -> str:
        """The change as a text."""
        what = f" ({self.value})" if self.value else ""
        return f"{self.coordinate}: {self.kind.id.replace('-', ' ')}{what}"

    @property
    def id(self) -> str:
        """The name of the kind in files, such as `purpose-added`."""
        return self.kind.id

    @property
    def needs_sign_off(self) -> bool:
        """True for what loosens."""
        return self.kind.direction is Direction.LOOSENS

    def signed(self, by: str) -> SchemaChange:
        """Return the change, signed off."""
        return replace(self, accepted=by)
