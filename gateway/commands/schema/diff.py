"""`gateway schema diff`: compares two versions of a schema for clients and for privacy."""

from __future__ import annotations

from pathlib import Path

import click

from audits.compatibility.changes import Impact
from audits.compatibility.comparing import breaking, client_changes
from audits.forms.sarif import changes_sarif
from audits.reports.diff_report import diff_report
from audits.schema.diff import diff, loosening
from audits.schema.facts import Facts
from audits.schema.signoffs import SignOffs
from audits.schema.sources import read_text
from gateway.commands.audit.output import (
    FOUND,
    form_of,
    leave,
    leave_report,
    output_options,
    own_version,
    unreadable_as_sentence,
)
from gateway.commands.audit.schema import accept_option
from schema.audits.printed import committed_schema


@click.command("diff")
@click.argument("old")
@click.argument("new", required=False)
@click.option("--strict", is_flag=True, help="What is dangerous for clients fails, too.")
@accept_option
@output_options("sarif")
def diff_(old: str, new: str | None, strict: bool, accept: str | None, form: str | None, output: Path | None) -> None:
    """Compare two schemas: what breaks the documents of clients, and what loosens the protection of personal data.

    OLD and NEW are SDL files or git:REVISION:PATH; NEW is the gateway's own schema by default. For clients each change
    is breaking, dangerous or safe; a purpose taken from a field breaks like a removed field. For privacy it loosens,
    tightens or does neither, and weighs BREAKING-PRIVACY, REVIEW or SAFE. What breaks or loosens needs a sign-off.

    \b
        gateway schema diff git:main:schema/schema.graphql
        gateway schema diff old.graphql new.graphql --accept sign-offs.toml
        gateway schema diff git:v1:schema.graphql git:v2:schema.graphql --format sarif -o diff.sarif
    \b
    A sign-off file has for each accepted change:
        [[accept]]
        coordinate = "Customer.email"
        change = "purpose-added"
        value = "CARD_ON_FILE"          # may be left out: then whatever it is
        who = "Dana Meyer, data protection officer"
        why = "Receipts by e-mail; notice 2026-12 says so"
    \b
    Exit code 1 when something breaks or loosens without a sign-off (--strict: or is dangerous), 2 when a file cannot be
    read.
    """
    with unreadable_as_sentence():
        texts = (read_text(old), committed_schema() if new is None else read_text(new))
        before, after = (Facts.of(text).require_readable() for text in texts)
        signed = SignOffs.read(read_text(accept)) if accept else SignOffs()
        privacy = diff(before, after)
        clients = signed.changes(client_changes(*texts, (before, after), privacy))
        changes = signed.changes(privacy)
        if form_of(form, output) == "sarif":
            leave(changes_sarif(changes, clients, own_version()), output)
        else:
            leave_report(diff_report(before, after, changes, clients, signed.stale), form, output)
    dangerous = strict and any(each.impact is Impact.DANGEROUS for each in clients)
    if loosening(changes) or breaking(clients) or dangerous:
        raise SystemExit(FOUND)
