"""(G17) An operator's act is an entry in the ledger with who did it, and no command can forget it."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from audits.reports.ledger import ledger_facts
from gateway.cli import COMMANDS, gateway
from gateway.commands.acts import ACTS, Act, recorded, signed_in
from store.accesses.acts import Acts
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.entries import ledger_entries
from tests.audits.papers import EXAMPLE
from tests.promises.gate import TODAY, Gate, grant
from tests.sharing.signing import Signer
from tests.stores import settle

pytestmark = pytest.mark.anyio
TOOL = ("--kind", "tool", "--name", "Jean Dupont's tool", "--purpose", "INVOICING")
Run = Callable[..., Awaitable[Result]]


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


async def test_every_command_says_which_act_it_records_or_why_none() -> None:
    """(G17) The table names every command and no other, and what it names of arguments are arguments."""
    found = dict(leaves(gateway))
    assert found.keys() == ACTS.keys()
    for path, act in ACTS.items():
        named = {each.name for each in found[path].params}
        if isinstance(act, Act):
            assert {act.target, *act.details, act.unless} - {None} <= named, path
        else:
            assert len(act) > 10 and not any(word in path.split() for word in ("add", "create", "register", "rotate"))


async def test_a_command_of_which_nobody_said_it_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """(G17) So that a new one cannot forget it."""
    with pytest.raises(KeyError, match="clients forget-me"):
        recorded("clients", click.Group("clients", {"forget-me": click.Command("forget-me")}))
    monkeypatch.setitem(COMMANDS, "new", ("click", "Command", "Does something."))
    with pytest.raises((KeyError, TypeError, AttributeError)):
        CliRunner().invoke(gateway, ["new"], catch_exceptions=False)


@pytest.fixture
async def run(store: Store, store_config: StoreConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the store of the test, in a thread of its own as it has a loop of its own."""
    settle(store_config, tmp_path, monkeypatch)

    async def command(*arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(gateway, arguments))

    return command


async def entries(store: Store) -> list[dict[str, Any]]:
    query = select(ledger_entries.c.entry).order_by(ledger_entries.c.sequence)
    rows = await store.ledger_reader.fetch(store.ledger_reader.prepare(query), {})
    return [orjson.loads(row[0]) for row in rows]


async def test_an_act_has_an_entry_before_it_and_one_after_it(run: Run, store: Store) -> None:
    """(G17) Durable before it is done; what it was done to is named once a register has judged it."""
    done = await run("clients", "create", "billing", *TOOL, "--customers-per-hour", "20")
    assert done.exit_code == 0, done.output
    begun, ended = await entries(store)
    assert (begun["event"], begun["act"], begun["state"]) == ("OPERATOR_ACT", "clients create", "BEGUN")
    assert (begun["target"], begun["details"]) == (None, [])
    assert (ended["state"], ended["target"]) == ("DONE", "billing")
    assert ended["details"] == ["kind=tool", "purposes=INVOICING", "customers=20", "max_page=100"]
    assert begun["id"] == ended["id"] and begun["operator"] == ended["operator"] and len(begun["operator"]) == 22
    said = json.dumps([begun, ended])
    assert getpass.getuser() not in said and "Dupont" not in said and signed_in() not in said
    assert done.stdout.strip() not in said, "nor the secret that it printed"


async def test_an_act_that_fails_names_nothing_that_was_typed(run: Run, store: Store) -> None:
    """(G17, D1)"""
    for arguments in (
        ("clients", "create", "Jean", *TOOL),
        ("clients", "disable", "jean.dupont"),
        ("webhooks", "add", "Jean Dupont", "https://crm.example"),
        ("partners", "end", "Jean Dupont"),
        ("erasures", "lift", "jean@example.com"),
    ):
        await run(*arguments)
    found = await entries(store)
    assert [each["state"] for each in found] == ["BEGUN", "FAILED"] * 4 + ["BEGUN", "DONE"]
    assert "ean" not in json.dumps(found) and "upont" not in json.dumps(found)


