"""(D18) Notice and record say what the registers hold, and every version that was released stays."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.routing import Router

from audits.papers.controller import read_controller
from audits.papers.drafts import NOTICE, digest_of, draft
from audits.papers.inputs import Inputs
from audits.papers.issued import Issued
from audits.papers.registers import registers_of
from audits.papers.releasing import PaperRefusedError, Papers, Release
from audits.schema.changes import ChangeKind
from audits.schema.signoffs import SignOffs
from audits.schema.sources import read_text
from gateway.cli import gateway
from gateway.config import settings
from gateway.config.periods import operator_periods
from gateway.signin.pages import privacy as notice_page
from schema.api.build import own_model
from schema.audits.printed import own_facts, own_schema
from store.accesses.acts import pseudonym_of
from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.entries import ledger_entries
from store.registers.papers import paper_forms, papers
from store.sql.ids import new_id
from tests.audits.papers import EXAMPLE
from tests.promises.gate import Clock, Gate, grant
from tests.sharing.signing import Signer
from tests.stores import settle

pytestmark = pytest.mark.anyio

TODAY = datetime.now(UTC).date()
DAYS = [f"{TODAY + timedelta(days=number)}" for number in range(6)]
FORMS = ("table", "json", "markdown", "csv", "html")
SAFEGUARD = """
[[transfers.to]]
recipient = "PARTNER"
country = "US"
safeguards = "Standard contractual clauses (Art. 46(2)(c))."
"""


class Desk:
    """The command line on the store of the test, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own = folder / "controller.toml"
        self.own.write_text(EXAMPLE)
        (folder / "undertaking.pdf").write_bytes(b"we keep it to ourselves")

    async def __call__(self, *arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(gateway, arguments))

    async def done(self, *arguments: str) -> Result:
        result = await self(*arguments)
        assert result.exit_code == 0, result.output
        return result

    async def partner(self, name: str, country: str, *fields: str) -> Result:
        given = [word for field in fields for word in ("--field", field)]
        await self.done("partners", "register", name, "--country", country, "--purpose", "INVOICING", *given)
        return await self.done("partners", "undertake", name, str(self.folder / "undertaking.pdf"), "--since", DAYS[0])

    def allow(self, text: str = SAFEGUARD) -> None:
        self.own.write_text(EXAMPLE.replace("[rights.how]", f"{text}\n[rights.how]"))

    async def paper(self, kind: str, *more: str) -> Any:
        done = await self.done("audit", kind, "--controller", str(self.own), "--format", "json", *more)
        return json.loads(done.stdout)

    async def release(self, kind: str, day: str, *more: str, because: str = "a change") -> Result:
        words = ("--controller", str(self.own), "--from", day, "--because", because)
        return await self("audit", "release", kind, *words, *more)

    def accept(self, output: str, who: str = "Dana Meyer, data protection officer") -> str:
        """The sign-offs that a refusal proposes, filled in; the file's name."""
        proposed = output[output.index("[[accept]]") :]
        text = proposed.replace('who = ""', f'who = "{who}"').replace('why = ""', 'why = "It was asked for."')
        assert tomllib.loads(text)["accept"]
        file = self.folder / "sign-offs.toml"
        file.write_text(text)
        return str(file)


