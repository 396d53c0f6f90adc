"""Reports on the schema: lint, matrix, and the sentences of the policy."""

from __future__ import annotations

from schema.audits.reported import report_field
from schema.core.enums import AuditLevel
from schema.declare.directives import CategoryEnum, ConditionEnum, PurposeEnum, RecipientEnum, RetentionEnum
from schema.declare.records import plain_type


@plain_type
class AuditSchema:
    """The schema that the reports describe."""

    name: str = report_field("Its file.")
    sha256: str = report_field(
        "SHA-256 of its text in hexadecimal: two answers with the same one speak of the same schema."
    )
    types: int = report_field("The number of types.")
    personal_fields: int = report_field("The number of fields, arguments and input fields with personal data.")


@plain_type
class AuditFinding:
    """One finding, with its place and advice."""

    check: str = report_field("The check, such as `no-retention`.")
    level: AuditLevel = report_field("The severity.")
    coordinate: str | None = report_field("The schema coordinate or name that it concerns.")
    message: str = report_field("The finding.")
    advice: str = report_field("Advice.")
    file: str = report_field("The place: a file, a document or a registration.")
    line: int = report_field("The line; 1 if there are none.")
    column: int = report_field("The column; 1 if there are none.")
    accepted: str | None = report_field("The person who accepted it, and the reason, if accepted.")


@plain_type
class AuditFindingCounts:
    """Findings by level."""

    error: int = report_field("Findings that stop the start.")
    warning: int = report_field("Findings to correct.")
    note: int = report_field("Findings for information.")
    accepted: int = report_field("Findings that were signed off.")


@plain_type
class AuditLint:
    """Gaps in the declarations of the schema: `gateway audit lint`."""

    clean: bool = report_field("Whether there are no errors.")
    counts: AuditFindingCounts = report_field("Findings by level.")
    findings: list[AuditFinding] = report_field("Errors first.")


@plain_type
class AuditPurpose:
    """A purpose for which something can be read."""

    name: PurposeEnum = report_field("Its name.")
    text: str = report_field("Its description.")


@plain_type
class AuditUse:
    """A purpose that may read a field."""

    name: PurposeEnum = report_field("The purpose.")
    when: ConditionEnum | None = report_field("A condition that must hold; null for none.")


@plain_type
class AuditField:
    """A field of the schema and the purposes that may read it. Every other purpose is refused, for all clients."""

    coordinate: str = report_field("Such as `Customer.email`.")
    category: CategoryEnum | None = report_field("The category of personal data.")
    purposes: list[AuditUse] = report_field("The purposes that may read it.")
    retention: list[RetentionEnum] = report_field("The retention rules.")
    disclosed_to: list[RecipientEnum] = report_field("The recipients.")
    column: str | None = report_field("The table and column that store it.")
    description: str = report_field("Its description.")


@plain_type
class AuditMatrix:
    """Fields and purposes: `gateway audit matrix`."""

    purposes: list[AuditPurpose] = report_field("The purposes that can read something, in the order of the policy.")
    unused_purposes: list[PurposeEnum] = report_field("The purposes that can read nothing.")
    fields: list[AuditField] = report_field("In the order of the schema.")


@plain_type
class AuditWord:
    """A value of one of the policy's enums, in words."""

    enum: str = report_field("The enum it belongs to, such as `Purpose`.")
    name: str = report_field("Its name in the enum.")
    text: str = report_field("Its sentence.")
