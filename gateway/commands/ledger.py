"""`gateway ledger`: exports, proofs, sealing and key rotation of the ledger of accesses."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from gateway.commands.acts import signed_in, staff_code
from gateway.commands.common import CANNOT_START, errors_as_sentences, read_settings
from gateway.commands.ledger_verify import verify
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.sealing import open_seals
from gateway.run.stores import store_config
from store.accesses.acts import ActEntry, Acts, pseudonym_of
from store.database.store import open_store
from store.ledger.export import ExportDisturbedError, LedgerExporter, NothingSignedError, TooFewEntriesError
from store.ledger.heads import SignedHead
from store.ledger.proofs import Prover
from store.ledger.resuming import NotBehindError, ReasonRefusedError, Resumer, Resuming, check_reason
from store.ledger.signed_checkpoints import Checkpoints, LedgerInconsistentError
from store.ledger.signing_keys import KnownKeys, LedgerKey, LedgerKeyLostError, LedgerUnnamedError
from store.merkle.checkpoints import Checkpoint
from store.merkle.merkle_tree import leaf_hash
from store.merkle.signed_note import NoteInvalidError
from store.sql.engines import make_reader
from store.sql.reading import Reader
from workers.ledger.seals import Seals, rotate_ledger_key

NOT_THERE = 1


@click.group()
def ledger() -> None:
    """Export, verify and seal the ledger of accesses.

    \b
    Every read that disclosed personal data is an entry of the ledger, and every entry a leaf of a Merkle tree that is
    signed as it grows. For an auditor, who needs only the public key:
        gateway ledger public-key > ledger.pub
        gateway ledger export ledger.ndjson
        gateway ledger verify ledger.ndjson --key ledger.pub
    """


ledger.add_command(verify)


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--from", "since", type=click.File(encoding="utf-8"), help="Only what came after this checkpoint, which was kept."
)
def export(file: str, since: TextIO | None) -> None:
    """Write every entry, hash and checkpoint to FILE (- for the standard output).

    It holds pseudonyms, which are personal data as long as the customers' keys exist: only you may read the file.

    \b
        gateway ledger export ledger.ndjson
        gateway ledger export november.ndjson --from october.checkpoint
        gateway ledger export - | zstd > ledger.zst
    """
    settings = read_settings()
    with _ledger_errors():
        first = 0 if since is None else _size_of(since.read())
        count = server.run(_export(settings, file, first))
    click.echo(f"{count} entries, up to the latest checkpoint.", err=True)


async def _export(settings: Settings, name: str, first: int) -> int:
    async with _reading(settings) as reader:
        exporter = LedgerExporter(reader)
        head = await exporter.head(first)
        whole = Path(name)
        part = whole.with_name(f"{whole.name}.part")
        # 0600 from the start, and renamed when it is complete: nobody else reads it, and no half file looks whole.
        descriptor = 1 if name == "-" else os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with (
            os.fdopen(descriptor, "wb", closefd=name != "-") as file,
            click.progressbar(
                length=head.size - first, label="Exporting", file=sys.stderr, hidden=not sys.stderr.isatty()
            ) as bar,
        ):
            # A page at a time: a ledger of ten million entries must not be held in memory.
            async for done, page in exporter.pages(head):
                file.write(page)
                bar.update(done - first - bar.pos)
            # On the disk before the rename: after a power failure the name must not stand for an empty file.
            file.flush()
            if name != "-":
                os.fsync(file.fileno())
        if name != "-":
            part.replace(whole)
        return head.size - first


@ledger.command()
def checkpoint() -> None:
    """Print the latest checkpoint: keep it where the operator of this gateway cannot change it.

    \b
        gateway ledger checkpoint > november.checkpoint
        gateway ledger verify ledger.ndjson --key ledger.pub --from november.checkpoint
    """
    settings = read_settings()
    with _ledger_errors():
        click.echo(server.run(_checkpoint(settings)), nl=False)


async def _checkpoint(settings: Settings) -> str:
    async with _reading(settings) as reader:
        signed = await Checkpoints(reader).latest()
    if signed is None:
        raise NothingSignedError
    return signed.note


@ledger.command()
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest so many.")
@click.option("--mine", is_flag=True, help="Only of whoever is signed in to this machine.")
def acts(most: int, mine: bool) -> None:
    """List what operators did, the newest first: when, who by pseudonym and code, and what.

    \b
        gateway ledger acts
        gateway ledger acts --mine
    """
    settings = read_settings()
    with _ledger_errors():
        found = server.run(_acts(settings, most, mine))
    for each in found:
        who = f"{each.operator} {each.staff or ''}".rstrip()
        what = " ".join(filter(None, (each.act, each.target, *each.details)))
        click.echo(f"{each.at:%Y-%m-%d %H:%M:%S}Z  {each.state:<6} {who}  {what}")


async def _acts(settings: Settings, most: int, mine: bool) -> list[ActEntry]:
    async with _reading(settings) as reader:
        found = await Acts(reader).newest(most)
    if not mine:
        return found
    store = await open_store(store_config(settings))
    try:
        me = await pseudonym_of(store.keys.system, signed_in())
    finally:
        await store.close()
    return [each for each in found if each.operator == me]


@ledger.command()
@click.argument("entry")
def prove(entry: str) -> None:
    """Print a proof that ENTRY is in the ledger, under the latest checkpoint (C2SP tlog-proof).

    ENTRY is an index, the SHA-256 hash of a leaf, or a file with the entry's bytes. The proof carries the entry, if it
    is still kept.

    \b
        gateway ledger prove 4711 > 4711.tlog-proof
        gateway ledger verify 4711.tlog-proof --key ledger.pub
    """
    meant, settings = _meant(entry), read_settings()
    with _ledger_errors():
        proof = server.run(_prove(settings, meant))
    if proof is None:
        click.echo("No signed entry of this ledger is meant by that; a new one is signed within a minute.", err=True)
        raise SystemExit(NOT_THERE)
    click.echo(proof, nl=False)


async def _prove(settings: Settings, meant: int | bytes) -> str | None:
    async with _reading(settings) as reader:
        prover, signed = Prover(reader), await Checkpoints(reader).latest()
        if signed is None:
            raise NothingSignedError
        index = meant if isinstance(meant, int) else await prover.find(meant)
        # In the tree but not signed yet: a proof must lead to a signature.
        if index is None or index >= signed.size:
            return None
        (proof,) = await prover.inclusions([index], signed.size)
        return proof.text(signed.note, await LedgerExporter(reader).entry(index))


def _meant(text: str) -> int | bytes:
    """The index, or the leaf's hash, that the argument means; UsageError if it is neither and no file."""
    if re.fullmatch(r"[0-9]{1,18}", text):
        return int(text)
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    try:
        # An exported entry has no newline; editors and `echo` append one.
        return leaf_hash(Path(text).read_bytes().removesuffix(b"\n"))
    except OSError:
        raise click.UsageError(f"{text!r} is no index, no hash of 64 hexadecimal digits, and no file.") from None


