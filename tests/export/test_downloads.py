"""An address downloads one export once, in a browser without a token, and soon not at all."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select, update

from resolvers.exports.downloads import LIFETIME, DownloadTicket
from schema.documents.requests import RequestOutcome
from store.tables.exports import export_parts
from store.tables.oauth import used_values
from tests.export.office import Office
from tests.promises.gate import own

pytestmark = pytest.mark.anyio
ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
MAKE = """mutation ($id: ID!, $form: ExportForm!, $key: String) {
  createExportDownload(input: {exportId: $id, form: $form, idempotencyKey: $key}) {
    url expiresAt userErrors { code field } } }"""


async def made(office: Office, id_: str, form: str = "HTML", place: int = 0, **more: Any) -> Any:
    return (await office.ask(MAKE, place, id=id_, form=form, **more)).data["createExportDownload"]


async def opened(office: Office, url: str) -> httpx.Response:
    """As a browser opens it: no token, no cookie."""
    parts = urlsplit(url)
    return await office.http.get(f"{parts.path}?{parts.query}")


@pytest.mark.parametrize("form", ["JSON", "HTML", "PORTABLE"])
async def test_a_browser_downloads_each_form_once(office: Office, form: str) -> None:
    id_ = await office.made()
    address = await made(office, id_, form)
    assert address["userErrors"] == [] and address["expiresAt"] == "2026-11-23T12:02:00Z"
    assert address["url"].startswith(f"https://gateway.localhost/exports/{id_}?t=")
    first = await opened(office, address["url"])
    assert first.status_code == 200 and first.text == await office.text(form=form)
    assert first.headers["cache-control"] == "no-store" and first.headers["referrer-policy"] == "no-referrer"
    assert first.headers["content-disposition"].startswith("attachment; filename=")
    again = await opened(office, address["url"])
    unknown = await office.fetch("x")
    assert (again.status_code, again.content) == (404, unknown.content)
    other = await opened(office, (await made(office, id_, form))["url"])
    assert other.status_code == 200, "another address is another download"


async def test_of_many_at_once_one_gets_it(office: Office) -> None:
    url = (await made(office, await office.made()))["url"]
    answers = await asyncio.gather(*(opened(office, url) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [200] + [404] * 7


async def test_it_ends_soon_and_with_the_export(office: Office) -> None:
    id_ = await office.made()
    url = (await made(office, id_))["url"]
    office.wait(seconds=LIFETIME.total_seconds())
    assert (await opened(office, url)).status_code == 404
    office.wait(days=7, seconds=-LIFETIME.total_seconds() - 60)
    url = (await made(office, id_))["url"]
    office.wait(seconds=61)
    assert (await opened(office, url)).status_code == 404, "the export has expired"
    gone = await made(office, id_)
    assert gone == {"url": None, "expiresAt": None, "userErrors": [{"code": "NOT_FOUND", "field": ["exportId"]}]}


async def test_it_opens_no_other_export_and_nobody_elses(office: Office) -> None:
    """D6: bound to the export, the form and the customer's key."""
    id_, other = await office.made(), await office.made(1)
    url = (await made(office, id_, "PORTABLE"))["url"]
    ticket = url.partition("?t=")[2]
    for path in (
        f"/exports/{other}?t={ticket}",
        f"/exports/{office.store.keys.system.ids('Customer', office.customer(), office.customer())}?t={ticket}",
        f"/exports/x?t={ticket}",
        f"/exports/{id_}?t={ticket[:-1]}",
        f"/exports/{id_}?t={ticket[:20]}{'A' if ticket[20] != 'A' else 'B'}{ticket[21:]}",
        f"/exports/{id_}?t=",
        f"/exports/{id_}?t={'A' * 600}",
    ):
        assert (await office.http.get(path)).status_code == 404, path
    assert (await office.http.get(f"/exports/{id_}?t={ticket}&form=json")).status_code == 400
    assert (await opened(office, url)).status_code == 200, "nothing of this has used it"
    for wrong in (other, "x", office.store.keys.system.ids("Customer", office.customer(), office.customer())):
        assert [each["code"] for each in (await made(office, wrong))["userErrors"]] == ["NOT_FOUND"]


@ONE_STORE
async def test_asking_for_it_needs_a_fresh_sign_in(office: Office) -> None:
    """S7."""
    id_ = await office.made()
    answer = await office.gate.ask(MAKE, own(office.customer()), variables={"id": id_, "form": "JSON"})
    assert answer.kind is RequestOutcome.STEP_UP_REQUIRED


@ONE_STORE
async def test_a_repeated_request_does_not_show_it_again(office: Office) -> None:
    id_ = await office.made()
    assert (await made(office, id_, key="k-1"))["url"]
    again = await made(office, id_, key="k-1")
    assert again["url"] is None and [each["code"] for each in again["userErrors"]] == ["ALREADY_DONE"]


async def test_neither_the_address_nor_the_store_says_anything(office: Office) -> None:
    """D1, D2: the ticket is sealed; what is stored of it is a hash, and that only once it is used."""
    id_ = await office.made()
    url = (await made(office, id_))["url"]
    key, row = await office.key(), office.store.keys.system.ids.decode(id_)
    assert row is not None
    ticket = DownloadTicket.opened(key, row.key, url.partition("?t=")[2])
    assert ticket is not None and ticket.form == "HTML"
    for told in ("HTML", ticket.client, office.gate.people[0].email, str(office.customer())):
        assert told not in url
    assert await _used(office) == []
    await opened(office, url)
    (mark,) = await _used(office)
    assert len(mark) == 32 and mark not in url.encode()


async def test_it_is_recorded_with_the_client_that_asked(office: Office) -> None:
    """D3: durable before a byte leaves."""
    url = (await made(office, await office.made()))["url"]
    assert await _read(office) == []
    await opened(office, url)
    (entry,) = await _read(office)
    assert (entry["client"], entry["purpose"]) == (own(office.customer()).client_id, "SELF_SERVICE")
    assert entry["subjects"] == [(await office.key()).pseudonym] and "Customer.email" in entry["fields"]


async def test_a_damaged_export_does_not_use_it(office: Office) -> None:
    url = (await made(office, await office.made()))["url"]
    async with office.store.write() as connection:
        whole = (await connection.execute(select(export_parts.c.id, export_parts.c.content))).all()
        await connection.execute(update(export_parts).values(content=b"\x01" * 40))
    assert (await opened(office, url)).status_code == 500
    async with office.store.write() as connection:
        for each in whole:
            await connection.execute(
                update(export_parts).where(export_parts.c.id == each.id).values(content=each.content)
            )
    assert (await opened(office, url)).status_code == 200


async def _used(office: Office) -> list[bytes]:
    async with office.store.write() as connection:
        return list((await connection.scalars(select(used_values.c.hash))).all())


async def _read(office: Office) -> list[Any]:
    return [each for each in await office.gate.entries() if "Customer.email" in each.get("fields", ())]
