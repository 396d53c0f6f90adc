"""`gateway consents`: offline verification of the receipts of consents that people present."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from gateway.commands.ledger_verify import Keys, PublicKeys
from store.merkle.signed_note import NoteInvalidError
from workers.certificates.certificates import verified_receipt

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NOT_SIGNED = 1


@click.group()
def consents() -> None:
    """Verify receipts of consents."""


@consents.command()
@click.argument("receipts", nargs=-1, required=True, type=FILE)
@click.option("--key", "keys", type=PublicKeys(), multiple=True, required=True, help="The ledger's public key.")
def verify(receipts: Sequence[Path], keys: Sequence[Keys]) -> None:
    """Verify signed RECEIPTS of consents, offline, with the ledger's public key alone.

    A customer gets one from /consents/{id}/receipt by asking for text/plain. It shows which consent was given or
    withdrawn when, and in which wording.

    \b
        gateway consents verify consent-receipt.txt --key ledger.pub
    \b
    Exit codes: 0 all are good; 1 one is not; 2 wrong usage.
    """
    trusted = [key for some in keys for key in some]
    bad = False
    for path in receipts:
        try:
            found = verified_receipt(path.read_text(encoding="utf-8", errors="replace"), trusted)["receipt"]
        except NoteInvalidError as error:
            click.echo(f"{path.name}: {error}.", err=True)
            bad = True
            continue
        state = found["dpv:hasConsentStatus"]["@id"].removeprefix("dpv:Consent").lower()
        purpose = ", ".join(each["@id"].removeprefix("dpv:") for each in found["dpv:hasPurpose"])
        notice = found["dpv:hasNotice"]
        click.echo(
            f"{path.name}: {found['dct:identifier']}: {state} on {found['dpv:isIndicatedAtTime']} for {purpose}, "
            f"wording {notice['dct:hasVersion']} ({notice['dct:language']}), receipt of {found['dct:created']}."
        )
    if bad:
        raise SystemExit(NOT_SIGNED)
