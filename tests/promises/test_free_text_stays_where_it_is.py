"""(D19, D1) A name in a note stays where it was written: not in logs, metrics, errors, URLs or the ledger."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Text, select
from starlette.routing import Router

from audits.schema.columns import undeclared_texts
from gateway.api.metrics import list_routes
from gateway.cli import gateway
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.account import factors_enrolling as enrolling
from resolvers.commands.dependencies import Site
from resolvers.legal.orders import LegalRequestError, NewRequest
from resolvers.legal.requests import Legal
from resolvers.signins.signins import Visitor
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.entries import ledger_entries
from store.records.free_text import FORMED, WRITTEN
from store.sql.metadata import metadata, plain, table
from store.tables.services import services
from tests.audits.papers import EXAMPLE
from tests.promises.gate import TODAY, Gate, grant
from tests.sharing.signing import FIELDS, officer
from tests.signin.authenticator import Authenticator
from tests.signin.lobby import HOME, Lobby
from tests.signin.people import add_person
from tests.stores import settle

pytestmark = pytest.mark.anyio

MARK = "Silberquark"
"""A person's name, part of everything that is written here."""
NOTE = f"{MARK} said so"
DAY = timedelta(days=1)
SITE = Site("Example Hosting", "https://data.example")
SUBSCRIBE = """mutation ($input: SubscribeServiceInput!) {
  subscribeService(input: $input) { service { id } userErrors { code field message } } }"""


