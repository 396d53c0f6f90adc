"""`gateway erasures`: what is promised, what is due, what stands in the way; and certificates, verified offline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import insert, select, update

from gateway import server
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.commands.ledger_verify import Keys, PublicKeys
from gateway.legal_orders import is_order_number
from gateway.machine import machine_complaints
from gateway.serving import store_config
from gateway.settings import Settings
from policy.erasing import State
from store.blindindex import Lookup
from store.customers import customers
from store.database import Store, open_store
from store.doctor import server_complaints
from store.erasures import STANDING_STATES, erasure_recipients, erasures, legal_holds
from store.faults import Cause
from store.ids import new_id
from store.notes import NoteInvalid
from store.privileges import complaints
from workers.certificates import said, verified
from workers.erasing_redoing import redo_certified

E, R, H, C = erasures.c, erasure_recipients.c, legal_holds.c, customers.c
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NOT_THERE = 1
MOST = 1000


@click.group("erasures")
def commands() -> None:
    """See which erasures are due, and what stands in their way.

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
    with told_in_a_sentence():
        rows = server.run(_listed(every))
    if not rows and not as_json:
        click.echo("No erasure is waiting or under way.", err=True)
    for row in rows:
        facts = _facts(row)
        if as_json:
            click.echo(orjson.dumps(facts).decode())
        else:
            late = "OVERDUE " if facts["overdue"] else ""
            trouble = f" ({row.trouble})" if row.trouble else ""
            click.echo(f"{row.id:<20} {row.state:<10} {row.cause:<10} {late}{facts['dueAt'] or 'waits'}{trouble}")
            if row.trouble in Cause.__members__:
                click.echo(f"    {Cause[row.trouble].value}")
            if row.unobserved:
                click.echo("    Certified, but not yet seen to be gone from the files: a second statement follows.")


async def _listed(every: bool) -> Sequence[Any]:
    query = select(erasures).order_by(E.due_at.is_(None), E.due_at, E.id).limit(MOST)
    async with _opened() as store, store.write() as connection:
        rows = await connection.execute(query if every else query.where(E.state.in_(STANDING_STATES) | E.unobserved))
        return rows.all()


@commands.command()
@click.argument("case", type=int)
def show(case: int) -> None:
    """Show one case: its dates, how far it has come, and whom it told.

    \b
        gateway erasures show 4711
    """
    with told_in_a_sentence():
        row, told = server.run(_shown(case))
    if row is None:
        _no_such_case()
    recipients = [
        {"kind": each.kind, "name": each.name, "toldAt": said(each.told_at), "answer": each.answer} for each in told
    ]
    shown = _facts(row) | {"meaning": State[row.state].value, "recipients": recipients, "certificate": row.certificate}
    shown |= {"filesAt": said(row.files_at), "filesStatement": row.files_statement, "unobserved": row.unobserved}
    shown["troubleMeaning"] = Cause[row.trouble].value if row.trouble in Cause.__members__ else None
    click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


async def _shown(case: int) -> tuple[Any, Sequence[Any]]:
    async with _opened() as store, store.write() as connection:
        row = (await connection.execute(select(erasures).where(E.id == case))).one_or_none()
        told = await connection.execute(select(erasure_recipients).where(R.erasure_id == case).order_by(R.kind, R.name))
        return row, told.all()


