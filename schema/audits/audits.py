"""The audits over GraphQL: the facts of `gateway audit`, from the same functions, for tokens with `audit:read`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from audits.papers.registers import registers_of
from audits.reports import told
from audits.schema.facts import Facts
from messages.catalogue import shipped
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
from schema.core.words import enumerated
from schema.declare.directives import CategoryEnum, PurposeEnum, RecipientEnum
from schema.declare.records import plain_type

NEWEST = 10
MOST = 100
REFUSAL_DAYS = 30
MOST_DAYS = 366

AuditLanguage = enumerated("AuditLanguage", shipped(), "The languages of the notice.")
Language = Annotated[AuditLanguage, filtering("In which language.")]
Purposes = Annotated[list[PurposeEnum] | None, filtering("Only fields readable for one of these.")]
Categories = Annotated[list[CategoryEnum] | None, filtering("Only fields of one of these.")]
Types = Annotated[list[str] | None, filtering("Only fields of one of these types.")]
Recipients = Annotated[list[RecipientEnum] | None, filtering("Only what one of these may receive.")]
Most = Annotated[int, filtering(f"How many at most, up to {MOST}.")]
Days = Annotated[int, filtering(f"Of how many days at most, up to {MOST_DAYS}.")]
ClientId = Annotated[str, filtering("The client that would send it.")]
DocumentText = Annotated[str, filtering("The GraphQL document.")]
ForPurpose = Annotated[PurposeEnum | None, filtering("What it is for; else what it states, or each of the client's.")]


def of_schema(make: Callable[[Facts, Mapping[str, Any]], Any]) -> Callable[[Any], Any]:
    """A report on what the schema says."""

    async def run(bench: ReportContext, given: Mapping[str, Any]) -> Any:
        facts = await bench.facts()
        return await to_thread(lambda: make(facts, given))

    return reported(run)


def _matrix(facts: Facts, given: Mapping[str, Any]) -> Any:
    return told.matrix_told(facts, given)


async def _record(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    facts, registers = await bench.facts(), await registers_of(bench.readers.main)
    return await to_thread(lambda: told.record_told(facts, registers))


async def _notice(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    facts, registers = await bench.facts(), await registers_of(bench.readers.main)
    return await to_thread(lambda: told.notice_told(facts, registers, given["language"]))


async def _papers(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.papers_told(bench.readers.main, bench.day)


async def _clients(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.clients_told(await bench.facts(), bench.readers.main)


async def _erasures(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.erasures_told(bench.readers.main, bench.now)


async def _consents(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.consents_told(bench.readers.main, bench.now)


async def _refusals(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.refusals_told(bench.readers.main, bench.now, min(max(given["days"], 1), MOST_DAYS))


async def _acts(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.acts_told(bench.readers.ledger, min(max(given["most"], 0), MOST))


async def _checkpoints(bench: ReportContext, given: Mapping[str, Any]) -> Any:
    return await told.ledger_told(bench.readers.ledger, min(max(given["most"], 0), MOST))


async def nothing_yet(bench: ReportContext, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The audits themselves: each report below is made when it is asked for."""
    return {}


@plain_type
class Audit:
    """What may be read, by whom, for what, and was it so? Everything is derived, and nobody is named."""

    @of_schema(lambda facts, given: told.schema_told(facts))
    def schema(self) -> AuditSchema:
        """Which schema all of this is about."""

    @of_schema(lambda facts, given: told.lint_told(facts))
    def lint(self) -> AuditLint:
        """What the schema leaves open."""

    @of_schema(_matrix)
    def matrix(
        self,
        purposes: Purposes = None,
        categories: Categories = None,
        types: Types = None,
        recipients: Recipients = None,
    ) -> AuditMatrix:
        """Which field may be read for which purpose."""

    @reported(_notice)
    def notice(self, language: Language = AuditLanguage.en) -> AuditNotice:
        """What people are told."""

    @reported(_record)
    def record(self) -> AuditRecord:
        """What the authority is told (GDPR Art. 30)."""

    @reported(_papers)
    def papers(self) -> list[AuditPapers]:
        """Which versions of the notice and the record were released, and which holds today."""

    @of_schema(lambda facts, given: told.words_told(given["language"]))
    def words(self, language: Language = AuditLanguage.en) -> list[AuditWord]:
        """Every row of the policy with its sentence."""

    @reported(_clients)
    def clients(self) -> AuditClients:
        """Who can read what, for what, through which document."""

    @reported(explain)
    def explain(self, client: ClientId, document: DocumentText, purpose: ForPurpose = None) -> AuditDocument | None:
        """Whether a client may send a document, and why; null for a client that is not registered."""

    @reported(_erasures)
    def erasures(self) -> AuditErasures:
        """Erasures due and done."""

    @reported(_consents)
    def consents(self) -> AuditConsents:
        """What people agreed to."""

    @reported(_refusals)
    def refusals(self, days: Days = REFUSAL_DAYS) -> list[AuditRefusal]:
        """Who asked for what they may not have, the most frequent first."""

    @reported(_acts)
    def acts(self, most: Most = NEWEST) -> list[AuditAct]:
        """What operators did, the newest first."""

    @reported(_checkpoints)
    def checkpoints(self, most: Most = NEWEST) -> list[AuditCheckpoint]:
        """The newest checkpoints of the ledger."""
