"""`gateway erasures request`, `… cancel` and `gateway exports request`: requests made by letter or telephone.

They go through the same `DataRights` as requests in the client area.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import click
import orjson

from gateway.commands.acts import signed_in, staff_code
from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.dependencies import make_site
from gateway.run.stores import store_config
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
    """Record that the customer with this NUMBER requested erasure, by letter or in person (GDPR Art. 17).

    The effect is that of a request in the client area: data processed by consent is erased at once, the customer gets
    an e-mail, and can cancel. The operator is recorded.

    \b
        gateway --as CARE-3 erasures request C-100017 --because "Letter of 3 March, signature compared"
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
    """Record that the customer of a CASE cancelled their erasure. One that has begun cannot be stopped.

    \b
        gateway --as CARE-3 erasures cancel 4711 --because "Telephone call, asked back by the known number"
    """

    async def cancel(rights: DataRights) -> Result:
        return await rights.cancel_erasure({"erasureId": case})

    _carried_out(lambda *given: DataRights.of_case(given[0], given[1], case, *given[2:]), because, cancel)


@click.group("exports")
def exports() -> None:
    """Request exports for customers who asked by letter or telephone."""


@exports.command("request")
@click.argument("number")
@click.option("--language", help="Of the page, such as fr; the customer's own if not given.")
@BECAUSE
def request_export(number: str, language: str | None, because: str) -> None:
    """Record that the customer with this NUMBER requested a copy of their data (GDPR Art. 15, 20).

    The export is made and announced as if they had asked in the client area, and only they can download it.

    \b
        gateway --as CARE-3 exports request C-100017 --because "Letter of 3 March, signature compared"
    """

    async def export(rights: DataRights) -> Result:
        return await rights.export({"language": language})

    _carried_out(lambda *given: DataRights.on_behalf(given[0], given[1], number, *given[2:]), because, export)


def _carried_out(opening: Opening, because: str, work: Callable[[DataRights], Awaitable[Result]]) -> None:
    """Carry out the request, print its result as JSON and its problems as sentences; exit with REFUSED if any."""
    settings = read_settings()

    async def run() -> tuple[Result, dict[str, Any]]:
        store = await open_store(store_config(settings))
        try:
            # The customer sees who acted for them: a code or a pseudonym, never an employee's name.
            by = staff_code() or await pseudonym_of(store.keys.system, signed_in())
            rights = await opening(
                store, SignInDependencies(make_site(settings)), Behalf(by, because), datetime.now(UTC)
            )
            done = await work(rights)
            return done, await _facts(store, done)
        finally:
            await store.close()

    try:
        with errors_as_sentences():
            done, facts = server.run(run())
    except RightsRefusedError as refused:
        raise click.ClickException(str(refused)) from None
    if facts:
        click.echo(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    for problem in done.problems:
        # The sentence is the API's, and names its argument; here it is an option.
        said = str(problem.message).replace("`whenServicesEnd: true`", "--when-services-end")
        click.echo(f"{problem.code}: {said}", err=True)
    if done.problems:
        raise SystemExit(REFUSED)


async def _facts(store: Store, done: Result) -> dict[str, Any]:
    facts: dict[str, Any] = {name: str(key) for name, key in done.affected.items() if name != "customer"}
    if isinstance(done, Requested) and "erasure" in done.affected:
        facts["receipt"] = await receipt_of(store.keys.system, done.affected["erasure"])
        facts |= {
            "erasedNow": list(done.erased_now),
            "stays": list(done.stays),
            "blockedBy": [str(each) for each in done.blocked_by],
        }
    return facts