@ledger.command("public-key")
@click.option("--all", "every", is_flag=True, help="Those that have retired too, one a line, the youngest first.")
def public_key(every: bool) -> None:
    """Print the public key of the ledger's signatures: give it to everybody who verifies the ledger.

    \b
        gateway ledger public-key > ledger.pub
    """
    settings = read_settings()
    with _ledger_errors():
        keys = server.run(_keys(settings))
    for key in keys if every else keys[:1]:
        click.echo(key.verifier)


async def _keys(settings: Settings) -> list[LedgerKey]:
    async with _reading(settings) as reader:
        keys = await KnownKeys(reader).all()
    if not keys:
        raise NothingSignedError
    return keys


@ledger.command()
@click.option("--watch", is_flag=True, help="Go on until SIGTERM or Ctrl-C, for gateways with GATEWAY_SEAL_LEDGER=no.")
def seal(watch: bool) -> None:
    """Seal and sign all entries so far; a serving gateway does it by itself, within a minute.

    \b
        gateway ledger seal && gateway ledger export ledger.ndjson
        gateway ledger seal --watch
    """
    settings = read_settings(maintains=True)
    with _ledger_errors():
        size = server.run(_watch(settings) if watch else _seal(settings))
    click.echo(f"{size} entries are signed.", err=True)


async def _watch(settings: Settings) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    # SIGTERM must not kill the process between extending and signing the tree: it ends after a last round.
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with _sealing(settings) as seals:
        await seals.sealer.run(stop)
        return await seals.sealer.seal_all()


async def _seal(settings: Settings) -> int:
    async with _sealing(settings) as seals:
        return await seals.sealer.seal_all()


