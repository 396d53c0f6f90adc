"""`gateway requests`: one register of what persons ask about their data, by letter, telephone or in the client area."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar

import click
import orjson

from gateway.commands.acts import staff_code
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState, RequestWay
from policy.restricting import Ground
from resolvers.commands.dependencies import SignInDependencies
from resolvers.restriction.by_staff import RightsError
from resolvers.rights.register import MOST, CarriedOut, RequestRegister
from store.database.store import open_store

Result = TypeVar("Result")
REFUSED = 1
DAY = click.DateTime(formats=["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SIGNATURE = click.option("--signature", type=FILE, help="What ssh-keygen -Y sign wrote.")
BECAUSE = click.option("--because", required=True, help="One sentence, as the person is told it.")
WAYS = [way.name for way in RequestWay if way not in (RequestWay.CLIENT_AREA, RequestWay.OTHER)]


@click.group()
def requests() -> None:
    """List and handle requests of persons about their data, whichever way they came (GDPR Art. 12 to 22).

    \b
        gateway --as CARE-3 requests open C-100017 --kind COPY --way TELEPHONE --reference REQ-12
        gateway requests digest 4711 > request.txt
        ssh-keygen -Y sign -n rights-request@data.example.com -f ~/.ssh/id_ed25519 request.txt
        gateway requests verify 4711 --how "Asked back by the known number" --signature request.txt.sig
        gateway requests carry-out 4711 --signature second.txt.sig        # a second person, for a copy or an erasure
        gateway requests list
    """


@requests.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are settled, too: refused and withdrawn ones as well.")
def list_(every: bool) -> None:
    """List open requests by customer number, the earliest deadline first.

    \b
        gateway requests list --all
    """
    found, now = _with(lambda register: register.listed(every)), datetime.now(UTC)
    for number, row in found:
        late = "  OVERDUE" if row.answered_at is None and row.answer_by < now else ""
        facts = f"{row.kind:<12} {row.state:<9} {row.way:<11} answer by {row.answer_by:%Y-%m-%d}"
        click.echo(f"{row.id:<20} {number:<16} {facts}{late}")
    if len(found) >= MOST:
        click.echo(f"… and more: these are the first {MOST}.", err=True)


@requests.command()
@click.argument("request", type=int)
def show(request: int) -> None:
    """Show one REQUEST with what was said and decided.

    \b
        gateway requests show 4711
    """
    for name, value in _with(lambda register: register.shown(request)).items():
        if value is not None:
            click.echo(f"{name:<12} {value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else f"{name:<12} {value}")


@requests.command("open")
@click.argument("number")
@click.option("--kind", type=click.Choice([kind.name for kind in RequestKind]), required=True, help="The right.")
@click.option("--way", type=click.Choice(WAYS), required=True, help="How it came.")
@click.option("--reference", required=True, help="The case, such as REQ-12.")
@click.option("--on", type=DAY, help="The day on which it came; by default today. The month counts from it.")
@click.option("--purpose", type=click.Choice([purpose.name for purpose in Purpose]), help="Of an objection.")
def open_(number: str, kind: str, way: str, reference: str, on: datetime | None, purpose: str | None) -> None:
    """Record a request of the customer with this NUMBER; they are written to. Prints the number of the request.

    \b
        gateway requests open C-100017 --kind ERASURE --way LETTER --reference REQ-13 --on 2027-03-01
        gateway requests open C-100017 --kind OBJECTION --way TELEPHONE --reference REQ-14 --purpose ACCOUNT_SECURITY
    """
    asked = on.replace(tzinfo=read_settings().time_zone) if on else None
    wanted = Purpose[purpose] if purpose else None
    made = _with(
        lambda register: register.open(
            number, RequestKind[kind], RequestWay[way], reference, datetime.now(UTC), asked=asked, purpose=wanted
        )
    )
    click.echo(made)


@requests.command()
@click.argument("request", type=int)
def digest(request: int) -> None:
    """Print what two persons sign for a copy or an erasure, and on stderr how.

    \b
        gateway requests digest 4711 > request.txt
    """
    click.echo(_with(lambda register: register.to_sign(request)), nl=False)
    name = _with(_namespace)
    click.echo(f"Sign it: ssh-keygen -Y sign -n {name} -f ~/.ssh/id_ed25519 FILE", err=True)


async def _namespace(register: RequestRegister) -> str:
    return register.namespace()


@requests.command()
@click.argument("request", type=int)
@click.option("--how", required=True, help="By what the person was known, in one sentence.")
@SIGNATURE
def verify(request: int, how: str, signature: Path | None) -> None:
    """Record how it was verified who asks; for a copy and an erasure you sign.

    \b
        gateway --as CARE-3 requests verify 4711 --how "Asked back by the known number"
    """
    _with(lambda register: register.verify(request, how, datetime.now(UTC), _text(signature)))


@requests.command()
@click.argument("request", type=int)
@BECAUSE
def pause(request: int, because: str) -> None:
    """Wait for something of the person, who is written to; the time stands still (Art. 12(6)).

    \b
        gateway requests pause 4711 --because "Please send the customer number on your last invoice."
    """
    _with(lambda register: register.pause(request, because, datetime.now(UTC)))


@requests.command()
@click.argument("request", type=int)
def resume(request: int) -> None:
    """Go on with a paused REQUEST; the deadline moves by the time that was waited.

    \b
        gateway requests resume 4711
    """
    _with(lambda register: register.resume(request, datetime.now(UTC)))


@requests.command()
@click.argument("request", type=int)
@BECAUSE
def extend(request: int, because: str) -> None:
    """Take two further months, once and within the first; the person is told why (Art. 12(3)).

    \b
        gateway requests extend 4711 --because "Your request covers eleven years of invoices."
    """
    due = _with(lambda register: register.extend(request, because, datetime.now(UTC)))
    click.echo(f"Answer by {due:%Y-%m-%d}.", err=True)


@requests.command()
@click.argument("request", type=int)
@BECAUSE
def refuse(request: int, because: str) -> None:
    """Refuse a REQUEST; the person is told why, and how to complain (Art. 12(4)).

    \b
        gateway requests refuse 4711 --because "It repeats the request that was answered last week."
    """
    _with(lambda register: register.refuse(request, because, datetime.now(UTC)))


@requests.command()
@click.argument("request", type=int)
def withdraw(request: int) -> None:
    """Record that the person took a REQUEST back.

    \b
        gateway requests withdraw 4711
    """
    _with(lambda register: register.withdraw(request, datetime.now(UTC)))


@requests.command()
@click.argument("request", type=int)
@click.option("--text", required=True, help="The answer, as the person is told it.")
def answer(request: int, text: str) -> None:
    """Answer a question, or tell what was corrected.

    \b
        gateway requests answer 4711 --text "Our support looked for your invoice of May, as you had asked."
    """
    _with(lambda register: register.answer(request, text, datetime.now(UTC)))


@requests.command()
@click.argument("request", type=int)
@click.option("--from", "file", type=click.File("rb"), required=True, help="JSON of what is corrected; - reads stdin.")
@click.option("--text", required=True, help="What was corrected, as the person is told it; without the values.")
def correct(request: int, file: BinaryIO, text: str) -> None:
    """Correct the profile of the person who asked, as if they had done it themselves (Art. 16).

    The JSON has the fields of `UpdateProfileInput` in the schema. Values are in a file or come from standard input, so
    that none is in the history of the shell. An e-mail address is changed by its owner alone.

    \b
        echo '{"familyName": "Meyer"}' | gateway requests correct 4711 --from - --text "Your family name, as asked."
    \b
    Exit codes: 0 it was corrected; 1 it was not.
    """
    try:
        given = orjson.loads(file.read())
    except orjson.JSONDecodeError:
        raise click.UsageError("--from is no JSON.") from None
    if not isinstance(given, dict):
        raise click.UsageError('--from is one JSON object, such as {"familyName": "Meyer"}.')
    # Late: the schema takes a while to load, which other commands need not wait for.
    from schema.mutations.profile import profile_columns

    done = _with(lambda register: register.correct(request, given, text, datetime.now(UTC), profile_columns()))
    _print_outcome(done)


@requests.command("carry-out")
@click.argument("request", type=int)
@click.option("--ground", type=click.Choice([ground.name for ground in Ground]), help="Of a restriction: Art. 18(1).")
@click.option("--when-services-end", is_flag=True, help="Of an erasure: wait for the end of the last service.")
@SIGNATURE
def carry_out(request: int, ground: str | None, when_services_end: bool, signature: Path | None) -> None:
    """Do what was asked for, by the commands of the client area; for a copy and an erasure a second person signs.

    \b
        gateway requests carry-out 4711 --signature second.txt.sig
        gateway requests carry-out 4712 --ground ACCURACY_CONTESTED
    \b
    Exit codes: 0 it was carried out; 1 it was not, or is on record as refused.
    """
    done = _with(
        lambda register: register.carry_out(
            request,
            datetime.now(UTC),
            signature=_text(signature),
            ground=Ground[ground] if ground else None,
            when_services_end=when_services_end,
        )
    )
    _print_outcome(done)


def _print_outcome(done: CarriedOut) -> None:
    for problem in done.problems:
        click.echo(problem.replace("`whenServicesEnd: true`", "--when-services-end"), err=True)
    click.echo(done.state.name)
    if done.state is not RequestState.ACCEPTED:
        raise SystemExit(REFUSED)


def _text(signature: Path | None) -> str | None:
    return None if signature is None else signature.read_text("utf-8")


def _with(work: Callable[[RequestRegister], Awaitable[Result]]) -> Result:
    settings, staff = read_settings(), staff_code()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(RequestRegister(store, SignInDependencies(make_site(settings)), staff))
        finally:
            await store.close()

    try:
        with errors_as_sentences():
            return server.run(run())
    except RightsError as refused:
        raise click.ClickException(str(refused)) from None
