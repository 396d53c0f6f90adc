"""What the audits say of the schema itself: the lint, the matrix, and the words they use."""

from __future__ import annotations

from schema.audits.reported import told
from schema.declare.directives import CategoryEnum, ConditionEnum, PurposeEnum, RecipientEnum, RetentionEnum
from schema.declare.records import plain_type


@plain_type
class AuditSchema:
    """Which schema the audits are about."""

    name: str = told("Its file.")
    sha256: str = told("SHA-256 of its text in hexadecimal: two answers with the same one speak of the same schema.")
    types: int = told("How many types it has.")
    personal_fields: int = told("How many fields, arguments and inputs carry personal data.")


@plain_type
class AuditFinding:
    """One thing to mend, where it stands and what to do."""

    check: str = told("Which check found it, such as `no-retention`.")
    level: str = told("How much it matters: `error`, `warning` or `note`.")
    coordinate: str | None = told("The schema coordinate, or the name, that it is about.")
    message: str = told("What was found.")
    advice: str = told("What to do.")
    file: str = told("Where it stands: a file, a document or a registration.")
    line: int = told("The line; 1 where there are none.")
    column: int = told("The column; 1 where there are none.")
    accepted: str | None = told("Who accepted it and why, if somebody did.")


@plain_type
class AuditFindingCounts:
    """Findings by level."""

    error: int = told("What must not be served.")
    warning: int = told("What should be mended.")
    note: int = told("What to know.")
    accepted: int = told("What somebody signed off.")


@plain_type
class AuditLint:
    """What the schema leaves open: `gateway audit lint`."""

    clean: bool = told("Whether there are no errors.")
    counts: AuditFindingCounts = told("Findings by level.")
    findings: list[AuditFinding] = told("Errors first.")


@plain_type
class AuditPurpose:
    """A purpose for which something can be read."""

    name: PurposeEnum = told("Its name.")
    text: str = told("What it is for, in a sentence.")


@plain_type
class AuditUse:
    """A purpose that may read a field."""

    name: PurposeEnum = told("The purpose.")
    when: ConditionEnum | None = told("Only where this holds; null: always.")


@plain_type
class AuditField:
    """A field of the schema, and what it may be read for. A purpose that is not named is refused, for everybody."""

    coordinate: str = told("Such as `Customer.email`.")
    category: CategoryEnum | None = told("What kind of personal data it holds.")
    purposes: list[AuditUse] = told("What it may be read for.")
    retention: list[RetentionEnum] = told("How long it is kept.")
    disclosed_to: list[RecipientEnum] = told("Who else may receive it.")
    column: str | None = told("Where it rests: table and column.")
    description: str = told("What it is.")


@plain_type
class AuditMatrix:
    """Fields and purposes: `gateway audit matrix`."""

    purposes: list[AuditPurpose] = told("Those for which something can be read, in the order of the policy.")
    unused_purposes: list[PurposeEnum] = told("Those for which nothing in the schema can be read.")
    fields: list[AuditField] = told("In the order of the schema.")


@plain_type
class AuditWord:
    """A row of the policy in words."""

    enum: str = told("The enum it belongs to, such as `Purpose`.")
    name: str = told("Its name there.")
    text: str = told("Its sentence.")
