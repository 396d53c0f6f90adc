"""`me.accesses`: who read my data, why and what, newest first, with a proof that needs the public key alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policy.acting import ActingPerson
from policy.orders import Order
from policy.purposes import Purpose
from resolvers.commands.dependencies import Site
from resolvers.legal.orders import NewRequest
from resolvers.legal.requests import Legal
from schema.documents.requests import Denial, RequestOutcome
from store.accesses.staff_pseudonyms import staff_pseudonym
from store.database.config import StoreConfig
from store.ledger.proofs import open_proof
from store.merkle.merkle_tree import verify_consistency, verify_inclusion
from store.merkle.signed_note import unbase64
from tests.export.office import Office, opened_office
from tests.gateway.servers import command
from tests.promises.gate import grant, own
from tests.sharing.signing import FIELDS, officer
from workers.operations.refusals import Refusals

pytestmark = pytest.mark.anyio

ENTRY = "index at client clientName purpose why reference fields { coordinate description category }"
PROOF = "proof { size leaf path checkpoint entry file }"
MINE = "query ($n: Int, $a: String, $l: LanguageTag) { me { accesses(first: $n, after: $a, language: $l) "
MINE += f"{{ nodes {{ {ENTRY} {PROOF} }} edges {{ cursor }} pageInfo {{ hasNextPage endCursor }} }} }} }}"


@pytest.fixture
async def office(store_config: StoreConfig) -> AsyncIterator[Office]:
    """A few customers, read by tools."""
    async with opened_office(store_config) as opened:
        await opened.desk.register("billing", name="Billing tool")
        yield opened


async def mine(office: Office, place: int = 0, **variables: Any) -> Any:
    answer = await office.gate.ask(MINE, own(office.customer(place)), variables={"n": 10, **variables})
    return answer.data["me"]["accesses"]


async def test_a_real_reading_is_told_in_plain_words(office: Office) -> None:
    """R58, DESIGN 9.8: by the tool that really asked."""
    query = "query ($id: ID!) { customer(by: {id: $id}) { fullName invoices { nodes { number } } } }"
    tool = grant(Purpose.INVOICING, client="billing")
    await office.gate.ask(query, tool, variables={"id": office.gate.id(0)})
    await office.seal()
    (entry,) = (await mine(office))["nodes"]
    assert (entry["client"], entry["clientName"], entry["purpose"]) == ("billing", "Billing tool", "INVOICING")
    assert (entry["at"], entry["why"]) == ("2026-11-23T12:00:00Z", "Draw up and deliver invoices.")
    told = {each["coordinate"]: each for each in entry["fields"]}
    assert told["Customer.fullName"]["description"] == "A person's given and family name."
    assert told["Invoice.number"]["category"] == "TRANSACTION"
    (french, *_) = (await mine(office, l="FR"))["nodes"]
    assert french["why"] == "Établir et remettre les factures."
    assert {each["description"] for each in french["fields"]} >= {"Le nom et le prénom d'une personne."}
    assert (await mine(office, 1))["nodes"] == [], "nothing of it was about anybody else"


async def test_who_asked_is_told_by_role_and_code_and_by_name_where_the_controller_chooses(office: Office) -> None:
    """DESIGN 9.8: the same code for the same person; beside it how often the client was refused, for all together."""
    query = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
    tool = grant(Purpose.INVOICING, client="billing")
    system, codes = office.store.keys.system, ("CARE-3", "CARE-3", "CARE-4")
    for code in codes:
        acting = ActingPerson(await staff_pseudonym(system, code), "SUPPORT")
        await office.gate.ask(query, tool, variables={"id": office.gate.id(0)}, acting=acting)
    refusals = Refusals(office.store, lambda: office.gate.clock.now.timestamp())
    for purpose in ("INVOICING", "EMERGENCY_CONTACT"):
        refusals.note("billing", [Denial(purpose, "Customer.phone", "PURPOSE_NOT_ALLOWED")])
    refusals.note("noc", [Denial("INVOICING", "Customer.phone", "PURPOSE_NOT_ALLOWED")])
    await refusals.write()
    await office.seal()
    wanted = "{ me { accesses(first: 3) { nodes { person { role code name } clientRefusals } } } }"

    async def shown() -> Any:
        return (await office.gate.ask(wanted, own(office.customer(0)))).data["me"]["accesses"]["nodes"]

    fourth, *third = await shown()
    assert fourth["person"]["role"] == "SUPPORT" and fourth["person"]["name"] is None
    assert third[0]["person"] == third[1]["person"] and third[0]["person"]["code"] != fourth["person"]["code"]
    assert {each["clientRefusals"] for each in (fourth, *third)} == {"2"}
    named = replace(office.gate.api.dependencies, staff_names={"CARE-4": "Dana Meyer"})
    office.gate.api.dependencies = named
    await office.seal()
    (yourself, *rest) = await shown()
    assert yourself["person"] is None, "nobody of the staff asked"
    assert [each["person"]["name"] for each in rest] == ["Dana Meyer", None]


async def test_reading_it_is_read_too(office: Office) -> None:
    """DESIGN 9.8: it is logged, as SELF_SERVICE, and the next look shows it."""
    await mine(office)
    await office.seal()
    (entry,) = (await mine(office))["nodes"]
    assert entry["purpose"] == "SELF_SERVICE" and "Customer.accesses" in {
        each["coordinate"] for each in entry["fields"]
    }


async def test_pages_lead_from_the_newest_to_the_oldest(office: Office) -> None:
    for number in range(7):
        await office.read_by("billing", "INVOICING", reference=f"INC-{number}")
        await office.read_by("noc", "LEGAL_REQUEST", reference=f"LEG-{number}")
    await office.seal()
    seen, after = [], None
    while True:
        page = await mine(office, n=3, a=after)
        seen += [each["reference"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [f"INC-{number}" for number in range(6, -1, -1)], "what may not be told is passed over"
    assert (await mine(office, n=0))["nodes"] == []
    assert await back(office) == seen, "and the other way, from the oldest"


async def back(office: Office) -> list[str]:
    """The references, read from the end of the list; each page in the list's own order."""
    query = """query ($b: String) { me { accesses(last: 3, before: $b) {
      nodes { reference } pageInfo { hasPreviousPage startCursor } } } }"""
    seen: list[str] = []
    before = None
    while True:
        asked = await office.gate.ask(query, own(office.customer(0)), variables={"b": before})
        page = asked.data["me"]["accesses"]
        seen = [each["reference"] for each in page["nodes"]] + seen
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            return seen


