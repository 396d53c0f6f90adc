"""`gateway audit clients`, `grants`, `ledger`, `refusals`, `erasures`, `consents`, `acts`: reports without names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, get_args

import click

from audits.reports.acts import acts_report
from audits.reports.checkpoints import checkpoint_facts
from audits.reports.clients import AuditedClient, findings, registrations, unused
from audits.reports.clients_report import clients_report
from audits.reports.consents import consent_facts, consents_report, unclear_wordings
from audits.reports.coordinate_use import coordinate_report, coordinate_uses
from audits.reports.erasures import erasure_facts, erasures_report, overdue
from audits.reports.grants import EmergencyFact, GrantFact, emergency_facts, grant_facts, grants_report, needs_attention
from audits.reports.ledger import LedgerFacts, Period, ledger_facts
from audits.reports.ledger_report import CHECKPOINTS, ledger_report
from audits.reports.reading import Readers, opened
from audits.reports.refusals import refusal_facts, refusals_report
from audits.schema.checks import Finding, failing, in_order
from gateway.commands.audit.output import (
    FOUND,
    leave_report,
    output_options,
    read_facts,
    schema_argument,
    unreadable_as_sentence,
)
from store.accesses.acts import Acts
from store.ledger.signed_checkpoints import Signed

Found = TypeVar("Found")


def from_store(read: Callable[[Readers], Awaitable[Found]], report_errors: bool = True) -> Found:
    """Run `read` on the store of the settings; exit code 2 for a wrong setting, 3 if the store is unavailable.

    Without `report_errors` StoreUnavailableError is raised, for callers that can do without the store.
    """
    # Late: the rest of the gateway takes half a second to import, and audits of a schema alone do not need it.
    from gateway.commands.common import errors_as_sentences, read_settings
    from gateway.http import server
    from gateway.run.stores import store_config

    config = store_config(read_settings())

    async def reading() -> Found:
        async with opened(config) as readers:
            return await read(readers)

    # Some reports can do without the store, and decide themselves what its absence means.
    with errors_as_sentences() if report_errors else nullcontext():
        return server.run(reading())


@click.command("clients")
@schema_argument
@click.option("--client", "only", multiple=True, metavar="ID", help="Only this client. Repeatable.")
@click.option("--unused", "days", type=click.IntRange(1), metavar="DAYS", help="Find purposes not used for so long.")
@click.option("--strict", is_flag=True, help="Warnings fail, too.")
@output_options()
def clients_(
    schema: str | None, only: tuple[str, ...], days: int | None, strict: bool, form: str | None, output: Path | None
) -> None:
    """Show who can read what, and for what.

    Field by field, with the document through which each is read. Registrations that no longer fit the schema are
    findings, with the line of the document.

    \b
        gateway audit clients
        gateway audit clients --client billing --format csv -o billing.csv
        gateway audit clients --unused 90
        gateway audit clients next-schema.graphql       # what would break?
    \b
    Exit code 1 when a registration does not fit, 3 when the store cannot be read.
    """
    now = datetime.now(UTC)

    async def read(readers: Readers) -> tuple[list[AuditedClient], list[Finding]]:
        registered = await registrations(readers.main)
        if days is None:
            return registered, []
        used = await ledger_facts(readers.ledger, since=now - timedelta(days=days))
        return registered, unused(registered, used.last_use(), now, days)

    with unreadable_as_sentence():
        facts = read_facts(schema).require_readable()
        registered, found = from_store(read)
        # A misspelt client would give an empty report, which looks as if it could read nothing.
        if unknown := sorted(set(only) - {each.id for each in registered}):
            known = ", ".join(each.id for each in registered)
            raise click.UsageError(f"There is no client {', '.join(unknown)}. There are: {known}")
        kept = [each for each in registered if not only or each.id in only]
        shown = {each.id for each in kept}
        mine = [each for each in found if each.place.file.removeprefix("client ") in shown]
        found = in_order(findings(facts, kept) + mine)
        leave_report(clients_report(facts, kept, found), form, output)
    if failing(found, strict):
        raise SystemExit(FOUND)


@click.command("grants")
@output_options()
def grants_(form: str | None, output: Path | None) -> None:
    """Show until when clients have their purposes.

    Those to be confirmed, about to end and ended; and what was given in an emergency: who, why, and what was read.

    \b
        gateway audit grants
        gateway audit grants --format csv -o grants.csv
    \b
    Exit code 1 when one is to be confirmed, about to end or to be reviewed, 3 when the store cannot be read.
    """
    now = datetime.now(UTC)

    async def read(readers: Readers) -> tuple[list[GrantFact], list[EmergencyFact]]:
        return await grant_facts(readers.main), await emergency_facts(readers.main, readers.ledger)

    grants, emergencies = from_store(read)
    with unreadable_as_sentence():
        leave_report(grants_report(grants, emergencies, now), form, output)
    if needs_attention(grants, emergencies, now):
        raise SystemExit(FOUND)


@click.command("ledger")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, in UTC.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Before this day.")
@click.option("--by", "period", type=click.Choice(get_args(Period)), default="month", show_default=True)
@output_options()
def ledger_(
    since: datetime | None, until: datetime | None, period: Period, form: str | None, output: Path | None
) -> None:
    """Count what was read, by whom and for what.

    By client, purpose and period, and by field. The ledger names people by pseudonyms, and this names nobody. Entries
    that cannot be read are findings; that none was changed or taken out is proven by `gateway ledger verify`.

    \b
        gateway audit ledger
        gateway audit ledger --since 2026-11-01 --by day --format csv -o november.csv
    \b
    Exit code 1 when an entry cannot be read, 3 when the ledger cannot.
    """
    bounds = [each.replace(tzinfo=UTC) if each else None for each in (since, until)]

    async def read(readers: Readers) -> tuple[LedgerFacts, list[Signed]]:
        counted = await ledger_facts(readers.ledger, bounds[0], bounds[1], period)
        return counted, await checkpoint_facts(readers.ledger, CHECKPOINTS)

    found, signed = from_store(read)
    with unreadable_as_sentence():
        leave_report(ledger_report(found, datetime.now(UTC), signed), form, output)
    if found.findings:
        raise SystemExit(FOUND)


@click.command("use")
@click.argument("coordinates", nargs=-1, required=True, metavar="COORDINATE...")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="To look back so many days.")
@output_options()
def use_(coordinates: tuple[str, ...], days: int, form: str | None, output: Path | None) -> None:
    """Show which client read a field, how often and when last.

    From the ledger, before a deprecated field is removed. It has what is read of customers for a purpose: arguments,
    and fields that need no purpose, are not in it, and a coordinate that the schema does not have is an error.

    \b
        gateway audit use Customer.fullName
        gateway audit use Invoice.dueAt Invoice.paidAt --days 30 --format json
    \b
    Exit code 1 when one was read, 2 when there is no such field, 3 when the ledger cannot be read.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    recorded = {each.coordinate for each in read_facts(None).outputs if each.purposes}
    if unknown := [each for each in coordinates if each not in recorded]:
        raise click.UsageError(f"No field {unknown[0]} is recorded in the ledger.")
    asked = tuple(dict.fromkeys(coordinates))
    found = from_store(lambda readers: coordinate_uses(readers.ledger, asked, since))
    with unreadable_as_sentence():
        leave_report(coordinate_report(found, asked, since), form, output)
    if found:
        raise SystemExit(FOUND)