@pytest.fixture
def desk(store: Store, store_config: StoreConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    settle(store_config, tmp_path, monkeypatch)
    return Desk(tmp_path)


async def entries(store: Store, state: str) -> list[dict[str, Any]]:
    query = select(ledger_entries.c.entry).order_by(ledger_entries.c.sequence)
    rows = await store.ledger_reader.fetch(store.ledger_reader.prepare(query), {})
    return [found for row in rows if (found := orjson.loads(row[0])).get("state") == state]


def row_of(page: str, heading: str) -> str:
    """The first row of this heading in Markdown: what the notice's tables of data and of sharing say."""
    return str(re.findall(rf"^\| {heading} \|.*$", page, re.M)[0])


async def test_a_partner_in_the_us_that_is_bound_for_names_stands_in_the_notice(desk: Desk) -> None:
    """(D18) The notice said "passed on to: nobody"."""
    await desk.partner("Printers", "US", "Customer.fullName")
    desk.allow()
    page = (await desk.done("audit", "notice", "--controller", str(desk.own), "--format", "markdown")).stdout
    told = row_of(page, "Full name and postal address")
    assert "nobody" not in told and "Printers (US)" in told
    case = row_of(page, "A partner company carries out part of the contract")
    assert "Printers (US)" in case and "given and family name" in case and f"since {DAYS[0]}" in case
    assert "In US: Standard contractual clauses" in page
    data = await desk.paper("notice")
    (row,) = [each for each in data["data"] if each["row"] == "name_address"]
    assert row["disclosedTo"] == ["PARTNER"] and row["companies"] == [{"name": "Printers", "country": "US"}]
    (shared,) = [each for each in data["sharing"] if each["recipient"] == "PARTNER"]
    assert (shared["categories"], shared["namedEachTime"]) == (["NAME"], False)
    (company,) = shared["companies"]
    assert company["document"] == sha256(b"we keep it to ourselves").hexdigest()
    french = (await desk.done("audit", "notice", "--controller", str(desk.own), "--language", "fr")).stdout
    assert "Printers (US)" in french


async def test_a_card_number_is_forwarded_to_pay_and_the_notice_says_so(desk: Desk) -> None:
    """(D18) The notice said "never given out"."""
    await desk.done("affiliates", "register", "Acquirer", "https://pay.example/cards", "--country", "CH")
    page = (await desk.done("audit", "notice", "--controller", str(desk.own), "--format", "markdown")).stdout
    told = row_of(page, "Payment information")
    assert "never given out" not in told
    assert "Your card number, or part of it. It is shown to nobody, and forwarded to pay" in told
    assert "Acquirer (CH)" in told and "Acquirer (CH)" in row_of(page, "Payment for our services")
    data = await desk.paper("notice")
    (row,) = [each for each in data["data"] if each["row"] == "payment"]
    assert row["forwarded"] == [{"category": "CARD_NUMBER", "recipient": "PAYMENT_AFFILIATE"}]
    login = row_of(page, "Login credentials")
    assert "never given out by the gateway" in login, "what is forwarded to nobody is still said to be"
    record = await desk.paper("record")
    (paying,) = [each for each in record["activities"] if each["name"] == "PAYMENT_EXECUTION"]
    assert [(each["name"], each["country"]) for each in paying["companies"]] == [("Acquirer", "CH")]
    assert "CARD_NUMBER" in paying["companies"][0]["categories"]
    await desk.done("affiliates", "disable", "Acquirer")
    assert "Acquirer" not in json.dumps(await desk.paper("notice"))


async def test_a_country_without_a_safeguard_is_an_error_that_names_what_to_add(desk: Desk) -> None:
    """(D18) In notice, record, exports, and in a release; the file that it proposes is accepted."""
    await desk.partner("Printers", "US", "Customer.fullName")
    for words in (
        ("audit", "notice"), ("audit", "record"), ("audit", "export", "--format", "dpv"),
        ("audit", "release", "notice", "--from", DAYS[0], "--because", "a printer"),
    ):  # fmt: skip
        refused = await desk(*words, "--controller", str(desk.own))
        assert refused.exit_code == 2, (words, refused.output)
        assert "Printers (PARTNER) in US" in refused.output and "Art. 13(1)(f)" in refused.output
    added = re.search(
        r"      \[\[transfers\.to\]\]\n      recipient.*\n      country.*\n      safeguards.*\n", refused.output
    )
    assert added is not None
    desk.allow("\n".join(line.strip() for line in added.group().splitlines()))
    await desk.paper("notice")


async def test_registries_copies_and_the_operators_periods_are_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(D18) What each registry publishes, where it is; what a program keeps; how long backups live."""
    create = ("clients", "create", "billing", "--kind", "tool", "--name", "Billing", "--purpose", "INVOICING")
    await desk.done(*create, "--keeps", "names on invoices", "--keeps-days", "3650")
    monkeypatch.setenv("GATEWAY_BACKUP_DAYS", "35")
    for kind in ("notice", "record"):
        page = (await desk.done("audit", kind, "--controller", str(desk.own), "--format", "markdown")).stdout
        assert "names on invoices, for 3650 days" in page, kind
        assert "Backups of our databases end after 35 days" in page, kind
        assert "Verisign (US)" in page and "AFNIC (FR)" in page, kind
    page = (await desk.done("audit", "notice", "--controller", str(desk.own), "--format", "markdown")).stdout
    assert "name (always), address (always)" in row_of(page, r"\.us"), "what nobody can hide"
    assert row_of(page, r"\.de").endswith("| nothing | nothing |")
    await desk.done("clients", "update", "billing", "--keeps", "nothing", "--keeps-days", "0")
    assert (await desk.paper("notice"))["copies"] == []


async def test_without_a_store_the_papers_say_that_nobody_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "none"))
    desk = Desk(tmp_path)
    for kind in ("notice", "record"):
        done = await desk.done("audit", kind, "--controller", str(desk.own))
        assert "from the schema alone" in " ".join(done.stdout.split()) and "schema alone" in done.stderr, kind
    assert (await desk.paper("notice"))["registersRead"] is False
    assert (await desk.release("notice", DAYS[0])).exit_code == 3, "what names nobody is not released"


async def test_what_held_on_a_day_is_printed_byte_for_byte(desk: Desk, store: Store) -> None:
    """(D18) Three releases, each in every language and form; and a day before the first."""
    nothing = await desk("audit", "record", "--on", DAYS[0])
    assert nothing.exit_code == 2 and "No record was released yet" in nothing.output
    for kind in ("notice", "record"):
        assert (await desk.release(kind, DAYS[0], because="the first")).exit_code == 0
    await desk.partner("Printers", "CH", "Customer.fullName")
    for kind in ("notice", "record"):
        refused = await desk.release(kind, DAYS[2])
        assert (await desk.release(kind, DAYS[2], "--accept", desk.accept(refused.output))).exit_code == 0
    await desk.done("partners", "end", "Printers")
    for kind in ("notice", "record"):
        released = await desk.release(kind, DAYS[4], because="the printer is gone")
        assert released.exit_code == 0, "what tightens needs nobody"
    resting = {
        (kind, version, language, form): content
        for kind, version, language, form, content in await rows(
            store, select(papers.c.kind, papers.c.version, paper_forms.c.language, paper_forms.c.form,
                          paper_forms.c.content).join_from(papers, paper_forms)
        )
    }  # fmt: skip
    assert len(resting) == 3 * 2 * 2 * len(FORMS), "notice and record, in English and French"
    for day, version, language in zip(DAYS[1:], (1, 2, 2, 3, 3), ("en", "en", "fr", "fr", "en"), strict=True):
        for form in FORMS:
            words = ("audit", "notice", "--on", day, "--language", language, "--format", form)
            done = await desk.done(*words)
            assert done.stdout_bytes.decode() == resting["NOTICE", version, language, form]
            assert ("Printers" in done.stdout) is (version == 2), (day, form)
            assert (f"Version {version}, " in done.stdout) is (form != "csv"), form
        done = await desk.done("audit", "record", "--on", day, "--format", form)
        assert done.stdout_bytes.decode() == resting["RECORD", version, "en", form]
    told = json.loads(resting["RECORD", 2, "en", "json"])
    assert (told["version"], told["validFrom"], told["state"]) == (2, DAYS[2], "RELEASED")
    before = await desk("audit", "notice", "--on", f"{TODAY - timedelta(days=1)}")
    assert (
        before.exit_code == 2 and f"the first is version 1 of the notice, which holds from {DAYS[0]}" in before.output
    )
    # A file has the same bytes, spreadsheets' line ends included.
    await desk.done("audit", "notice", "--on", DAYS[3], "-o", str(desk.folder / "then.csv"))
    assert (desk.folder / "then.csv").read_bytes().decode() == resting["NOTICE", 2, "en", "csv"]


async def rows(store: Store, query: Any) -> Sequence[Any]:
    async with store.write() as connection:
        return (await connection.execute(query)).all()


async def test_what_loosens_is_refused_without_a_sign_off_and_the_ledger_says_who_and_why(
    desk: Desk, store: Store
) -> None:
    """(D18, G17) Nobody's name is in the ledger; the release has one entry, and the whole ledger verifies."""
    key = Signer.make(desk.folder / "one").folder / "key.pub"
    await desk.done("staff", "add", "DP-1", "--role", "operator", "--key", str(key))
    assert (await desk.release("notice", DAYS[0], "--by", "DP-2")).exit_code == 1, "nobody has the code"
    assert (await desk.release("notice", DAYS[0], "--by", "DP-1", because="the first")).exit_code == 0
    await desk.partner("Printers", "US", "Customer.fullName", "Customer.postalAddress")
    desk.allow()
    refused = await desk.release("notice", DAYS[1], "--by", "DP-1")
    assert refused.exit_code == 1 and "loosen the protection" in refused.output
    proposed = {
        (each["change"], each["coordinate"])
        for each in tomllib.loads(refused.output[refused.output.index("[[") :])["accept"]
    }
    assert proposed == {
        (ChangeKind.RECIPIENT_ADDED.id, "PARTNER Printers"),
        (ChangeKind.COUNTRY_ADDED.id, "PARTNER US"),
        (ChangeKind.COUNTRY_ADDED.id, "transfer PARTNER US"),
    }
    file = desk.accept(refused.output)
    signed = (desk.folder / "sign-offs.toml").read_text()
    part = desk.folder / "part.toml"
    part.write_text("[[accept]]" + signed.split("[[accept]]")[1])
    assert (await desk.release("notice", DAYS[1], "--accept", str(part))).exit_code == 1, "one of three"
    empty = desk.folder / "empty.toml"
    empty.write_text(signed.replace('why = "It was asked for."', 'why = ""'))
    assert (await desk.release("notice", DAYS[1], "--accept", str(empty))).exit_code == 2, "nobody says why"
    assert (await rows(store, select(papers.c.version))) == [(1,)], "nothing of it was released"
    done = await desk("--as", "DP-1", "audit", "release", "notice", "--controller", str(desk.own), "--from", DAYS[1],
                      "--because", "invoices are printed", "--accept", file)  # fmt: skip
    assert done.exit_code == 0, done.output
    first, second = await entries(store, "RELEASED")
    (digest,) = [each.digest for each in await rows(store, select(papers.c.digest).where(papers.c.version == 2))]
    assert (first["act"], first["target"], second["target"]) == ("audit release", "NOTICE 1", "NOTICE 2")
    assert second["staff"] == "DP-1" and len(second["operator"]) == 22
    assert set(second["details"]) == {
        "kind=NOTICE", "version=2", f"sha256={digest.hex()}", f"from={DAYS[1]}", "because=invoices are printed",
        "loosenings=3", "loosens=recipient-added PARTNER Printers", "loosens=country-added PARTNER US",
        "loosens=country-added transfer PARTNER US",
    }  # fmt: skip
    (ended,) = [each for each in await entries(store, "DONE") if each["id"] == second["id"]]
    assert ended["act"] == "audit release", "the entries of one act share its id"
    assert "Meyer" not in json.dumps([first, second])
    (accepted,) = (await rows(store, select(papers.c.sign_offs).where(papers.c.version == 2)))[0]
    assert {each["who"] for each in orjson.loads(accepted)} == {"Dana Meyer, data protection officer"}
    await desk.done("ledger", "seal")
    pub, export = desk.folder / "pub", desk.folder / "export"
    pub.write_text((await desk.done("ledger", "public-key")).stdout)
    await desk.done("ledger", "export", str(export))
    await desk.done("ledger", "verify", str(export), "--key", str(pub))
    assert digest.hex() in export.read_text()
    acts = json.loads((await desk.done("audit", "acts", "--format", "json")).stdout)["acts"]
    assert any(each["state"] == "RELEASED" and each["target"] == "NOTICE 2" for each in acts)


async def test_what_was_signed_off_for_a_day_is_not_brought_forward(desk: Desk, store: Store) -> None:
    """(D18) A version that is to come loosens; no further one begins before it, as it would need no sign-off."""
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    await desk.partner("Printers", "CH", "Customer.fullName")
    file = desk.accept((await desk.release("notice", DAYS[4])).output)
    assert (await desk.release("notice", DAYS[4], "--accept", file)).exit_code == 0
    desk.own.write_text(desk.own.read_text().replace("Example Hosting", "Example Hosts"))
    for day in (DAYS[1], DAYS[3]):
        early = await desk.release("notice", day, "--accept", file)
        assert early.exit_code == 1, early.output
        assert f"Version 2 of the notice, which holds from {DAYS[4]}, was announced" in early.output
        assert f"Release this one from {DAYS[4]} or later" in early.output
    assert await rows(store, select(papers.c.version, papers.c.valid_from)) == [(1, DAYS[0]), (2, DAYS[4])]
    told = (await desk.done("audit", "notice", "--on", DAYS[3], "--format", "markdown")).stdout
    assert "Printers" not in told, "it is told from the day on for which it was signed"
    assert (await desk.release("notice", DAYS[4], "--accept", file)).exit_code == 0, "from its day on it is replaced"


async def test_no_day_that_has_begun_is_told_anew(desk: Desk, store: Store) -> None:
    """(D18) What held stays what it was; and there is no release that changes nothing."""
    yesterday = f"{TODAY - timedelta(days=1)}"
    early = await desk.release("notice", yesterday)
    assert early.exit_code == 1 and "today or later" in early.output
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    same = await desk.release("notice", DAYS[1])
    assert same.exit_code == 1 and "nothing to release" in same.output
    await desk.partner("Printers", "CH", "Customer.fullName")
    file = desk.accept((await desk.release("notice", DAYS[1])).output)
    today = await desk.release("notice", DAYS[0], "--accept", file)
    assert today.exit_code == 1 and "tomorrow or later" in today.output
    for reason in ("x", "asked by jean@example.com", "call 079 123 45 67"):
        refused = await desk.release("notice", DAYS[1], "--accept", file, because=reason)
        assert refused.exit_code == 1 and reason not in refused.output, "the ledger holds no personal data"
    assert len(await rows(store, select(papers.c.version))) == 1


async def test_a_released_paper_that_is_no_longer_true_is_found(desk: Desk) -> None:
    """(D18) Binding a partner and adding an affiliate warn; the audit fails until it is released."""
    missing = await desk("audit", "papers")
    assert missing.exit_code == 1 and "No notice was released" in missing.output
    quiet = await desk.done("affiliates", "register", "First", "https://first.example", "--country", "CH")
    assert "audit release" not in quiet.output, "nothing was released that could be untrue"
    for kind in ("notice", "record"):
        assert (await desk.release(kind, DAYS[0])).exit_code == 0
    assert "say what is so today" in (await desk.done("audit", "papers")).stdout
    warned = await desk.partner("Printers", "US", "Customer.fullName")
    assert "gateway audit release notice" in warned.stderr and "gateway audit release record" in warned.stderr
    assert "transfers.to" in warned.stderr, "and a safeguard is wanting"
    found = await desk("audit", "papers", "--format", "json")
    told = json.loads(found.stdout)
    assert found.exit_code == 1
    assert {each["check"] for each in told["findings"]} == {"paper-outdated", "transfer-unguarded"}
    assert any("Printers" in each["message"] for each in told["findings"])
    warned = await desk.done("affiliates", "register", "Second", "https://second.example", "--country", "FR")
    assert "gateway audit release notice" in warned.stderr
    draft = await desk("audit", "notice", "--controller", str(desk.own))
    assert draft.exit_code == 2
    desk.allow()
    draft = await desk.done("audit", "notice", "--controller", str(desk.own))
    assert "differs from version 1 of the notice" in draft.stderr and "DRAFT" in draft.stdout
    for kind in ("notice", "record"):
        file = desk.accept((await desk.release(kind, DAYS[1])).output)
        assert (await desk.release(kind, DAYS[1], "--accept", file)).exit_code == 0
    soon = await desk.done("audit", "papers", "--format", "json")
    assert {each["check"] for each in json.loads(soon.stdout)["findings"]} == {"paper-behind"}, (
        "it is told for tomorrow"
    )
    await desk.done("affiliates", "disable", "Second")
    ended = await desk.done("partners", "end", "Printers")
    assert "gateway audit release" in ended.stderr, "a paper that names somebody who is gone is not true, either"


async def test_a_paper_that_was_changed_in_the_database_is_not_printed(desk: Desk, store: Store) -> None:
    assert (await desk.release("record", DAYS[0])).exit_code == 0
    async with store.write() as connection:
        changed = update(paper_forms).where(paper_forms.c.form == "csv").values(content="nothing at all")
        await connection.execute(changed)
    refused = await desk("audit", "record", "--on", DAYS[0], "--format", "html")
    assert refused.exit_code == 2
    assert f"Version 1 of the record, which holds from {DAYS[0]}, was changed in the database" in refused.output
    assert "the ledger" not in refused.output, "its entry is not what disagrees"
    assert any("Version 1 of the record" in each for each in await altered(desk))


async def resealed(connection: AsyncConnection, version: int, **changed: Any) -> None:
    """As whoever may write there would do it: a row is changed, and its SHA-256 made to fit the row and its forms."""
    mine = papers.c.version == version
    if changed:
        await connection.execute(update(papers).where(mine).values(**changed))
    (row,) = (await connection.execute(select(papers).where(mine))).mappings()
    forms = (await connection.execute(select(paper_forms).where(paper_forms.c.paper_id == row["id"]))).all()
    digest = digest_of({(each.language, each.form): each.content for each in forms}, row)
    await connection.execute(update(papers).where(mine).values(digest=digest))


async def forged(connection: AsyncConnection) -> None:
    newest = select(papers.c.id).where(papers.c.version == 2).scalar_subquery()
    mine = paper_forms.c.paper_id == newest
    await connection.execute(
        update(paper_forms).where(mine, paper_forms.c.form == "html").values(content="all is well")
    )
    await resealed(connection, 2)


async def moved(connection: AsyncConnection) -> None:
    await connection.execute(update(papers).where(papers.c.version == 2).values(valid_from=DAYS[3]))


async def moved_and_resealed(connection: AsyncConnection) -> None:
    await resealed(connection, 2, valid_from=DAYS[3])


async def unsigned(connection: AsyncConnection) -> None:
    await connection.execute(update(papers).where(papers.c.version == 2).values(loosens="[]", sign_offs=None))


async def taken_out(connection: AsyncConnection, version: int = 2) -> None:
    mine = select(papers.c.id).where(papers.c.version == version).scalar_subquery()
    await connection.execute(delete(paper_forms).where(paper_forms.c.paper_id == mine))
    await connection.execute(delete(papers).where(papers.c.version == version))


async def first_taken_out(connection: AsyncConnection) -> None:
    await taken_out(connection, 1)


async def put_in(connection: AsyncConnection) -> None:
    (row,) = (await connection.execute(select(papers).where(papers.c.version == 2))).mappings()
    await connection.execute(insert(papers).values({**row, "id": new_id(), "version": 3, "valid_from": DAYS[2]}))


TAMPERINGS = {
    forged: "was changed in the database after its release: .* and the ledger has",
    moved: f"and the ledger has .*, from {DAYS[1]}",
    moved_and_resealed: f"and the ledger has .*, from {DAYS[1]}",
    unsigned: "was changed in the database after its release: its SHA-256 is not",
    taken_out: "The ledger has the release of version 2 of the notice",
    first_taken_out: "The ledger has the release of version 1 of the notice",
    put_in: f"Version 3 of the notice, which holds from {DAYS[2]}, has no entry of a release in the ledger",
}


@pytest.mark.parametrize("sealed", [False, True], ids=["waiting", "sealed"])
async def test_every_version_is_held_against_the_ledger(desk: Desk, store: Store, sealed: bool) -> None:
    """(D18) Whoever may write the customers' database can make each row fit itself, but not what the ledger says."""
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    await desk.partner("Printers", "CH", "Customer.fullName")
    file = desk.accept((await desk.release("notice", DAYS[1])).output)
    assert (await desk.release("notice", DAYS[1], "--accept", file)).exit_code == 0
    if sealed:
        await desk.done("ledger", "seal")
    assert await altered(desk) == [], "both are as they were released"
    kept = [dict(row._mapping) for row in await rows(store, select(papers))]
    forms = [dict(row._mapping) for row in await rows(store, select(paper_forms))]
    for tamper, said in TAMPERINGS.items():
        async with store.write() as connection:
            await tamper(connection)
        found = await altered(desk)
        assert any(re.search(said, each) for each in found), (tamper.__name__, found)
        refused = await desk("audit", "notice", "--on", DAYS[3])
        assert refused.exit_code == 2 and found[0] in refused.output, (tamper.__name__, refused.output)
        async with store.write() as connection:
            await connection.execute(delete(paper_forms))
            await connection.execute(delete(papers))
            await connection.execute(insert(papers), kept)
            await connection.execute(insert(paper_forms), forms)
    assert "Printers" in (await desk.done("audit", "notice", "--on", DAYS[3])).stdout


async def altered(desk: Desk) -> list[str]:
    """What `audit papers` says of altered papers; it fails in any case, where no record was released."""
    done = await desk("audit", "papers", "--format", "json")
    assert done.exit_code == 1, done.output
    return [each["message"] for each in json.loads(done.stdout)["findings"] if each["check"] == "paper-altered"]


async def test_everybody_sees_the_notice_that_holds(desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """(D18) `/privacy` is the released file, byte for byte; before the first release, a draft that says so."""
    clock = [datetime.now(UTC)]
    monkeypatch.setattr(notice_page, "KEPT_SECONDS", 0.0)
    app = Router(
        notice_page.list_routes(store.reader, store.ledger_reader, settings.read(os.environ), lambda: clock[0])
    )

    async def page(language: str = "en", **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
            return await http.get(f"/privacy?lang={language}", headers=headers)

    draft = await page()
    assert draft.status_code == 200 and "DRAFT" in draft.text and "Registries of companies" not in draft.text
    assert "stand in the released notice only" in draft.text and "Example Hosting" not in draft.text
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    await desk.partner("Printers", "CH", "Customer.fullName")
    file = desk.accept((await desk.release("notice", DAYS[2])).output)
    assert (await desk.release("notice", DAYS[2], "--accept", file)).exit_code == 0
    for later, version in ((0, 1), (1, 1), (2, 2), (9, 2)):
        clock[0] = datetime.now(UTC) + timedelta(days=later)
        for language in ("en", "fr"):
            words = ("--on", f"{TODAY + timedelta(days=later)}", "--language", language, "--format", "html")
            told = await desk.done("audit", "notice", *words)
            assert (await page(language)).text == told.stdout and f"Version {version}, " in told.stdout
    shown = await page("", **{"accept-language": "fr-CH, en;q=0.5"})
    assert (
        shown.headers["content-language"] == "fr" and "default-src 'none'" in shown.headers["content-security-policy"]
    )
    gate = Gate(store, (), (), Clock(clock[0]))
    query = "{ audit { papers { kind inForce { version validFrom sha256 } newest { version } } } }"
    told = (await gate.ask(query, grant(scopes=["audit:read"], client="auditor"))).data["audit"]["papers"]
    assert [each["kind"] for each in told] == ["NOTICE", "RECORD"] and told[1]["inForce"] is None
    assert (told[0]["inForce"]["version"], told[0]["inForce"]["validFrom"]) == (2, DAYS[2])


async def test_a_notice_that_is_not_as_it_was_released_is_not_shown(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """(D18) 503 with a sentence and an address of the settings, one line in the log, and it is not looked at again."""
    monkeypatch.setenv("GATEWAY_SMTP_FROM", "privacy@ours.example")
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    async with store.write() as connection:
        await connection.execute(update(paper_forms).values(content="write to thief@elsewhere.example"))
        await resealed(connection, 1)
    read, said = settings.read(os.environ), caplog.handler
    monkeypatch.setattr(notice_page.log, "handlers", [said])
    monkeypatch.setattr(notice_page.log, "disabled", False)
    app = Router(notice_page.list_routes(store.reader, store.ledger_reader, read, lambda: datetime.now(UTC)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        answers = await asyncio.gather(*(http.get("/privacy?lang=en") for _ in range(5)))
        french = await http.get("/privacy?lang=fr")
    for each in (*answers, french):
        assert each.status_code == 503 and "privacy@ours.example" in each.text and "thief" not in each.text
        assert int(each.headers["retry-after"]) <= 60
    assert "is not what we released" in answers[0].text and "pas ce que nous avons publié" in french.text
    lines = [each for each in caplog.records if "privacy notice is not as it was released" in each.message]
    assert len(lines) == 2, "once for each language, not for each request"
    assert "Version 1 of the notice" in lines[0].why and "which the ledger" not in lines[0].why  # type: ignore[attr-defined]


async def test_of_two_releases_at_once_one_is_refused_with_a_sentence(desk: Desk, store: Store) -> None:
    """(D18) On PostgreSQL both may read the version before; the ledger has the one that was released."""
    assert (await desk.release("notice", DAYS[0])).exit_code == 0
    for turn in range(1, 4):
        text = desk.own.read_text()
        desk.own.write_text(re.sub(r"1 Example Street|\d+ Rue Example", f"{turn} Rue Example", text))
        asked = await release_of(store, desk, DAYS[turn])
        results = await asyncio.gather(asked(), asked(), return_exceptions=True)
        assert sorted(isinstance(each, BaseException) for each in results) == [False, True], results
        (lost,) = [each for each in results if isinstance(each, BaseException)]
        assert isinstance(lost, PaperRefusedError) and "meanwhile" in str(lost), lost
    versions = [each.version for each in await rows(store, select(papers.c.version).order_by(papers.c.version))]
    assert versions == [1, 2, 3, 4]
    assert len(await entries(store, "RELEASED")) == 4
    assert await altered(desk) == []


async def release_of(store: Store, desk: Desk, day: str) -> Callable[[], Awaitable[Issued]]:
    """What the command would release now, as a task that may run beside another one."""
    text, registers = (
        read_text(str(desk.own)),
        await registers_of(store.reader, operator_periods(settings.read(os.environ))),
    )
    made = draft(NOTICE, own_facts(own_model()), registers, read_controller(text))
    inputs = Inputs.now(own_schema(own_model()), registers, text)
    operator = await pseudonym_of(store.keys.system, "somebody")

    async def run() -> Issued:
        asked = Release(made, inputs, date.fromisoformat(day), "a change", secrets.token_hex(8), operator, None)
        return await Papers(store).release(asked, SignOffs(), datetime.now(UTC), TODAY)

    return run