async def test_a_legal_request_is_told_once_it_may_be(office: Office) -> None:
    """R24: not before something was disclosed, and not while an order forbids it."""
    now = office.gate.clock.now
    await office.read_by("noc", "LEGAL_REQUEST", reference="LEG-7")
    await office.seal()
    assert (await mine(office))["nodes"] == []
    await office.disclose(trigger=Order("LEG-7").trigger, embargoed_until=now.replace(year=2027))
    assert (await mine(office))["nodes"] == []
    office.wait(days=366)
    assert [each["reference"] for each in (await mine(office))["nodes"]] == ["LEG-7"]


async def test_an_order_that_was_answered_is_among_who_read_my_data(office: Office, tmp_path: Path) -> None:
    """R24, D14: by the desk itself, whose reference has a blank that no token's reference could have."""
    store, now = office.gate.store, office.gate.clock.now
    first, second = await officer(store, tmp_path, "LG-1"), await officer(store, tmp_path, "LG-2")
    desk, number = Legal(store, Site(origin="https://data.example"), FIELDS), office.gate.people[0].customer_number
    new = NewRequest("LG 6", "Landgericht", "DE", "§ 1", ("Customer.fullName",), now - timedelta(days=1), now, number)
    await desk.file(new, first.sign(await desk.to_sign(new, now), "legal-request@data.example"), now)
    text = await desk.to_sign_again("LG 6")
    await desk.approve("LG 6", second.sign(text, "legal-request@data.example"), now)
    await desk.answer("LG 6", now)
    await office.seal()
    (seen,) = (await mine(office))["nodes"]
    assert (seen["client"], seen["purpose"], seen["reference"]) == ("legal", "LEGAL_REQUEST", "LG 6")


