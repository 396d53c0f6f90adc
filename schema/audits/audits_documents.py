"""Explains the decision on a document for a client: the report of `gateway audit query`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.reports.clients import registrations
from audits.reports.query_report import query_report
from audits.schema.sources import Text
from schema.audits.reported import report_field
from schema.audits.reporting import ReportContext, to_thread
from schema.core.enums import AuditVerdict
from schema.declare.directives import PurposeEnum
from schema.declare.records import plain_type
from schema.execution.explaining import Explainer

NAME = "document"


@plain_type
class AuditDocumentProblem:
    """A syntax or validation error of the document."""

    message: str = report_field("What is wrong with the document, in one sentence.")
    line: int = report_field("The line of the document, counted from 1.")
    column: int = report_field("The place in that line, counted from 1.")


@plain_type
class AuditDocumentField:
    """One coordinate that the operation asks for."""

    coordinate: str = report_field("The field, argument or input by its schema coordinate.")
    allowed: bool = report_field("Whether the purpose may read or use it.")
    conditions: list[str] = report_field("Conditions on the customer's row; all must hold.")
    reason: str | None = report_field("Why it would be refused; null if it would not.")
    allowed_purposes: list[PurposeEnum] = report_field("The purposes for which it may be used.")
    column: str | None = report_field("The columns that store it, as `table.column`; null if none does.")
    line: int = report_field("The line of the document in which it is asked for, counted from 1.")
    line_column: int = report_field("The place in that line of the document, counted from 1.")


@plain_type
class AuditDocumentOperation:
    """One operation with the decision for one purpose."""

    operation: str = report_field("The name of the operation, or words for one without a name.")
    purpose: str = report_field("The purpose; `none` for a client without any.")
    verdict: AuditVerdict = report_field("What the gateway would answer to it.")
    problems: list[str] = report_field("The reasons for which it would be refused as a whole.")
    remarks: list[str] = report_field("Requirements of each request, such as a reference.")
    fields: list[AuditDocumentField] = report_field("For each field, whether it may be read.")
    columns: list[str] = report_field("The columns that would be selected at most.")


@plain_type
class AuditDocument:
    """The answer that a client would get. No customer data is read to compute it."""

    sha256: str = report_field("SHA-256 of the text: the name it is registered by.")
    problems: list[AuditDocumentProblem] = report_field("Errors of the document, whoever sends it.")
    operations: list[AuditDocumentOperation] = report_field("Each operation, for each purpose it could be sent for.")


async def explain(context: ReportContext, given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Compute the explanation; None for a client that does not exist or is disabled."""
    registered = await registrations(context.readers.main)
    client = next((each for each in registered if each.id == given["client"] and each.disabled_at is None), None)
    if client is None:
        return None
    facts = await context.facts()
    explainer = Explainer(context.model, facts, client, context.readers.main, hints=context.hints)
    # A fixed name: positions in the report refer to it.
    text = Text(NAME, given["document"])
    found = await to_thread(lambda: explainer.explain(text, given.get("purpose")))
    document: Mapping[str, Any] = query_report(client.id, [found]).data["documents"][0]
    return document
