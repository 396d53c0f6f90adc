"""The audits over GraphQL: the facts of `gateway audit`, from the same functions, for tokens with `audit:read`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from audits.papers.registers import registers_of
from audits.reports import contents
from audits.schema.facts import Facts
from messages.negotiation import written
from schema.audits.audits_documents import AuditDocument, explain
from schema.audits.audits_papers import AuditNotice, AuditPapers, AuditRecord
from schema.audits.audits_schema import AuditLint, AuditMatrix, AuditSchema, AuditWord
from schema.audits.audits_store import (
    AuditAct,
    AuditCheckpoint,
    AuditClients,
    AuditConsents,
    AuditErasures,
    AuditRefusal,
)
from schema.audits.reported import filtering, reported
from schema.audits.reporting import ReportContext, to_thread
from schema.core.scalars import LanguageTag
from schema.declare.directives import CategoryEnum, PurposeEnum, RecipientEnum
from schema.declare.records import plain_type

NEWEST = 10
# Upper bounds, since each entry is read from the ledger or the store.
MOST = 100
REFUSAL_DAYS = 30
MOST_DAYS = 366

ENGLISH = LanguageTag("en")
Language = Annotated[
    LanguageTag, filtering("The language of the words, such as `fr`; English where there is no catalogue for it.")
]
Purposes = Annotated[list[PurposeEnum] | None, filtering("Only fields readable for one of these.")]
Categories = Annotated[list[CategoryEnum] | None, filtering("Only fields of one of these.")]
Types = Annotated[list[str] | None, filtering("Only fields of one of these types.")]
Recipients = Annotated[list[RecipientEnum] | None, filtering("Only what one of these may receive.")]
Most = Annotated[int, filtering(f"The maximum number of entries, up to {MOST}.")]
Days = Annotated[int, filtering(f"The number of days to look back, up to {MOST_DAYS}.")]
ClientId = Annotated[str, filtering("The client that would send it.")]
DocumentText = Annotated[str, filtering("The GraphQL document.")]
ForPurpose = Annotated[
    PurposeEnum | None,
    filtering("The purpose; when left out, the one that the document states, or each of the client's."),
]


def of_schema(make: Callable[[Facts, Mapping[str, Any]], Any]) -> Callable[[Any], Any]:
    """Declare a report that needs the schema alone; it is computed in a thread."""

    async def run(context: ReportContext, given: Mapping[str, Any]) -> Any:
        facts = await context.facts()
        return await to_thread(lambda: make(facts, given))

    return reported(run)


def _matrix(facts: Facts, given: Mapping[str, Any]) -> Any:
    return contents.matrix_content(facts, given)


async def _record(context: ReportContext, given: Mapping[str, Any]) -> Any:
    facts, registers = await context.facts(), await registers_of(context.readers.main)
    return await to_thread(lambda: contents.record_content(facts, registers))


async def _notice(context: ReportContext, given: Mapping[str, Any]) -> Any:
    facts, registers = await context.facts(), await registers_of(context.readers.main)
    return await to_thread(lambda: contents.notice_content(facts, registers, written(given["language"])))


async def _papers(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.papers_content(context.readers.main, context.day)


async def _clients(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.clients_content(await context.facts(), context.readers.main)


async def _erasures(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.erasures_content(context.readers.main, context.now)


async def _consents(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.consents_content(context.readers.main, context.now)


async def _refusals(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.refusals_content(context.readers.main, context.now, min(max(given["days"], 1), MOST_DAYS))


async def _acts(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.acts_content(context.readers.ledger, min(max(given["most"], 0), MOST))


async def _checkpoints(context: ReportContext, given: Mapping[str, Any]) -> Any:
    return await contents.ledger_content(context.readers.ledger, min(max(given["most"], 0), MOST))


# Not None, which GraphQL would return as null without resolving the reports.
async def nothing_yet(context: ReportContext, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parent value of the reports: empty, since each report is computed when it is selected."""
    return {}


@plain_type
class Audit:
    """Audit reports on permitted and actual reads. All are derived from schema and store, and name no customer."""

    @of_schema(lambda facts, given: contents.schema_content(facts))
    def schema(self) -> AuditSchema:
        """The schema that every report here is about, by its hash."""

    @of_schema(lambda facts, given: contents.lint_content(facts))
    def lint(self) -> AuditLint:
        """Gaps in the declarations of the schema."""

    @of_schema(_matrix)
    def matrix(
        self,
        purposes: Purposes = None,
        categories: Categories = None,
        types: Types = None,
        recipients: Recipients = None,
    ) -> AuditMatrix:
        """Fields and the purposes that may read them."""

    @reported(_notice)
    def notice(self, language: Language = ENGLISH) -> AuditNotice:
        """The content of the privacy notice."""

    @reported(_record)
    def record(self) -> AuditRecord:
        """The record of processing activities (GDPR Art. 30)."""

    @reported(_papers)
    def papers(self) -> list[AuditPapers]:
        """The released versions of notice and record, with the one in force today."""

    @of_schema(lambda facts, given: contents.words_content(written(given["language"])))
    def words(self, language: Language = ENGLISH) -> list[AuditWord]:
        """Every value of the policy's enums with its sentence."""

    @reported(_clients)
    def clients(self) -> AuditClients:
        """Fields that each client can read, with purpose and document."""

    @reported(explain)
    def explain(self, client: ClientId, document: DocumentText, purpose: ForPurpose = None) -> AuditDocument | None:
        """Explains the decision on a document for a client; null for a client that is not registered."""

    @reported(_erasures)
    def erasures(self) -> AuditErasures:
        """How many erasures are due, and how many are done."""

    @reported(_consents)
    def consents(self) -> AuditConsents:
        """How many customers consent, to what, and by which wording."""

    @reported(_refusals)
    def refusals(self, days: Days = REFUSAL_DAYS) -> list[AuditRefusal]:
        """Refused operations by client, the most frequent first."""

    @reported(_acts)
    def acts(self, most: Most = NEWEST) -> list[AuditAct]:
        """Acts of operators, the newest first."""

    @reported(_checkpoints)
    def checkpoints(self, most: Most = NEWEST) -> list[AuditCheckpoint]:
        """The newest checkpoints of the ledger."""