async def test_the_proof_needs_the_public_key_alone(office: Office, tmp_path: Path) -> None:
    for _ in range(20):
        await office.read_by("billing", "INVOICING")
    await office.seal()
    node = (await mine(office))["nodes"][3]
    proof = node["proof"]
    (key,) = [each.verifier for each in await office.log.keys.all()]
    proven = open_proof(proof["file"], [key])
    assert (str(proven.index), proven.entry.decode()) == (node["index"], proof["entry"])
    path, root = [unbase64(each) for each in proof["path"]], proven.checkpoint.root
    assert verify_inclusion(proven.index, int(proof["size"]), unbase64(proof["leaf"]), path, root)
    (tmp_path / "my.tlog-proof").write_text(proof["file"])
    (tmp_path / "ledger.pub").write_text(f"{key}\n")
    done = command(["ledger", "verify", "my.tlog-proof", "--key", "ledger.pub"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "my.tlog-proof").write_text(proof["file"].replace(f"index {node['index']}", "index 0"))
    assert command(["ledger", "verify", "my.tlog-proof", "--key", "ledger.pub"], tmp_path).returncode == 1


async def test_what_is_not_signed_yet_has_no_proof(office: Office) -> None:
    """The entry is a leaf within seconds, and signed within a minute."""
    await office.read_by("billing", "INVOICING")
    await office.seal()
    await office.read_by("billing", "INVOICING")
    await office.log.sealer.step()
    new, old = (await mine(office))["nodes"]
    assert new["proof"] is None and old["proof"]["size"] == "1"
    office.log.clock.pass_by(seconds=61)
    await office.log.sealer.step()
    new, *_ = (await mine(office))["nodes"]
    assert new["proof"]["size"] == "3", "the look before is an entry, too"


async def test_it_is_for_oneself_only(office: Office) -> None:
    await office.read_by("billing", "INVOICING")
    query = "query ($id: ID!) { customer(by: {id: $id}) { accesses { nodes { index } } } }"
    answer = await office.gate.ask(query, grant(Purpose.INVOICING), variables={"id": office.gate.id(0)})
    assert answer.kind is RequestOutcome.REFUSED and answer.statements == ()
    other = await office.gate.ask(query, own(office.customer(1)), variables={"id": office.gate.id(0)})
    assert other.data == {"customer": None}


async def test_proofs_of_the_whole_over_graphql(office: Office) -> None:
    """Issue 6, item 5: inclusion and consistency; they say nothing of anybody, and are not recorded."""
    for _ in range(5):
        await office.read_by("billing", "INVOICING")
    await office.seal()
    earlier = await office.log.checkpoints.latest()
    for _ in range(8):
        await office.read_by("billing", "INVOICING")
    await office.seal()
    latest = await office.log.checkpoints.latest()
    assert earlier is not None and latest is not None
    query = (
        "{ ledger { checkpoint publicKeys consistency(from: \"5\") { path size checkpoint }"
        " inclusion(index: \"6\") { leaf path size } } }"
    )  # fmt: skip
    for who in (grant(Purpose.INVOICING), own(office.customer())):
        answer = await office.gate.ask(query, who)
        found = answer.data["ledger"]
        assert found["checkpoint"] == found["consistency"]["checkpoint"] == latest.note and not answer.personal
        assert found["publicKeys"] == [str(each.verifier) for each in await office.log.keys.all()]
        path = [unbase64(each) for each in found["consistency"]["path"]]
        assert verify_consistency(earlier.size, latest.size, earlier.root, latest.root, path)
        path = [unbase64(each) for each in found["inclusion"]["path"]]
        assert verify_inclusion(6, latest.size, unbase64(found["inclusion"]["leaf"]), path, latest.root)
    for wrong in (
        'inclusion(index: "13")',
        'consistency(from: "14")',
        'consistency(from: "-1")',
    ):
        answer = await office.gate.ask(f"{{ ledger {{ {wrong} {{ path }} }} }}", grant(Purpose.INVOICING))
        assert answer.codes == ["BAD_USER_INPUT"], wrong
    answer = await office.gate.ask('{ ledger { inclusion(index: "x") { path } } }', grant(Purpose.INVOICING))
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_an_empty_ledger_proves_nothing(office: Office) -> None:
    answer = await office.gate.ask("{ ledger { checkpoint publicKeys } }", grant(Purpose.INVOICING))
    assert answer.data["ledger"]["checkpoint"] is None