@click.command("erasures")
@output_options()
def erasures_(form: str | None, output: Path | None) -> None:
    """Show the erasures asked for or due.

    With their dates, and nobody's name.

    \b
        gateway audit erasures
        gateway audit erasures --format json | jq '.counts.overdue'
    \b
    Exit code 1 when one is past its deadline, 3 when the store cannot be read.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    found = from_store(lambda readers: erasure_facts(readers.main))
    with unreadable_as_sentence():
        leave_report(erasures_report(found, now), form, output)
    if overdue(found, now):
        raise SystemExit(FOUND)


@click.command("consents")
@output_options()
def consents_(form: str | None, output: Path | None) -> None:
    """Count what people agreed to.

    What stands today, and every event by kind, wording and language.

    \b
        gateway audit consents
        gateway audit consents --format html -o consents.html
    \b
    Exit code 1 when one version of a wording stands for several texts, 3 when the store cannot be read.
    """
    found = from_store(lambda readers: consent_facts(readers.main))
    with unreadable_as_sentence():
        leave_report(consents_report(found, datetime.now(UTC)), form, output)
    if unclear_wordings(found):
        raise SystemExit(FOUND)


@click.command("refusals")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, in UTC; 30 days ago if left out.")
@click.option("--client", metavar="ID", help="Only this client.")
@output_options()
def refusals_(since: datetime | None, client: str | None, form: str | None, output: Path | None) -> None:
    """Show who asked for what they may not have.

    By client, purpose, field and reason, the most frequent first. A refusal reads nothing, so nobody is named.

    \b
        gateway audit refusals
        gateway audit refusals --since 2026-11-01 --client crm --format csv -o refused.csv
    \b
    Exit code 3 when the store cannot be read.
    """
    now = datetime.now(UTC)
    first = now - timedelta(days=30) if since is None else since.replace(tzinfo=UTC)
    found = from_store(lambda readers: refusal_facts(readers.main, first, now, client))
    with unreadable_as_sentence():
        leave_report(refusals_report(found, first, now), form, output)


@click.command("acts")
@click.option("--most", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="The newest so many.")
@output_options()
def acts_(most: int, form: str | None, output: Path | None) -> None:
    """Show what operators did.

    Clients, partners, keys, holds, requests of authorities, erasures, webhooks and staff: which command, when, to what,
    and who, by a pseudonym and by the code that they gave (`gateway --as CODE …`).

    \b
        gateway audit acts
        gateway audit acts --format csv -o acts.csv
    \b
    Exit code 3 when the ledger cannot be read.
    """
    found = from_store(lambda readers: Acts(readers.ledger).newest(most))
    with unreadable_as_sentence():
        leave_report(acts_report(found, datetime.now(UTC)), form, output)
