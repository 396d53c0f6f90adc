"""`gateway erasures`: lists and repairs erasures, records letters and holds, and verifies certificates offline."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import orjson

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.commands.ledger_verify import Keys, PublicKeys
from gateway.commands.requests.erasures_recipients import answered, give_up, letter
from gateway.commands.requests.rights import cancel_erasure, request_erasure
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.machine import machine_complaints
from gateway.run.stores import store_config
from policy.dates import days_over, end_of_day
from policy.erasing import State, meaning
from resolvers.legal.holds import HoldError, Holds, NewHold
from store.database.doctor import server_complaints
from store.database.privileges import complaints
from store.database.store import Store, open_store
from store.merkle.signed_note import NoteInvalidError
from store.sql.errors import OutageCause
from store.tables.erasures import STANDING_STATES
from workers.certificates.certificates import (
    digest,
    is_files_statement,
    is_letter_statement,
    is_recipients_statement,
    recipient_facts,
    said,
    verified,
    verified_files,
    verified_letter,
    verified_recipients,
)
from workers.erasure.cases import CaseDetails, ErasureCases
from workers.erasure.plans import record_warning
from workers.erasure.redoing import redo_certified

Result = TypeVar("Result")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NOT_THERE = 1


@click.group("erasures")
def commands() -> None:
    """List erasures and their deadlines, act on them, and verify certificates.

    Cases are named by number and nobody by name. Erasing itself is done by `gateway serve`, or by `gateway worker`.

    \b
        gateway erasures list
        gateway erasures show 4711
        gateway erasures verify certificate.txt --key ledger.pub
    """


@asynccontextmanager
async def _opened() -> AsyncIterator[Store]:
    store = await open_store(store_config(read_settings()))
    try:
        yield store
    finally:
        await store.close()


@commands.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are over, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one case a line.")
def list_(every: bool, as_json: bool) -> None:
    """List the cases that are not over, the earliest deadline first.

    \b
        gateway erasures list
        gateway erasures list --all --json
    """
    with errors_as_sentences():
        rows = server.run(_listed(every))
    zone = read_settings().time_zone
    if not rows and not as_json:
        click.echo("No erasure is waiting or under way.", err=True)
    for row in rows:
        facts = _facts(row, zone)
        if as_json:
            click.echo(orjson.dumps(facts).decode())
        else:
            late = f"OVERDUE {facts['overdueDays']} days " if facts["overdue"] else ""
            trouble = f" ({row.trouble})" if row.trouble else ""
            click.echo(f"{row.id:<20} {row.state:<10} {row.cause:<10} {late}{facts['dueAt'] or 'waits'}{trouble}")
            # Other troubles are names of the procedure; an outage has a sentence with a remedy.
            if row.trouble in OutageCause.__members__:
                click.echo(f"    {OutageCause[row.trouble].value}")
            if row.unobserved:
                click.echo("    Certified, but not yet seen to be gone from the files: a second statement follows.")


async def _listed(every: bool) -> Sequence[Any]:
    async with _opened() as store:
        return await ErasureCases(store).listed(every)


@commands.command()
@click.argument("case", type=int)
def show(case: int) -> None:
    """Show one case: its dates, how far it has come, and how far each recipient has been told.

    \b
        gateway erasures show 4711
    """
    with errors_as_sentences():
        found = server.run(_shown(case))
    if found is None:
        _no_such_case()
    row = found.row
    recipients = [recipient_facts(each) | {"trouble": each.trouble} for each in found.recipients]
    notes = {"certificate": row.certificate, "recipientsStatement": row.recipients_statement}
    steps = [{"step": each.step, "doneAt": said(each.done_at)} for each in found.steps]
    shown = (
        _facts(row, read_settings().time_zone)
        | {"meaning": meaning(State[row.state], found.held), "steps": steps, "recipients": recipients}
        | notes
    )
    shown |= {"filesAt": said(row.files_at), "filesStatement": row.files_statement, "unobserved": row.unobserved}
    shown["letterStatement"] = row.letter_statement
    shown["letters"] = [_letter(each) for each in found.letters]
    shown["troubleMeaning"] = OutageCause[row.trouble].value if row.trouble in OutageCause.__members__ else None
    click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


def _letter(row: Any) -> dict[str, Any]:
    """A warning or the final notice: when it was written, the day that it names, and its delivery."""
    return {
        "kind": row.kind,
        "writtenAt": said(row.written_at),
        "names": said(row.names),
        "failingSince": said(row.failed_at),
        "settledAt": said(row.settled_at),
        "outcome": row.outcome or "WAITS",
    }


async def _shown(case: int) -> CaseDetails | None:
    async with _opened() as store:
        return await ErasureCases(store).shown(case, datetime.now(UTC))


def _facts(row: Any, zone: tzinfo) -> dict[str, Any]:
    now = datetime.now(UTC)
    overdue = row.state in STANDING_STATES and row.due_at is not None and row.due_at < now
    return {
        "case": str(row.id),
        "state": row.state,
        "cause": row.cause,
        "requestedAt": said(row.requested_at),
        "notBefore": said(row.not_before),
        "dueAt": said(row.due_at),
        "finishedAt": said(row.finished_at),
        "overdue": overdue,
        "overdueDays": days_over(row.due_at, now, zone) if overdue else 0,
        "step": row.step,
        "attempts": row.attempts,
        "trouble": row.trouble,
    }


@commands.command()
def doctor() -> None:
    """Look for what would keep copies of what is erased: roles, statistics, logs, slots, long readings, swap.

    \b
        gateway erasures doctor
    \b
    Exit codes: 0 nothing was found; 1 something was.
    """
    settings = read_settings()
    with errors_as_sentences():
        found = [*server.run(_looked_after(settings)), *machine_complaints()]
    # Copies that the gateway cannot reach must be named in the certificate (D8).
    if not settings.backup_days:
        found.append("certificates cannot say when archives and dumps end: set GATEWAY_BACKUP_DAYS")
    for each in found:
        click.echo(each)
    if found:
        raise SystemExit(NOT_THERE)
    click.echo("Nothing was found that keeps what is erased.", err=True)


async def _looked_after(settings: Settings) -> list[str]:
    config = store_config(settings)
    return [*await complaints(config), *await server_complaints(config)]


@commands.command()
@click.argument("case", type=int)
def retry(case: int) -> None:
    """Resume a case at once, without waiting for its lease to expire.

    \b
        gateway erasures retry 4711
    """
    with errors_as_sentences():
        done = server.run(_retried(case))
    if not done:
        click.echo("No such case is under way.", err=True)
        raise SystemExit(NOT_THERE)
    click.echo("It will be taken up within seconds.", err=True)


async def _retried(case: int) -> bool:
    async with _opened() as store:
        return await ErasureCases(store).retry(case)


for each in (letter, answered, give_up, request_erasure, cancel_erasure):
    commands.add_command(each)


@commands.command()
@click.argument("case", type=int)
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day of it; today if not given.")
@click.option("--refused", is_flag=True, help="No letter can arrive: it came back, or was refused for good.")
def warned(case: int, on: datetime | None, refused: bool) -> None:
    """Record that the customer of a CASE which nobody asked for was warned by post, or cannot be warned at all.

    The letter names the day that this prints; the erasure begins on it.

    \b
        gateway erasures warned 4711 --on 2027-03-01
        gateway erasures warned 4711 --refused
    """
    with errors_as_sentences():
        day = server.run(_warned(case, on, refused))
    if day is None:
        click.echo(
            "No such case waits for a warning: `gateway erasures list` shows those that are NOT_WARNED.", err=True
        )
        raise SystemExit(NOT_THERE)
    click.echo(f"Recorded; the erasure may begin on {day:%d %B %Y}.")


async def _warned(case: int, on: datetime | None, refused: bool) -> datetime | None:
    zone, now = read_settings().time_zone, datetime.now(UTC)
    # The end of the day, in the customer's favour; not in the future, or a typing error would delay the erasure.
    at = now if on is None else min(now, end_of_day(on.date(), zone))
    async with _opened() as store, store.write() as connection:
        return await record_warning(connection, case, at, now, zone, refused=refused)


@commands.command()
@click.argument("number")
@click.option("--reference", required=True, help="The order's own reference.")
@click.option("--field", "fields", multiple=True, required=True, help="A field that it keeps. Repeatable.")
@click.option("--basis", required=True, help="The provision of law that it rests on; the customer is told.")
@click.option("--days", type=click.IntRange(1, 3650), required=True, help="How long it holds; nothing holds for ever.")
@click.option("--tell/--silent", "visible", default=None, required=True, help="May the customer know while it stands?")
def hold(number: str, reference: str, fields: tuple[str, ...], basis: str, days: int, visible: bool) -> None:
    """Keep the data of the customer with this NUMBER from being erased, as a binding order demands.

    \b
        gateway erasures hold C-100017 --reference "LG 4 O 123/26" --field Customer.email \\
            --basis "Art. 265 StPO" --days 90 --tell
    """
    from schema.api.build import declared_rules  # Late: the schema takes a second, and no other command needs it.

    new = NewHold(number, reference, fields, basis, days, visible)
    _with_holds(lambda holds: holds.place(new, declared_rules().keys(), datetime.now(UTC)))


@commands.command()
@click.argument("reference")
def lift(reference: str) -> None:
    """Lift every hold of an order, by its REFERENCE.

    \b
        gateway erasures lift "LG 4 O 123/26"
    """
    count = _with_holds(lambda holds: holds.lift(reference, datetime.now(UTC)))
    click.echo(f"{count} holds lifted.", err=True)


def _with_holds(work: Callable[[Holds], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with _opened() as store:
            return await work(Holds(store))

    try:
        with errors_as_sentences():
            return server.run(run())
    except HoldError as refused:
        raise click.ClickException(str(refused)) from None


@commands.command()
@click.argument("certificates", nargs=-1, required=True, type=FILE)
@click.option("--key", "keys", type=PublicKeys(), multiple=True, required=True, help="The ledger's public key.")
def verify(certificates: Sequence[Path], keys: Sequence[Keys]) -> None:
    """Verify CERTIFICATES of erasures and the statements that follow, offline, with the ledger's public key alone.

    A statement names the certificate it belongs to by its hash: give both to see that they belong together.

    \b
        gateway erasures verify erasure-certificate.txt --key ledger.pub
        gateway erasures verify erasure-certificate.txt erasure-recipients.txt --key ledger.pub
    \b
    Exit codes: 0 all are good; 1 one is not; 2 wrong usage.
    """
    texts = [(path, path.read_text(encoding="utf-8", errors="replace")) for path in certificates]
    # The kind is read from the text, not from the file's name, which anybody may have changed.
    second = [path for path, text in texts if is_recipients_statement(text)]
    files = [path for path, text in texts if is_files_statement(text)]
    letters = [path for path, text in texts if is_letter_statement(text)]
    found = _verified([path for path, _ in texts if path not in (*second, *files, *letters)], keys)
    given = {facts["case"]: digest(path.read_text(encoding="utf-8")) for path, facts in found}
    for path, facts in found:
        kept = "in time" if facts["inTime"] else "LATE"
        done = facts["finishedAt"] or f"{facts['signedAt']}, but for the files"
        click.echo(f"{path.name}: case {facts['case']} was done on {done}, {kept}.")
        if facts["version"] == 1:
            click.echo(f"{path.name}: `toldAt` in it says when a recipient was listed, not that it was told.")
    bad = False
    for path, facts in _verified(second, keys, verified_recipients):
        states = Counter(each["state"] for each in facts["recipients"])
        bad |= _follows(path, facts, given, ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    for path, facts in _verified(files, keys, verified_files):
        bad |= _follows(path, facts, given, f"the files were clean on {facts['filesAt']}")
    for path, facts in _verified(letters, keys, verified_letter):
        last = facts["lastLetter"]
        bad |= _follows(path, facts, given, f"the last letter: {last['state']} on {last['at']}")
    if bad:
        raise SystemExit(NOT_THERE)


def _follows(path: Path, facts: Mapping[str, Any], given: Mapping[str, str], statement: str) -> bool:
    """Print a statement and its certificate; True if a given certificate is another than the one it names."""
    certificate = given.get(facts["case"])
    link = {None: "not given here", facts["certificate"]: "which is given here"}.get(certificate, "NOT the one given")
    click.echo(f"{path.name}: case {facts['case']}: {statement}; of certificate {facts['certificate'][:16]}, {link}.")
    return certificate not in (None, facts["certificate"])


@commands.command()
@click.argument("certificates", nargs=-1, required=True, type=FILE)
@click.option("--key", "keys", type=PublicKeys(), multiple=True, required=True, help="The ledger's public key.")
def redo(certificates: Sequence[Path], keys: Sequence[Keys]) -> None:
    """Erase again whom these CERTIFICATES name, after both the data and the key store were restored from backups.

    Where only one of the two was restored, the other one tells, and nothing needs to be done.

    \b
        gateway erasures redo certificates/*.txt --key ledger.pub
    """
    marks = [
        bytes.fromhex(facts["keyFingerprint"])
        for _, facts in _verified(certificates, keys)
        if "keyFingerprint" in facts  # Certificates of early releases have none.
    ]
    with errors_as_sentences():
        count = server.run(_redone(marks))
    click.echo(f"{count} customers are being erased again.", err=True)


async def _redone(marks: Sequence[bytes]) -> int:
    async with _opened() as store:
        return await redo_certified(store, marks, datetime.now(UTC))


def _verified(
    paths: Sequence[Path], keys: Sequence[Keys], how: Callable[..., dict[str, Any]] = verified
) -> list[tuple[Path, dict[str, Any]]]:
    trusted = [key for some in keys for key in some]
    found, bad = [], False
    for path in paths:
        try:
            found.append((path, how(path.read_text(encoding="utf-8"), trusted)))
        except (NoteInvalidError, UnicodeDecodeError) as error:
            bad = True
            click.echo(f"{path.name}: not a certificate that this key signed: {error}.", err=True)
    if bad:
        raise SystemExit(NOT_THERE)
    return found


def _no_such_case() -> NoReturn:
    click.echo("There is no such case: `gateway erasures list --all` lists them.", err=True)
    raise SystemExit(NOT_THERE)
