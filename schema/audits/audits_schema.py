"""Reports on the schema: lint, matrix, and the sentences of the policy."""

from __future__ import annotations

from schema.audits.reported import report_field
from schema.core.enums import AuditCheck, AuditLevel
from schema.declare.directives import CategoryEnum, ConditionEnum, PurposeEnum, RecipientEnum, RetentionEnum
from schema.declare.records import plain_type


@plain_type
class AuditSchema:
    """The schema that the reports describe."""

    name: str = report_field("The file that the schema was read from.")
    sha256: str = report_field(
        "SHA-256 of its text in hexadecimal: two answers with the same one speak of the same schema."
    )
    types: int = report_field("How many types the schema has.")
    personal_fields: int = report_field("The number of fields, arguments and input fields with personal data.")


@plain_type
class AuditFinding:
    """One finding, with its place and advice."""

    check: AuditCheck = report_field("The check, of which the reports have the name in lower case.", word=True)
    level: AuditLevel = report_field("The severity of the finding.")
    coordinate: str | None = report_field("The schema coordinate or name that it concerns.")
    message: str = report_field("What is wrong, in one or two sentences.")
    advice: str = report_field("What to do about it, in one or two sentences.")
    file: str = report_field("The place: a file, a document or a registration.")
    line: int = report_field("The line of the file, counted from 1; 1 where there are no lines.")
    column: int = report_field("The place in the line, counted from 1; 1 where there are no lines.")
    accepted: str | None = report_field("The person who accepted it, and the reason, if accepted.")


@plain_type
class AuditFindingCounts:
    """How many findings there are of each level."""

    error: int = report_field("How many findings stop the start.")
    warning: int = report_field("How many findings should be mended.")
    note: int = report_field("How many findings are good to know.")
    accepted: int = report_field("How many findings were signed off with a reason.")


@plain_type
class AuditLint:
    """Gaps in the declarations of the schema: `gateway audit lint`."""

    clean: bool = report_field("Whether there is no finding that stops the start.")
    counts: AuditFindingCounts = report_field("How many findings there are of each level.")
    findings: list[AuditFinding] = report_field("The findings, errors first.")


@plain_type
class AuditPurpose:
    """A purpose for which something can be read."""

    name: PurposeEnum = report_field("The name of the purpose in tokens and in the schema.")
    text: str = report_field("What the data is used for, in one sentence.")


@plain_type
class AuditUse:
    """A purpose that may read a field."""

    name: PurposeEnum = report_field("The purpose that may read the field.")
    when: ConditionEnum | None = report_field("A condition that must hold; null for none.")


@plain_type
class AuditField:
    """A field of the schema and the purposes that may read it. Every other purpose is refused, for all clients."""

    coordinate: str = report_field("The field by its schema coordinate, such as `Customer.email`.")
    category: CategoryEnum | None = report_field("The category of personal data that it holds; null if it holds none.")
    purposes: list[AuditUse] = report_field("The purposes that may read it, each with its condition.")
    retention: list[RetentionEnum] = report_field("The rules by which it is kept; several where a type narrows them.")
    disclosed_to: list[RecipientEnum] = report_field("The kinds of recipients that may get it.")
    column: str | None = report_field("The columns that store it, as `table.column`; null if none does.")
    description: str = report_field("What the schema says about the field.")


@plain_type
class AuditMatrix:
    """Fields and purposes: `gateway audit matrix`."""

    purposes: list[AuditPurpose] = report_field("The purposes that can read something, in the order of the policy.")
    unused_purposes: list[PurposeEnum] = report_field("The purposes that can read nothing.")
    fields: list[AuditField] = report_field("The fields that the filters leave, in the order of the schema.")


@plain_type
class AuditWord:
    """A value of one of the policy's enums, in words."""

    enum: str = report_field("The enum it belongs to, such as `Purpose`.")
    name: str = report_field("The name of the value in its enum.")
    text: str = report_field("The sentence that explains the value.")
