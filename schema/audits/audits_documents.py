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
from schema.declare.records import plain_type
from schema.execution.explaining import Explainer

NAME = "document"


@plain_type
class AuditDocumentProblem:
    """A syntax or validation error of the document."""

    message: str = report_field("The error.")
    line: int = report_field("The line.")
    column: int = report_field("The column.")


@plain_type
class AuditDocumentField:
    """One coordinate that the operation asks for."""

    coordinate: str = report_field("The field, argument or input.")
    allowed: bool = report_field("Whether the purpose may read or use it.")
    conditions: list[str] = report_field("Conditions on the customer's row; all must hold.")
    reason: str | None = report_field("The reason of a refusal.")
    allowed_purposes: list[str] = report_field("The purposes that are allowed.")
    column: str | None = report_field("The column that stores it.")
    line: int = report_field("The line in the document.")
    line_column: int = report_field("The column in that line.")


@plain_type
class AuditDocumentOperation:
    """One operation with the decision for one purpose."""

    operation: str = report_field("Its name.")
    purpose: str = report_field("The purpose; `none` for a client without any.")
    verdict: AuditVerdict = report_field("What would be answered.")
    problems: list[str] = report_field("The reasons against it.")
    remarks: list[str] = report_field("Requirements of each request, such as a reference.")
    fields: list[AuditDocumentField] = report_field("The decision on each field.")
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