async def test_looking_records_nothing_and_neither_does_a_dry_run(run: Run, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "customers.ndjson"
    file.write_text("")
    for arguments in (
        ("clients", "list"), ("partners", "list"), ("staff", "list"), ("legal", "fields"), ("ledger", "acts"),
        ("audit", "acts"), ("audit", "refusals"), ("settings",),
    ):  # fmt: skip
        assert (await run(*arguments)).exit_code == 0, arguments
    await run("customers", "import", str(file), "--dry-run")
    assert await entries(store) == []
    await run("customers", "import", str(file))
    assert [each["act"] for each in await entries(store)] == ["customers import"] * 2


async def test_who_acts_may_say_so_by_a_code_of_the_staff(run: Run, store: Store, tmp_path: Path) -> None:
    """(G17, D12) A code that nobody has, or of somebody who has left, does nothing."""
    key = Signer.make(tmp_path / "one").folder / "key.pub"
    assert (await run("staff", "add", "OP-1", "--role", "operator", "--key", str(key))).exit_code == 0
    assert (await run("--as", "OP-1", "keys", "rotate")).exit_code == 0
    *_, begun, done = await entries(store)
    assert (begun["act"], begun["staff"], done["staff"]) == ("keys rotate", "OP-1", "OP-1")
    await run("staff", "disable", "OP-1")
    before = await entries(store)
    for code in ("OP-1", "OP-2"):
        refused = await run("--as", code, "clients", "create", "billing", *TOOL)
        assert refused.exit_code == 1 and "Nobody of the staff has the code" in refused.output
    assert await entries(store) == before and "billing" not in (await run("clients", "list")).output


async def test_without_the_entry_the_act_is_not_carried_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """(G17, F2)"""
    monkeypatch.setenv("GATEWAY_LEDGER_URL", "sqlite:////nowhere/ledger.db")
    refused = await run("clients", "create", "billing", *TOOL)
    assert refused.exit_code == 3
    monkeypatch.undo()


async def test_auditors_see_acts_before_and_after_they_are_sealed_and_verify_them(
    run: Run, store: Store, tmp_path: Path
) -> None:
    """(G17, D14) Beside entries of the older forms, which verify as before."""
    gate = await Gate.of(store, 1)
    from policy.purposes import Purpose

    await gate.ask("{ customers(first: 1) { nodes { fullName } } }", grant(Purpose.INVOICING, client="billing"))
    assert (await run("clients", "create", "crm", *TOOL)).exit_code == 0
    acts = Acts(store.ledger_reader)
    waiting = await acts.newest(10)
    assert [(each.act, each.state) for each in waiting] == [("clients create", "DONE"), ("clients create", "BEGUN")]
    assert (await run("ledger", "seal")).exit_code == 0
    assert await acts.newest(10) == waiting and await acts.newest(1) == waiting[:1]
    listed = await run("ledger", "acts", "--mine")
    assert listed.exit_code == 0 and len(listed.output.splitlines()) == 2 and "crm" in listed.output
    report = json.loads((await run("audit", "acts", "--format", "json")).output)
    assert [each["state"] for each in report["acts"]] == ["DONE", "BEGUN"]
    for form in ("table", "markdown", "csv", "html"):
        assert "create" in (await run("audit", "acts", "--format", form)).output, form
    query = "{ audit { acts { act state target operator staff details } } }"
    told = (await gate.ask(query, grant(scopes=["audit:read"], client="auditor"))).data["audit"]["acts"]
    assert told[0]["target"] == "crm" and told[0]["details"] == ["kind=tool", "purposes=INVOICING", "max_page=100"]
    counted = await ledger_facts(store.ledger_reader)
    assert (counted.entries, counted.others, counted.findings) == (3, 2, [])
    key, export = tmp_path / "pub", tmp_path / "export"
    key.write_text((await run("ledger", "public-key")).stdout)
    assert (await run("ledger", "export", str(export))).exit_code == 0
    verified = await run("ledger", "verify", str(export), "--key", str(key))
    assert verified.exit_code == 0, verified.output


async def test_settings_that_widen_are_recorded_when_they_are_served(
    run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(G17) Which ones, and whether a value is another one than before; never the value."""
    from gateway.commands.act_entries import ActRecorder
    from gateway.commands.acts import WIDENING

    async def start() -> None:
        recorder = ActRecorder("serve", None, signed_in(), "id")
        await asyncio.to_thread(recorder.started, WIDENING)

    await start()
    assert await entries(store) == []
    for most in ("99999", "99999", "88888"):
        monkeypatch.setenv("GATEWAY_CUSTOMERS_PER_HOUR", most)
        await start()
    marks = [each["details"] for each in await entries(store)]
    assert all(len(each) == 1 and each[0].startswith("GATEWAY_CUSTOMERS_PER_HOUR=") for each in marks)
    assert marks[0] == marks[1] != marks[2] and "99999" not in str(marks)


async def test_the_record_names_the_partners_of_the_store(run: Run, store: Store, tmp_path: Path) -> None:
    """(D11) From registering to the paper, by the commands."""
    undertaking, own = tmp_path / "undertaking.pdf", tmp_path / "controller.toml"
    undertaking.write_bytes(b"we keep it to ourselves")
    own.write_text(EXAMPLE)
    refused = await run(
        "partners", "register", "Ads", "--country", "US", "--purpose", "PRODUCT_NEWS", "--field", "Customer.email"
    )
    assert refused.exit_code == 1 and "R7" in refused.output
    made = await run(
        "partners", "register", "Printers", "--country", "CH", "--purpose", "INVOICING", "--field", "Customer.fullName"
    )
    assert made.exit_code == 0, made.output
    await run("partners", "undertake", "Printers", str(undertaking), "--since", f"{TODAY:%Y-%m-%d}")
    record = json.loads((await run("audit", "record", "--controller", str(own), "--format", "json")).stdout)
    invoicing = next(each for each in record["activities"] if each["name"] == "INVOICING")
    assert [each["name"] for each in invoicing["partners"]] == ["Printers"]
    assert [each["kind"] for each in invoicing["recipients"]] == ["PARTNER"]
