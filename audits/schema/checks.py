"""All checks of the audits, one row each, with its advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Self

from audits.schema.places import SourcePosition
from policy.statements import Breach

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


# One check, one line: name | level | what is wrong | what to do.
# ruff: noqa: E501
# fmt: off
class Check(Enum):
    """A check. The names are stable: sign-offs, SARIF and JSON contain them."""

    SYNTAX               = "error", "The text is not valid SDL.", "Mend the line; nothing after it was read."
    DUPLICATE            = "error", "A name is defined twice.", "Keep one of the definitions: which of them a server would enforce is not certain."
    UNKNOWN_TYPE         = "error", "A type is used that nothing defines.", "Define the type, or mend the name."
    CIRCLE               = "error", "Definitions go round in a circle.", "Break the circle: no value can ever satisfy it."
    INTERFACE_GAP        = "error", "A type lacks a field of its interface.", "Add the field to the type, with the interface's purposes."
    MALFORMED            = "error", "A directive does not say what it must.", "Write it as its definition shows; what cannot be read allows nothing."
    LINK                 = "error", "A @link cannot be read.", "Name a version that can be read, and import names of the specification (docs/spec/purpose-directives.md)."
    WIDER_FIELD          = "error", "A field allows what its type does not.", "Take the purpose out of the field, or add it to the type: a field can only narrow its type."
    MISTYPED             = "warning", "A directive is nearly one of the purpose directives.", "Mend the name: as it stands it protects nothing."
    UNKNOWN_CATEGORY     = "error", "The policy has no such category.", "Use a row of policy/categories.py, or add one there."
    UNKNOWN_PURPOSE      = "error", "The policy has no such purpose.", "Use a row of policy/purposes.py, or add one there: one line."
    UNKNOWN_CONDITION    = "error", "The policy has no such condition.", "Use a row of policy/conditions.py, or add one there."
    UNKNOWN_RECIPIENT    = "error", "The policy has no such kind of recipient.", "Use a row of policy/recipients.py: there is no further case (R27)."
    UNKNOWN_RETENTION    = "error", "The policy has no such retention rule.", "Use a row of policy/retention.py, or add one there."
    NOTHING_DECLARED     = "error", "Nothing in the schema is declared to hold personal data.", "Begin with the fields that look personal: @personalData, @purpose, and @retention on the type."
    UNDECLARED           = "error", "A field says nothing, on a type that holds personal data.", 'Say @personalData and @purpose; @purpose alone if it is bound but not personal; or @public(why: "…").'
    UNDECLARED_PATH      = "error", "A field leads to personal data and names no purposes.", "Say @personalData and @purpose: that there are such rows, and how many, is personal data already."
    UNDECLARED_ARGUMENT  = "error", "An argument of a field with personal data says nothing.", 'Say @personalData, @purpose and @retention(rule: NOT_STORED), or @public(why: "…").'
    UNDECLARED_INPUT     = "error", "A field of an input object with personal data says nothing.", 'Say @personalData, @purpose and @retention, or @public(why: "…").'
    NO_PURPOSE           = "error", "Personal data names no purpose, so nobody may read it.", "Add @purpose(allows: […]) with every purpose the privacy notice gives for it, and no other."
    NO_RETENTION         = "error", "Personal data names no retention rule.", "Add @retention(rule: …) to the type, or to the field."
    PURPOSE_TWICE        = "error", "A purpose is named twice on one coordinate.", "Name it once: nobody could say which of the two conditions holds."
    CONTRADICTION        = "error", "A field is called public and bound to purposes at once.", "Remove @public, or everything else."
    HARD_RULE            = "error", "The privacy notice itself excludes this.", "Remove the purpose or recipient: no sign-off can allow it (policy/hard_rules.py)."
    NOT_NULLABLE         = "error", "Personal data promises never to be null.", "Take the ! away: one withheld value would take its whole parent with it."
    INTERFACE_DISAGREES  = "error", "A type allows something else than its interface.", "Give both the same category and the same purposes with the same conditions."
    UNKNOWN_COLUMN       = "error", "The column named as source does not exist.", "Mend `source`: table.column as in store/."
    TABLE_UNRULED        = "error", "A table of the store says nothing of how long its rows are kept.", "Make it with table() or customer_table() of store/sql/metadata.py, and name its rule."
    TABLE_UNDECLARED     = "error", "Nobody has said, or not truly, whose rows a table of the store has.", "Give it its line in store/records/declared.py: what an export tells of its rows, and what an erasure does with them."
    TEXT_UNDECLARED      = "error", "A column of the store holds text, and nothing says whose data may stand in it.", "Give it a category (plain, sealed), and store/records/free_text.py a line: who writes it, or what judges its form."
    COLUMN_DISAGREES     = "error", "The field's category is not the one of its column.", "Take the category of the column: it is said in store/, once."
    SECRET_COLUMN        = "error", "The column may never be given out.", "Remove the field: passwords, factors, card numbers and fingerprints are no output (R16, R20)."
    PURPOSE_OFF          = "warning", "A purpose is named that is switched off.", "It allows nothing until the controller configures it (policy/purposes.py)."
    STALE_TEXT           = "warning", "The text of an enum value is not the policy's.", "Print the schema again: `gateway schema print`."
    UNTRANSLATED         = "warning", "A sentence of the policy is missing in a language.", "Add it to the file that is named; until then it is told in English."
    NARROWER_TYPE        = "note", "A part names purposes that no field leading to it allows.", "Nobody can read it for these: remove them, or add them where it is embedded."
    DEPRECATED_PERSONAL  = "note", "Deprecated personal data can still be read.", "Narrow its purposes now, and remove it when nobody asks for it any more."
    DEPRECATED_UNDATED   = "warning", "A deprecation does not say from when on it may go.", "Write the day into the reason, such as `Use invoices(first:). May go from 2028-01-01.`: clients plan by it (docs/evolution.md)."
    LOOKS_PERSONAL       = "note", "The name of an undeclared field looks like personal data.", "If it is, say so with @personalData; if it is not, nothing needs to be done."
    # Of registrations and documents:
    BAD_DOCUMENT         = "error", "A registered document cannot be read.", "Register it again; as it stands every request with it fails."
    FIELD_GONE           = "error", "A registered document asks for something the schema does not have.", "Mend the document and register it again, or withdraw it."
    OVERREACH            = "error", "A registered document asks for more than its purpose may read.", "Take the fields out: as it stands the operation is refused as a whole."
    PURPOSE_NOT_HELD     = "error", "A document is registered for a purpose that its client does not have.", "Register it for a purpose of the client, or withdraw it."
    CLIENT_PURPOSE_GONE  = "error", "A client is registered for a purpose the policy does not know.", "Register the client again without it: it allows nothing."
    CLIENT_PURPOSE_OFF   = "warning", "A client is registered for a purpose that is switched off.", "Remove it until the controller configures the purpose."
    UNUSED_PURPOSE       = "warning", "A client has not used a purpose for a long time.", "Take the purpose away: what is not needed should not be granted."
    # Of the store:
    LEDGER_ENTRY         = "error", "An entry of the ledger cannot be read.", "Restore the ledger from its backup and find out who touched it."
    ERASURE_OVERDUE      = "error", "An erasure is past its deadline.", "Find out what blocks it now: the notice promises the date."
    WORDING_CHANGED      = "error", "One version of a consent's wording stands for several texts.", "Give every text a version of its own: what was agreed to can no longer be shown."
    PAPER_MISSING        = "error", "No paper of this kind was released.", "Release it: gateway audit release --help."
    PAPER_OUTDATED       = "error", "A released paper is not true any more.", "Release the next version: gateway audit release notice|record --controller FILE --from DATE --because …"
    PAPER_BEHIND         = "warning", "Something is so already that a released paper says of a later day.", "Let it begin on that day: tie a partner's client, or enable an affiliate, then."
    PAPER_WORDS          = "note", "A released paper tells the same facts in other words.", "Release the next version if the new words are better."
    PAPER_ALTERED        = "error", "The released papers are not those of the ledger.", "Restore them from a backup, and find out who touched them."
    TRANSFER_UNGUARDED   = "error", "Data goes to a country that asks for a safeguard, and none is named.", "Name it in the controller's file (transfers.to), or end what goes there."
    # fmt: on

    def __init__(self, level: Level, text: str, advice: str) -> None:
        self.level = level
        self.text = text
        self.advice = advice

    def __new__(cls, *row: Any) -> Self:
        """Make a member with a unique value: with equal values, Enum would make the second row an alias of the
        first."""
        member = object.__new__(cls)
        member._value_ = (len(cls.__members__), *row)
        return member

    @property
    def id(self) -> str:
        """The name in files, such as `undeclared-path`."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, with its position and advice."""

    check: Check
    message: str
    coordinate: str
    place: SourcePosition
    accepted: str | None = None
    """The person who signed it off, with the reason; None: not signed off."""

    @property
    def level(self) -> Level:
        """The level of the check; `note` if it was signed off."""
        return "note" if self.accepted else self.check.level

    @property
    def advice(self) -> str:
        """The advice of the check."""
        return self.check.advice

    def __str__(self) -> str:
        """Return one line for a terminal or a log."""
        return f"{self.place}: {self.level}: {self.message} [{self.check.id}]"


def found(breaches: Iterable[Breach], coordinate: str, place: SourcePosition) -> Iterator[Finding]:
    """Yield a finding for each breach of a check that a text shares with a built schema (`policy.statements`)."""
    for check, text in breaches:
        yield Finding(Check[check], f"{coordinate} {text}.", coordinate, place)


def failing(findings: list[Finding], strict: bool = False) -> bool:
    """Return whether a build must fail: for any error, and with `strict` for any warning, too."""
    return any(each.level == "error" or (strict and each.level == "warning") for each in findings)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Sort findings: errors, warnings, notes, each by file and line."""
    return sorted(findings, key=lambda each: (LEVELS.index(each.level), each.place, each.check.name, each.coordinate))