def _facts(row: Any) -> dict[str, Any]:
    overdue = row.state in STANDING_STATES and row.due_at is not None and row.due_at < datetime.now(UTC)
    return {
        "case": str(row.id),
        "state": row.state,
        "cause": row.cause,
        "requestedAt": said(row.requested_at),
        "notBefore": said(row.not_before),
        "dueAt": said(row.due_at),
        "finishedAt": said(row.finished_at),
        "overdue": overdue,
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
    with told_in_a_sentence():
        found = [*server.run(_looked_after(settings)), *machine_complaints()]
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
    """Have a case that is under way taken up again at once, without waiting for its lease to end.

    \b
        gateway erasures retry 4711
    """
    with told_in_a_sentence():
        done = server.run(_retried(case))
    if not done:
        click.echo("No such case is under way.", err=True)
        raise SystemExit(NOT_THERE)
    click.echo("It will be taken up within seconds.", err=True)


async def _retried(case: int) -> bool:
    free = update(erasures).where(E.id == case, E.state == "ERASING").values(leased_until=None, trouble=None)
    async with _opened() as store, store.write() as connection:
        return (await connection.execute(free)).rowcount == 1


@commands.command()
@click.argument("case", type=int)
@click.argument("recipient")
@click.option("--answer", type=click.Choice(["ERASED", "REFUSED", "UNKNOWN"]), default="ERASED", show_default=True)
def answered(case: int, recipient: str, answer: str) -> None:
    """Note what a RECIPIENT who was told answered (GDPR Art. 19).

    \b
        gateway erasures answered 4711 "Example Payments"
    """
    with told_in_a_sentence():
        done = server.run(_answered(case, recipient, answer))
    if not done:
        click.echo("No recipient of this name was told in this case: `gateway erasures show` lists them.", err=True)
        raise SystemExit(NOT_THERE)


async def _answered(case: int, recipient: str, answer: str) -> bool:
    noted = update(erasure_recipients).where(R.erasure_id == case, R.name == recipient)
    async with _opened() as store, store.write() as connection:
        now = datetime.now(UTC)
        return (await connection.execute(noted.values(answer=answer, answered_at=now))).rowcount > 0


@commands.command()
@click.argument("number")
@click.option("--reference", required=True, help="The order's own reference.")
@click.option("--days", type=click.IntRange(1, 3650), required=True, help="How long it holds; nothing holds for ever.")
def hold(number: str, reference: str, days: int) -> None:
    """Keep the data of the customer with this NUMBER from being erased, as a binding order demands.

    \b
        gateway erasures hold K-100017 --reference "LG 4 O 123/26" --days 90
    """
    if not is_order_number(reference):
        raise click.BadParameter("a reference is the order's number, such as '4 O 123/26'", param_hint="--reference")
    with told_in_a_sentence():
        if not server.run(_held(number, reference, days)):
            click.echo("There is no customer with this number.", err=True)
            raise SystemExit(NOT_THERE)


async def _held(number: str, reference: str, days: int) -> bool:
    async with _opened() as store:
        index = store.keys.blind_index(Lookup.CUSTOMER_NUMBER, number)
        async with store.write() as connection:
            owner = await connection.scalar(select(C.id).where(C.customer_number_index == index).with_for_update())
            if owner is None:
                return False
            now = datetime.now(UTC)
            row = {"id": new_id(), "customer_id": owner, "reference": reference[:64], "placed_at": now}
            await connection.execute(insert(legal_holds).values(row | {"until": now + timedelta(days=days)}))
            return True


@commands.command()
@click.argument("reference")
def lift(reference: str) -> None:
    """Lift every hold of an order, by its REFERENCE.

    \b
        gateway erasures lift "LG 4 O 123/26"
    """
    with told_in_a_sentence():
        count = server.run(_lifted(reference))
    click.echo(f"{count} holds lifted.", err=True)


async def _lifted(reference: str) -> int:
    standing = update(legal_holds).where(H.reference == reference, H.lifted_at.is_(None))
    async with _opened() as store, store.write() as connection:
        return int((await connection.execute(standing.values(lifted_at=datetime.now(UTC)))).rowcount)


@commands.command()
@click.argument("certificates", nargs=-1, required=True, type=FILE)
@click.option("--key", "keys", type=PublicKeys(), multiple=True, required=True, help="The ledger's public key.")
def verify(certificates: Sequence[Path], keys: Sequence[Keys]) -> None:
    """Verify CERTIFICATES of erasures, offline, with nothing but the ledger's public key.

    \b
        gateway erasures verify erasure-certificate.txt --key ledger.pub
    \b
    Exit codes: 0 all are good; 1 one is not; 2 wrong usage.
    """
    for path, facts in _verified(certificates, keys):
        if facts.get("statement") == "FILES":
            click.echo(f"{path.name}: the files of case {facts['case']} were seen clean on {facts['filesAt']}.")
            continue
        kept = "in time" if facts["inTime"] else "LATE"
        click.echo(f"{path.name}: case {facts['case']} was done on {facts['finishedAt']}, {kept}.")


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
        if "keyFingerprint" in facts
    ]
    with told_in_a_sentence():
        count = server.run(_redone(marks))
    click.echo(f"{count} customers are being erased again.", err=True)


async def _redone(marks: Sequence[bytes]) -> int:
    async with _opened() as store:
        return await redo_certified(store, marks, datetime.now(UTC))


def _verified(paths: Sequence[Path], keys: Sequence[Keys]) -> list[tuple[Path, dict[str, Any]]]:
    trusted = [key for some in keys for key in some]
    found, bad = [], False
    for path in paths:
        try:
            found.append((path, verified(path.read_text(encoding="utf-8"), trusted)))
        except (NoteInvalid, UnicodeDecodeError) as error:
            bad = True
            click.echo(f"{path.name}: not a certificate that this key signed: {error}.", err=True)
    if bad:
        raise SystemExit(NOT_THERE)
    return found


def _no_such_case() -> None:
    click.echo("There is no such case: `gateway erasures list --all` lists them.", err=True)
    raise SystemExit(NOT_THERE)