@ledger.command("rotate-key")
def rotate_key() -> None:
    """Rotate the ledger's signing key, and print the new public key.

    The old key signs one more checkpoint together with the new one, then retires; its signatures stay valid. Give the
    new public key to everybody who has the old one.

    \b
        gateway ledger rotate-key > ledger.pub
    """
    settings = read_settings(maintains=True)
    with _ledger_errors():
        click.echo(server.run(_rotate(settings)))


async def _rotate(settings: Settings) -> str:
    config = store_config(settings)
    store = await open_store(config)
    try:
        async with open_seals(store, config, settings) as seals:
            return str(await rotate_ledger_key(store, seals, datetime.now(UTC)))
    finally:
        await store.close()


@ledger.command()
@click.option("--because", "reason", required=True, help="What happened, such as 'restored from the backup of Monday'.")
def resume(reason: str) -> None:
    """Resume after LEDGER_BEHIND: the ledger lacks signed entries, and no newer copy is left.

    Restore the newest copy first, if there is any: this gives the missing entries up for good. If a server failed over
    and only entries that were not signed yet may be missing, an entry says from when to when, and the key stays. Else
    the ledger gets another name and another key. Its first entry under that name says which head was lost, why, and who
    resumed; the old key vouches for the new one. The key is printed: give a new one to everybody who has the old one.

    \b
        gateway ledger resume --because "disk lost, restored from the backup of Monday" > ledger.pub
    """
    settings = read_settings(maintains=True)
    try:
        # Before the store is opened: the reason goes into the ledger for ever, and must name nobody.
        said = check_reason(reason)
        with _ledger_errors():
            lost, gap, key = server.run(_resume(settings, said))
    except ReasonRefusedError as error:
        raise click.BadParameter(str(error), param_hint="--because") from None
    except NotBehindError as error:
        click.echo(str(error), err=True)
        raise SystemExit(NOT_THERE) from None
    if gap is not None:
        since, until = (f"{each:%Y-%m-%d %H:%M:%S}Z" for each in gap)
        click.echo(f"What was recorded from {since} to {until} may be missing; the ledger says so.", err=True)
    if lost is not None:
        click.echo(f"Of {lost.origin}, signed up to size {lost.size}, not all is left; the ledger goes on.", err=True)
    click.echo(key)


async def _resume(settings: Settings, reason: str) -> tuple[SignedHead | None, tuple[datetime, datetime] | None, str]:
    config = store_config(settings)
    store = await open_store(config)
    try:
        by = Resumer(await pseudonym_of(store.keys.system, signed_in()), staff_code(), reason)
        async with open_seals(store, config, settings) as seals:
            gap = await store.failover.resume(store.ledger, by) if store.failover is not None else None
            resuming = Resuming(store.ledger, seals.tree, seals.keys, store.heads, config.head_place)
            lost = None
            try:
                lost = await resuming.run(by, seals.sealer.extend_all)
            except NotBehindError:
                if gap is None:
                    raise
            # The store has withheld all data until now; this finds that the ledger is no longer behind.
            await store.check()
            await seals.sealer.seal_all()
            return lost, gap, str((await seals.keys.all())[0].verifier)
    finally:
        await store.close()


def _size_of(note: str) -> int:
    try:
        return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size
    except NoteInvalidError as fault:
        raise click.UsageError(f"That is no checkpoint: {fault}.") from fault


@contextmanager
def _ledger_errors() -> Iterator[None]:
    """Print expected errors of the ledger as a sentence, and exit with code 3."""
    with errors_as_sentences():
        try:
            yield
        except (
            NothingSignedError,
            ExportDisturbedError,
            LedgerKeyLostError,
            LedgerUnnamedError,
            LedgerInconsistentError,
            TooFewEntriesError,
        ) as error:
            click.echo(str(error), err=True)
            raise SystemExit(CANNOT_START) from error


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[Reader]:
    """A reader of the ledger alone, without the databases of customers and keys."""
    # 30 seconds a statement: pages of an export take longer than the queries that serving allows.
    reader = make_reader(store_config(settings).ledger, 1, deadline=30.0)
    try:
        yield reader
    finally:
        await reader.close()


@asynccontextmanager
async def _sealing(settings: Settings) -> AsyncIterator[Seals]:
    config = store_config(settings)
    store = await open_store(config)
    try:
        async with open_seals(store, config, settings) as seals:
            yield seals
    finally:
        await store.close()