@pytest.fixture
async def run(store: Store, store_config: StoreConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line on the store of the test."""
    settle(store_config, tmp_path, monkeypatch)

    async def command(*arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(gateway, arguments))

    return command


async def by_customers(store: Store, gate: Gate) -> list[str]:
    """What customers, and the tools about them, write into a row; what was answered."""
    tool = grant(Purpose.SERVICE_PROVISION, scopes=["services:write"], client="shop")
    given = {"customerId": gate.id(0), "kind": "WEB_HOSTING", "name": NOTE}
    answers = [await gate.ask(SUBSCRIBE, tool, variables={"input": given})]
    assert answers[0].data["subscribeService"]["userErrors"] == []
    answers += [
        await gate.ask(SUBSCRIBE, tool, variables={"input": given | change})
        for change in ({"name": NOTE * 40}, {"kind": NOTE}, {"customerId": NOTE}, {NOTE: 1}, {"name": [NOTE]})
    ]
    lobby = Lobby(store, visitor=Visitor(HOME, f"Mozilla/5.0 ({MARK}) Firefox/140.0"))
    actor = await lobby.actor(await lobby.enter(await add_person(store)))
    begun = await enrolling.begin_passkey(actor, None)
    done = await enrolling.finish_passkey(actor, None, Authenticator().create(begun.options or ""), f"{MARK}'s key")
    assert done.problems == ()
    return [each.raw.decode() for each in answers[1:]]


async def by_officers(store: Store, gate: Gate, folder: Path) -> list[str]:
    """An order that is refused; what its refusals say."""
    first, second = await officer(store, folder, "LG-1"), await officer(store, folder, "LG-2")
    desk = Legal(store, SITE, FIELDS)
    new = NewRequest(
        reference="LG 4 O 123/26", authority=f"Judge {MARK}", country="DE", ground=f"request of {MARK}",
        customer_number=gate.people[0].customer_number, fields=("Customer.email",), period_from=TODAY - 30 * DAY,
        period_until=TODAY,
    )  # fmt: skip
    await desk.file(new, first.sign(await desk.to_sign(new, TODAY), "legal-request@data.example"), TODAY)
    said = []
    for reason in (NOTE * 40, NOTE):
        text = await desk.to_sign_again(new.reference)
        try:
            signature = second.sign(text, "legal-refusal@data.example")
            await desk.refuse(new.reference, signature, reason, TODAY)
        except LegalRequestError as refused:
            said.append(str(refused))
    assert len(said) == 1
    return said


async def by_operators(run: Any, gate: Gate, folder: Path) -> list[str]:
    """Names of programs, what they keep, holds, and releases; what is said of those that are refused."""
    number, own, signed = gate.people[0].customer_number, folder / "own.toml", folder / "accept.toml"
    own.write_text(EXAMPLE)
    tool = ("clients", "create", "shop", "--kind", "tool", "--name", f"{MARK}'s tool", "--purpose", "INVOICING")
    hold = ("--tell", "--field", "Customer.email", "--basis", f"order against {MARK}", "--days", "30")
    release = ("audit", "release", "notice", "--controller", str(own))
    done = [
        await run(*tool, "--keeps", f"letters of {MARK}", "--keeps-days", "30"),
        await run("erasures", "hold", str(number), "--reference", "LG 5 O 1/26", *hold),
        await run(*release, "--from", gate_day(), "--because", "the first"),
    ]
    changed = await run("clients", "update", "shop", "--keeps", f"names, as {MARK} wants", "--keeps-days", "60")
    asked = await run(*release, "--from", gate_day(1), "--because", "programs keep more")
    proposed = asked.output[asked.output.index("[[accept]]") :]
    signed.write_text(proposed.replace('who = ""', f'who = "{MARK}"').replace('why = ""', f'why = "{NOTE}"'))
    done.append(await run(*release, "--from", gate_day(1), "--because", "programs keep more", "--accept", str(signed)))
    assert [each.exit_code for each in (*done, changed)] == [0] * 5, [each.output for each in (*done, changed)]
    refused = [
        await run(*tool),
        await run(*tool[:2], "shop2", *tool[3:-1], NOTE),
        await run("erasures", "hold", str(number), "--reference", NOTE, *hold),
        await run("erasures", "hold", NOTE, "--reference", "LG 6 O 1/26", *hold),
        await run(*release, "--from", gate_day(2), "--because", f"{NOTE} on 079 123 45 67"),
        await run("webhooks", "add", f"{MARK}@x", "https://crm.example"),
        await run("partners", "end", MARK.lower()),
    ]
    assert all(each.exit_code for each in refused)
    # Who types a wrong name is shown it, at the terminal; standard errors of the others repeat nothing.
    return [each.output for each in (refused[0], *refused[2:5])]


def gate_day(later: int = 0) -> str:
    """A day from today on, as the command line knows it."""
    return f"{datetime.now(UTC).date() + later * DAY}"


async def resting(store: Store, name: str) -> list[str]:
    """Every value of a column, opened."""
    table_name, _, column_name = name.partition(".")
    rows = metadata.tables[table_name]
    column = rows.c[column_name]
    if "sealing" not in column.info:
        return [str(row[0]) for row in await store.reader.fetch(store.reader.prepare(select(column)), {})]
    query = select(rows.c.id, rows.c.customer_id, column).where(column.is_not(None))
    found = await store.reader.fetch(store.reader.prepare(query), {})
    keys = {key.customer_id: key for key in await store.keys.subjects([row[1] for row in found]) if key is not None}
    return [str(column.info["sealing"].decode(keys[owner].open(column, id_, value))) for id_, owner, value in found]


async def metrics(store: Store) -> str:
    networks = (ip_network("127.0.0.0/8"),)
    app = Router(list_routes(store, {}, networks, lambda: TODAY))
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200
    return answer.text


async def test_a_name_in_a_note_is_told_nowhere_else(
    store: Store, run: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A canary in every column in which people write, by the product's own ways, and then a search."""
    caplog.set_level(logging.DEBUG)
    gate = await Gate.of(store, 1)
    errors = await by_customers(store, gate)
    errors += await by_officers(store, gate, tmp_path)
    errors += await by_operators(run, gate, tmp_path)
    for name in WRITTEN:
        assert any(MARK in text for text in await resting(store, name)), f"{name}: no canary was written"
    for said in errors:
        assert MARK not in said
    logged = "\n".join(f"{each.getMessage()} {vars(each)}" for each in caplog.records)
    assert MARK not in logged
    query = select(ledger_entries.c.entry)
    entries = await store.ledger_reader.fetch(store.ledger_reader.prepare(query), {})
    assert len(entries) > 10 and not [row[0] for row in entries if MARK.encode() in bytes(row[0])]
    assert MARK not in await metrics(store)
    released = await run("audit", "notice", "--on", gate_day(1), "--format", "json")
    assert f"names, as {MARK} wants" in released.output, (
        "what a program keeps is told to everybody: see that it names nobody"
    )


def test_every_text_says_who_may_write_what_into_it() -> None:
    """And the lint refuses a new one that does not."""
    assert undeclared_texts() == [] and not WRITTEN.keys() & FORMED.keys()
    noted = table("remarks", RetentionRule.CUSTOMER_LIFE, plain("remark", Text, None, primary_key=True))
    try:
        assert [name for name, _ in undeclared_texts()] == ["remarks.remark"]
    finally:
        metadata.remove(noted)
    assert services.c.name.info["category"] is WRITTEN["services.name"]
