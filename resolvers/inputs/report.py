"""The report of an import: places of problems and advice, never a value of the file (D1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, unique

from resolvers.inputs.changes import FieldChange, ImportChange

MOST_PROBLEMS = 1_000
"""Maximum number of listed problems; the others are counted."""


@unique
class FileFault(Enum):
    """A reason to refuse a whole file, with advice."""

    NOT_A_FILE = "There is no readable file at this path; an import reads a regular file, twice."
    EMPTY = "The file is empty: it needs a header line (CSV) or a customer a line (NDJSON)."
    SPREADSHEET = "This is a workbook (XLSX, XLS, ODS), not a text: open it and save it as “CSV UTF-8”."
    COMPRESSED = "The file is compressed: unpack it first."
    NOT_A_MAPPING = (
        'The file of column names cannot be used: it is TOML with lines such as "Last name" = "family_name", and an '
        "empty name for what is not imported."
    )
    WRONG_ENCODING = "The file is neither UTF-8 nor UTF-16: save it as UTF-8 (in a spreadsheet: “CSV UTF-8”)."
    MISSING_COLUMNS = "The first line must name the columns, and these are missing: add them to the header."
    DUPLICATE_COLUMNS = "Columns of the header have the same name: keep one of each."
    UNKNOWN_COLUMNS = "Columns have names that are not imported: rename or remove them (what has no use is not kept)."
    TOO_LONG = "A record is longer than 100,000 bytes, often because a quotation mark is not closed: mend the line."
    BROKEN_QUOTING = "This is not valid CSV: look for a stray quotation mark, or for a stray line end."
    CHANGED = "The file changed while it was imported; nothing was imported: try again when it is complete."
    CONFLICT = "Somebody registered one of these customers meanwhile; nothing was imported: try again."


class ImportFileError(Exception):
    """The file cannot be imported; nothing was.

    `line` is the physical line, counted from 1. `columns` are known names, or positions counted from 1: never the text
    of a header, since the first line of a file without a header is personal data.
    """

    def __init__(self, fault: FileFault, line: int | None = None, columns: tuple[str | int, ...] = ()) -> None:
        self.fault, self.line, self.columns = fault, line, columns
        # Positions only: the text of a line is personal data (D1).
        where = f" (line {line})" if line is not None else ""
        which = f" Columns: {', '.join(map(str, columns))}." if columns else ""
        super().__init__(f"{fault.value}{which}{where}")


@unique
class FieldFault(Enum):
    """A problem of one field of one row."""

    MISSING = "is required"
    TOO_LONG = "is too long"
    FORMULA = "begins like a spreadsheet formula"
    CONTROL_CHARACTER = "contains an invisible control character"
    WRONG_TYPE = "has the wrong type"
    NOT_A_NAME = "is not a name: it needs at least one letter"
    NOT_AN_EMAIL = "is not an e-mail address"
    QUOTED_EMAIL = "has quotation marks before the @, which are not taken"
    EMAIL_AT_NUMBER = "is an e-mail address at an IP address: give one at a domain name"
    EMAIL_WITHOUT_DOMAIN = "has no domain name after the @, such as example.ch"
    EMAIL_TOO_LONG = "is longer than mail servers take"
    MIXED_SCRIPTS = "mixes letters of several scripts, which could be taken for another address"
    NOT_A_PHONE = "is not an international telephone number, such as +41211234567"
    PHONE_WITHOUT_COUNTRY = "has no country code: write it such as +41211234567"
    PHONE_EXTENSION = "has an extension, which is not taken: give a number that reaches the person directly"
    SEVERAL_PHONES = "has several telephone numbers: give one"
    PHONE_LENGTH = "has more or fewer digits than the telephone numbers of its country"
    NOT_A_COUNTRY = "is not the two-letter code of a country, such as CH"
    NOT_A_POSTAL_CODE = "is not a postal code of its country or region"
    NOT_A_REGION = "is not a state or province of its country"
    NOT_A_LANGUAGE = "is not a language tag, such as fr-CH"
    NOT_A_BOOLEAN = "is neither true nor false"
    NOT_A_DATE = "is not a date, such as 2026-03-31 or 2026-03-31T14:00:00Z"
    IN_THE_FUTURE = "lies in the future"
    ENDS_BEFORE_START = "lies before the start"
    NOT_A_CHOICE = "is none of the allowed words"
    NOT_A_NUMBER = "is not a customer number: letters, digits, - and . only"
    NOT_AN_EXTERNAL_ID = (
        "is not an id in another system: write it such as crm:0047-A, or name the system of the whole file (--system)"
    )
    NOT_A_DOMAIN = "is not a domain name"
    NOT_A_TOTP = "is no otpauth URI of an app with six digits, 30 seconds and SHA-1, the codes that are taken"
    NOT_AN_AMOUNT = "is no decimal number such as 69.00, or has more digits than the currency or the field"
    NOT_A_CURRENCY = "is no currency of ISO 4217, such as CHF"
    NOT_AN_INVOICE_NUMBER = "is no invoice number: letters, digits, -, ., / and _, at most 32"
    SUM_DISAGREES = "do not add up to the total"
    PAYMENT_DISAGREES = "is there exactly for a paid invoice: neither paid_with alone, nor together with cancelled"
    END_DISAGREES = "must be there exactly for a TERMINATED service"
    NOT_A_SERVICE = "is not a list of services: KIND|name|start|end, separated by ;"
    NOT_A_LINE = "is not a list of lines: description|amount|quantity|tax rate, separated by ;"
    NO_CUSTOMER = "leads to no customer who is here: import the customer first"
    TOO_MANY = "has too many entries"
    UNKNOWN_KEY = "has a key that is not imported"
    NOT_JSON = "is not one JSON object without repeated keys"
    WRONG_WIDTH = "has more or fewer cells than the header"
    DUPLICATE_IN_FILE = "stands in an earlier row too"
    ALREADY_REGISTERED = "belongs to a registered customer already"
    CHANGED_HERE = (
        "was changed here since the last import and differs in the file: it stays (--theirs takes the file's)"
    )
    NOT_TAKEN = (
        "could not be changed: the customer is being changed or erased at this moment, or it is taken; try again"
    )


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """One problem: the row (records counted from 1), the line where it begins, and the field, without the value."""

    row: int
    line: int
    field: str
    fault: FieldFault
    instead: str = ""
    """Words that its country would take: an example of a postal code, the choice of regions."""

    def __str__(self) -> str:
        instead = f", such as {self.instead}" if self.instead else ""
        return f"row {self.row} (line {self.line}): {self.field} {self.fault.value}{instead}"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import.

    `imported` is 0 or all rows without problems; `problems` are the first of `problem_count`; `due_at_once` counts
    customers whose six months after the last service are over (R34).
    """

    rows: int
    bad_rows: int
    imported: int
    dry_run: bool
    problems: tuple[ImportProblem, ...]
    problem_count: int
    due_at_once: int = 0
    changes: tuple[ImportChange, ...] = ()
    """The first changes of each kind to the rows that are taken; defaults are only counted."""
    change_counts: Mapping[tuple[str, FieldChange], int] = field(default_factory=dict)
    """Number of changes by field and kind."""
    run: int | None = None
    """The run that is recorded (`gateway imports show`); None if nothing was stored."""
    invited: int = 0
    """Customers without a password of the client area who are written to."""
    changed: int = 0
    """Known customers of whom something was changed (`--upsert`)."""
    same: int = 0
    """Known customers of whom nothing is changed: nothing differs, or what differs is a problem of their row."""
    checksums: tuple[str, str] | None = None
    """SHA-256 of the compared values of known customers, of the file and of the store."""

    @property
    def clean(self) -> bool:
        """True if no row had a problem."""
        return self.problem_count == 0


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an import: phase CHECKING reads the whole file, then IMPORTING reads it again."""

    phase: str
    rows: int
    bytes_done: int
    bytes_total: int
