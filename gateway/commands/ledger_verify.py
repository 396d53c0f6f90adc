"""`gateway ledger verify`: offline verification with the public key alone, without settings, store or secret."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import click
import orjson

from gateway.commands.common import CANNOT_START
from store.ledger.proof_files import HEADER, check_proofs
from store.ledger.proofs import FIRST_LINE, open_proof
from store.ledger.verify import NotAnExportError, VerificationReport, check_export
from store.merkle.signed_note import NoteInvalidError, VerifierKey

FOUND = 1
LONGEST_PROOF = 100_000_000

Keys = Sequence[VerifierKey]


class PublicKeys(click.ParamType[Keys]):
    """A parameter: a public key, or a file with one key a line."""

    name = "KEY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Keys:
        """The keys of the argument; click's usage error for anything else."""
        if not isinstance(value, str):
            return list(value)
        try:
            lines = Path(value).read_text(encoding="utf-8").split() if Path(value).is_file() else [value.strip()]
            return [VerifierKey.parse(line) for line in lines]
        except (OSError, ValueError):
            self.fail("give what `gateway ledger public-key` prints, or a file with it", param, ctx)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--key", "keys", type=PublicKeys(), multiple=True, help="The public key, or a file with it; repeatable.")
@click.option("--from", "known", type=click.File(encoding="utf-8"), help="A checkpoint that was kept.")
@click.option("--index", is_flag=True, help="Compare the store's index of whom entries are about, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def verify(file: str | None, keys: Sequence[Keys], known: Any, index: bool, as_json: bool) -> None:
    """Verify an export, or proofs of entries, with nothing but the public key.

    FILE is what `gateway ledger export`, `gateway ledger prove` or `gateway audit breach --files` wrote, or - for the
    standard input. With a checkpoint
    that was kept earlier, it is verified too that the ledger has only grown since. With --index the index by which
    customers find who read them is recomputed from the entries and compared with the store's, which the settings name;
    without FILE from the ledger as it is now.

    \b
        gateway ledger verify ledger.ndjson --key ledger.pub
        gateway ledger verify ledger.ndjson --key ledger.pub --from november.checkpoint
        gateway ledger verify 4711.tlog-proof --key ledger.pub
        gateway ledger verify --index --key ledger.pub
    \b
    Exit codes: 0 verified; 1 something is not as it was signed; 2 wrong usage; 3 there is nothing to verify.
    """
    trusted = [key for some in keys for key in some]
    if index:
        _verify_with_index(file, trusted, known.read() if known else None, as_json)
        return
    if file is None:
        raise click.UsageError("Name the file; only with --index it may be left out.")
    with cast(BufferedReader, click.open_file(file, "rb")) as source:
        # Peeked, since standard input cannot be rewound.
        if source.peek(len(FIRST_LINE)).startswith(FIRST_LINE.encode()):
            _verify_proof(source, trusted)
        elif source.peek(len(HEADER)).startswith(HEADER):
            _verify_proofs(source, trusted)
        else:
            _verify_export(source, trusted, known.read() if known else None, as_json, _size(file))


def _verify_with_index(file: str | None, trusted: Keys, known: str | None, as_json: bool) -> None:
    """Verify the export, then compare the index with it."""
    from gateway.commands.ledger_index import check_index, exported_now  # Late: without --index no store is needed.

    if file == "-":
        raise click.UsageError("The standard input is read once, and this reads twice: name a file.")
    with exported_now() if file is None else nullcontext(Path(file)) as path:
        with path.open("rb") as source:
            _verify_export(source, trusted, known, as_json, path.stat().st_size)
        report = check_index(path)
    if as_json:
        facts = {"indexed": report.rows, "entries": report.entries, "found": report.found, "findings": report.findings}
        click.echo(orjson.dumps({"index": facts}))
    else:
        for text in report.findings:
            click.echo(f"  {text}")
        right = "NOT VERIFIED" if report.found else "VERIFIED"
        click.echo(f"{right}: the index has {report.rows} rows to have for {report.entries} entries.")
    if report.found:
        raise SystemExit(FOUND)


def _verify_proof(source: BufferedReader, trusted: Keys) -> None:
    # An export lists its keys, so its integrity can be checked without one; a proof has nothing but a signature.
    if not trusted:
        raise click.UsageError("A proof is verified with --key: it names no key itself.")
    try:
        # Bounded, since an auditor may be given any file.
        text = source.read(LONGEST_PROOF).decode()
        proven = open_proof(text, trusted)
    except (NoteInvalidError, UnicodeDecodeError) as fault:
        click.echo(f"NOT VERIFIED: the proof proves nothing: {fault}.")
        raise SystemExit(FOUND) from fault
    seen = proven.checkpoint
    click.echo(f"VERIFIED: this is entry {proven.index} of the {seen.size} signed entries of {seen.origin}:")
    click.echo(proven.entry)


def _verify_proofs(source: BufferedReader, trusted: Keys) -> None:
    if not trusted:
        raise click.UsageError("Proofs are verified with --key: they name no key themselves.")
    try:
        report = check_proofs(source, trusted)
    except NoteInvalidError as fault:
        click.echo(f"NOT VERIFIED: the proofs prove nothing: {fault}.")
        raise SystemExit(FOUND) from fault
    for text in report.findings:
        click.echo(f"  {text}")
    if report.found:
        click.echo(f"NOT VERIFIED: {report.found} findings, and {report.proven} entries as they were signed.")
        raise SystemExit(FOUND)
    click.echo(f"VERIFIED: these are {report.proven} of the {report.size} signed entries of {report.origin}.")


def _verify_export(source: BufferedReader, trusted: Keys, known: str | None, as_json: bool, size: int) -> None:
    with click.progressbar(
        length=size, label="Verifying", file=sys.stderr, hidden=not (size and sys.stderr.isatty())
    ) as bar:
        try:
            report = check_export(source, trusted, known, lambda read: bar.update(read - bar.pos))
        except NotAnExportError as fault:
            click.echo(str(fault), err=True)
            raise SystemExit(CANNOT_START) from fault
    if not trusted:
        click.echo(
            "No --key was given, so the keys are those that the export itself names. That says that the export is "
            "whole, not whose it is: compare the key with the one that you were given.",
            err=True,
        )
    show: Callable[[VerificationReport], None] = _print_json if as_json else _report
    show(report)
    if report.found:
        raise SystemExit(FOUND)


def _report(report: VerificationReport) -> None:
    head = report.head
    click.echo(f"Ledger {head.origin}: {_range(head.first, head.size)}, {report.checkpoints} checkpoints.")
    if report.earliest is not None and report.latest is not None:
        click.echo(f"By their own account they were made from {_moment(report.earliest)} to {_moment(report.latest)}.")
    if report.pruned:
        click.echo(f"{report.pruned} of them were pruned: their texts are gone, their hashes were verified.")
    for text in report.notes:
        click.echo(f"Note: {text}")
    for text in report.findings:
        click.echo(f"  {text}")
    if report.found > len(report.findings):
        click.echo(f"  ... and {report.found - len(report.findings)} more")
    if report.found:
        click.echo(f"NOT VERIFIED: {report.found} findings.")
    else:
        click.echo(f"VERIFIED: all of it is as it was signed by {' or '.join(map(str, report.trusted))}.")


def _print_json(report: VerificationReport) -> None:
    facts = {
        "verified": not report.found,
        "ledger": report.head.origin,
        "first": report.head.first,
        "size": report.head.size,
        "entries": report.entries,
        "pruned": report.pruned,
        "checkpoints": report.checkpoints,
        "keys": [str(key) for key in report.trusted],
        "found": report.found,
        "findings": report.findings,
        "notes": report.notes,
    }
    click.echo(orjson.dumps(facts))


def _range(first: int, size: int) -> str:
    return f"entries {first} to {size - 1}" if size > first else "no entries"


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _size(file: str) -> int:
    return 0 if file == "-" else Path(file).stat().st_size
