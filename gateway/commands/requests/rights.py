"""`gateway erasures request`, `… cancel` and `gateway exports request`: what a customer asked for by another way.

They go through the same `DataRights` as the customer's own requests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import click
import orjson

from gateway.commands.acts import signed_in, staff_code
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.http import server
from gateway.run.serving import store_config
from gateway.signin.routes import make_site
from resolvers.commands.context import Behalf, Result
from resolvers.commands.dependencies import SignInDependencies
from resolvers.erasure.erasures import Requested
from resolvers.rights.requests import DataRights, RightsRefusedError
from store.accesses.acts import pseudonym_of
from store.database.store import Store, open_store
from store.links.receipts import receipt_of

REFUSED = 1
BECAUSE = click.option(
    "--because", required=True, help="How it was asked for and by what the customer was known; no address, no number."
)

Opening = Callable[[Store, SignInDependencies, Behalf, datetime], Awaitable[DataRights]]


@click.command("request")
@click.argument("number")
@click.option("--when-services-end", is_flag=True, help="Wait for the end of the last service, instead of a refusal.")
@BECAUSE
def request_erasure(number: str, when_services_end: bool, because: str) -> None:
    """Record that the customer with this NUMBER asked to be erased, by a letter or at a counter.

    All is as if they had asked in their client area: what rests on consent goes at once, the customer is written to,
    and can call it off. Who wrote it down is on record.

    \b
        gateway --as CARE-3 erasures request K-100017 --because "Letter of 3 March, signature compared"
    \b
    Exit codes: 0 it was accepted; 1 it was not, or services run and it is on record as refused.
    """

    async def erase(rights: DataRights) -> Result:
        return await rights.erase({"whenServicesEnd": when_services_end})

    _carried_out(lambda *given: DataRights.on_behalf(given[0], given[1], number, *given[2:]), because, erase)


@click.command("cancel")
@click.argument("case", type=int)
@BECAUSE
def cancel_erasure(case: int, because: str) -> None:
    """Record that the customer of a CASE called their erasure off. What has begun goes on to its end.

    \b
        gateway --as CARE-3 erasures cancel 4711 --because "Telephone call, asked back by the known number"
    """

    async def cancel(rights: DataRights) -> Result:
        return await rights.cancel_erasure({"id": case})

    _carried_out(lambda *given: DataRights.of_case(given[0], given[1], case, *given[2:]), because, cancel)


@click.group("exports")
def exports() -> None:
    """Have an export made for a customer who asked for it by another way than the client area."""


@exports.command("request")
@click.argument("number")
@click.option("--language", help="Of the page, such as fr; the customer's own if not given.")
@BECAUSE
def request_export(number: str, language: str | None, because: str) -> None:
    """Record that the customer with this NUMBER asked for everything that is held about them.

    It is made and told as if they had asked themselves, and only they can fetch it.

    \b
        gateway --as CARE-3 exports request K-100017 --because "Letter of 3 March, signature compared"
    """

    async def export(rights: DataRights) -> Result:
        return await rights.export({"language": language})

    _carried_out(lambda *given: DataRights.on_behalf(given[0], given[1], number, *given[2:]), because, export)


def _carried_out(opening: Opening, because: str, work: Callable[[DataRights], Awaitable[Result]]) -> None:
    """Do it, print what became of it as JSON, and the problems as sentences."""
    settings = read_settings()

    async def run() -> tuple[Result, dict[str, Any]]:
        store = await open_store(store_config(settings))
        try:
            by = staff_code() or await pseudonym_of(store.keys.house, signed_in())
            rights = await opening(
                store, SignInDependencies(make_site(settings)), Behalf(by, because), datetime.now(UTC)
            )
            done = await work(rights)
            return done, await _facts(store, done)
        finally:
            await store.close()

    try:
        with told_in_a_sentence():
            done, facts = server.run(run())
    except RightsRefusedError as refused:
        raise click.ClickException(str(refused)) from None
    if facts:
        click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    for problem in done.problems:
        said = str(problem.message).replace("`whenServicesEnd: true`", "--when-services-end")
        click.echo(f"{problem.code}: {said}", err=True)
    if done.problems:
        raise SystemExit(REFUSED)


async def _facts(store: Store, done: Result) -> dict[str, Any]:
    facts: dict[str, Any] = {name: str(key) for name, key in done.affected.items() if name != "customer"}
    if isinstance(done, Requested) and "erasure" in done.affected:
        facts["receipt"] = await receipt_of(store.keys.house, done.affected["erasure"])
        facts |= {
            "erasedNow": list(done.erased_now),
            "stays": list(done.stays),
            "blockedBy": [str(each) for each in done.blocked_by],
        }
    return facts
