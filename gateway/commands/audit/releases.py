"""`gateway audit release` and `papers`: releases versions of notice and record, and checks the released ones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from audits.papers.controller import read_controller
from audits.papers.drafts import NOTICE, RECORD, draft
from audits.papers.inputs import Inputs
from audits.papers.issued import Issued
from audits.papers.releasing import PaperRefusedError, Papers, Release
from audits.papers.state import PaperState, paper_states
from audits.reports.papers_report import papers_report
from audits.reports.reading import Readers
from audits.schema.checks import failing
from audits.schema.signoffs import SignOffs
from audits.schema.sources import Text, read_text
from gateway.commands.acts import act_id, signed_in, staff_code
from gateway.commands.audit.output import FOUND, leave_report, output_options, unreadable_as_sentence
from gateway.commands.audit.papers import (
    controller_option,
    given_file,
    local_day,
    registers_at_hand,
    sound_facts,
)
from gateway.commands.audit.schema import accept_option
from gateway.commands.audit.store import from_store
from gateway.commands.common import CANNOT_START, errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.registers.staff import Staff, StaffError
from schema.api.build import own_model
from schema.audits.printed import own_schema
from store.accesses.acts import pseudonym_of
from store.database.store import open_store

KINDS = {"notice": NOTICE, "record": RECORD}


@click.command("release")
@click.argument("kind", type=click.Choice(list(KINDS)))
@controller_option
@click.option("--from", "day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The day from which it holds.")
@click.option("--because", "reason", required=True, help="Why, without a word about anybody: it goes into the ledger.")
@click.option(
    "--by", "code", metavar="CODE", help="Who releases it: a code of `gateway staff`; by default, that of --as."
)
@accept_option
def release_(
    kind: str, controller: str | None, day: datetime, reason: str, code: str | None, accept: str | None
) -> None:
    """Release the notice or the record.

    What the schema allows and the registers hold now becomes the next version, in every language and format, from the
    beginning of a day on in the controller's time zone; it stays for ever. What it changes since the version before is
    judged as by `gateway schema diff`, registers and the controller's file included: what loosens needs a sign-off in
    the file of --accept. The ledger says which version, from when, who, why, and what it loosens.

    \b
        gateway audit release notice --controller controller.toml --from 2027-03-01 --because "a printer in Lyon"
        gateway audit release record --controller controller.toml --from 2027-03-01 --because "the same" --by LG-7
    \b
    Exit code 1 when it is refused or the schema has errors, 2 when a file cannot be read or leaves something out, 3
    when the store cannot be read.
    """
    with unreadable_as_sentence():
        text = read_text(given_file(controller))
        own, facts = read_controller(text), sound_facts(None)
        registers = registers_at_hand(None)
        # A draft may do without the registers; a released document that names no recipient would be untrue.
        if not registers.read:
            raise SystemExit(CANNOT_START)
        made = draft(KINDS[kind], facts, registers, own)
        inputs = Inputs.now(own_schema(own_model()), registers, Text(text.name, text.text))
        signed = SignOffs.read(read_text(accept)) if accept else SignOffs()
    # "From a day on" means the controller's day; the moment of the release is recorded in UTC.
    today, now = local_day(), datetime.now(UTC)
    who = code or staff_code()

    async def run() -> Issued:
        store = await open_store(store_config(read_settings()))
        try:
            if who is not None:
                await Staff(store).require(who)
            operator = await pseudonym_of(store.keys.system, signed_in())
            asked = Release(made, inputs, day.date(), reason, act_id(), operator, who)
            return await Papers(store).release(asked, signed, now, today)
        finally:
            await store.close()

    try:
        with errors_as_sentences():
            released = server.run(run())
    except (PaperRefusedError, StaffError) as refused:
        raise click.ClickException(str(refused)) from None
    _print_release(released)
    # A sign-off that is left over would silently accept the same change the next time.
    for stale in signed.stale:
        click.echo(f"Note: {accept} accepts {stale.change} of {stale.coordinate}, which is not found.", err=True)


def _print_release(released: Issued) -> None:
    click.echo(f"Released: {released.named}. SHA-256 {released.digest.hex()}")
    if released.loosens:
        click.echo(f"It loosens, as signed off: {'; '.join(released.loosens)}")
    kind = released.kind.lower()
    click.echo(f"It stays: gateway audit {kind} --on {released.day} --format html -o {kind}.html", err=True)


@click.command("papers")
@click.option("--controller", metavar="FILE", help="By default, the file as it was at the last release.")
@output_options()
def papers_(controller: str | None, form: str | None, output: Path | None) -> None:
    """Check that the released papers are true.

    A notice or a record that was released stays as it is, while schema, registers, settings and policy go on. This
    finds what they say no longer, recipients in countries without a safeguard, and papers changed in the database.

    \b
        gateway audit papers
        gateway audit papers --controller controller.toml --format json
    \b
    Exit code 1 when a paper is not true any more, or none was released; 3 when the store cannot be read.
    """
    from gateway.config.periods import operator_periods

    with unreadable_as_sentence():
        text = read_text(controller) if controller else None
        facts, schema, periods = sound_facts(None), own_schema(own_model()), operator_periods(read_settings())
        day = local_day()

        async def read(readers: Readers) -> list[PaperState]:
            return await paper_states(readers.main, facts, schema, periods, text, day, readers.ledger)

        found = from_store(read)
        leave_report(papers_report(found, datetime.now(UTC)), form, output)
    if failing([finding for each in found for finding in each.findings]):
        raise SystemExit(FOUND)
