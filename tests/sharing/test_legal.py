"""A binding request is answered by two persons' proofs, field by field, and the customer is told in time (R24, D12)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from gateway.commands.requests.legal import legal as commands
from gateway.config.settings import read
from gateway.run.dependencies import make_site
from resolvers.commands.dependencies import Site
from resolvers.disclosures.legal_notices import notify_after_embargo
from resolvers.legal.orders import LegalRequestError, NewRequest
from resolvers.legal.requests import Legal
from resolvers.registers.staff import Staff, StaffError
from store.database.config import StoreConfig
from store.database.store import Store
from store.registers.staff import staff_keys
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.access import sign_ins
from store.tables.legal import legal_requests
from store.tables.outbox import outbox
from tests.erasure.house import REQUEST, opened_house
from tests.promises.gate import TODAY, Gate, own
from tests.sharing.signing import FIELDS, Signer, officer
from workers.disclosures.worker import PeriodicNotifier

pytestmark = pytest.mark.anyio

TOLD = (
    "{ me { disclosures { nodes { recipientKind recipientName purpose fields "
    "cause { ... on OrderCause { reference } } } } "
    "accesses { nodes { client } } } }"
)
SITE = make_site(read({"GATEWAY_SITE_NAME": "Example Hosting", "GATEWAY_ISSUER": "https://data.example"}))
REF = "LG 4 O 123/26"
DAY = timedelta(days=1)
L = legal_requests.c


@dataclass
class Bureau:
    """Two officers, each with a key of their own, and the desk that they work at."""

    gate: Gate
    folder: Path
    first: Signer
    second: Signer

    @property
    def desk(self) -> Legal:
        return Legal(self.gate.store, SITE, FIELDS)

    def order(self, **changes: Any) -> NewRequest:
        new = NewRequest(
            reference=REF, authority="Landgericht Bonn", country="DE", ground="§ 100j StPO",
            customer_number=self.gate.people[0].customer_number,
            fields=("Customer.email", "Customer.postalAddress"), period_from=TODAY - 30 * DAY, period_until=TODAY,
        )  # fmt: skip
        return replace(new, **changes)

    async def file(self, by: Signer | None = None, **changes: Any) -> None:
        new = self.order(**changes)
        text = await self.desk.to_sign(new, TODAY)
        await self.desk.file(new, (by or self.first).sign(text, "legal-request@data.example"), TODAY)

    async def approve(self, by: Signer | None = None, meaning: str = "legal-request") -> None:
        text = await self.desk.to_sign_again(REF)
        await self.desk.approve(REF, (by or self.second).sign(text, f"{meaning}@data.example"), TODAY)

    async def refuse(self, by: Signer | None = None, meaning: str = "legal-refusal") -> None:
        text = await self.desk.to_sign_again(REF)
        await self.desk.refuse(REF, (by or self.second).sign(text, f"{meaning}@data.example"), "no judge", TODAY)

    async def row(self) -> Any:
        async with self.gate.store.write() as connection:
            return (await connection.execute(select(legal_requests))).one()

    async def change(self, **values: Any) -> None:
        """By hand, in the database."""
        async with self.gate.store.write() as connection:
            await connection.execute(update(legal_requests).values(**values))

    async def letters(self) -> list[dict[str, Any]]:
        """The letters to the first customer that wait."""
        (key,) = await self.gate.store.keys.subjects([self.gate.ids[0]])
        query = select(outbox.c.id, outbox.c.payload).where(outbox.c.topic == "email")
        async with self.gate.store.write() as connection:
            rows = (await connection.execute(query.where(outbox.c.customer_id == self.gate.ids[0]))).all()
        return [orjson.loads(key.open(outbox.c.payload, row.id, row.payload)) for row in rows]


@pytest.fixture
async def bureau(store: Store, tmp_path: Path) -> Bureau:
    gate = await Gate.of(store, 2)
    return Bureau(gate, tmp_path, await officer(store, tmp_path, "LG-1"), await officer(store, tmp_path, "LG-2"))


async def disclosed(gate: Gate) -> list[dict[str, Any]]:
    found = (await gate.ask(TOLD, own(gate.ids[0]))).data["me"]["disclosures"]["nodes"]
    return [each for each in found if each["recipientKind"] == "AUTHORITY"]


async def entries(gate: Gate) -> list[dict[str, Any]]:
    return [each for each in await gate.entries() if each.get("client") == "legal"]


async def test_exactly_the_fields_that_the_order_names_leave(bureau: Bureau) -> None:
    gate, person = bureau.gate, bureau.gate.people[0]
    await bureau.file()
    await bureau.approve()
    found = await bureau.desk.answer(REF, TODAY)
    address = person.postal_address
    assert found["fields"] == {
        "Customer.email": [person.email],
        "Customer.postalAddress": [
            [address.street, address.street2, address.postal_code, address.city, address.region, address.country]
        ],
    }
    (told,) = await disclosed(gate)
    assert told == {
        "recipientKind": "AUTHORITY", "recipientName": "Landgericht Bonn", "purpose": "LEGAL_REQUEST",
        "fields": ["Customer.email", "Customer.postalAddress"], "cause": {"reference": REF},
    }  # fmt: skip
    (entry,) = await entries(gate)
    assert entry["purpose"] == "LEGAL_REQUEST" and entry["fields"] == told["fields"] and len(entry["subjects"]) == 1
    assert person.email not in str(entry)
    row = await bureau.row()
    assert (row.officer, row.second_officer, row.state) == ("LG-1", "LG-2", "ANSWERED")


async def test_nothing_is_signed_for_a_gateway_that_has_no_address(bureau: Bureau) -> None:
    """(D12) Or what officers signed at one gateway without GATEWAY_ISSUER would count at every other one."""
    desk = Legal(bureau.gate.store, Site("Example Hosting", ""), FIELDS)
    text = await desk.to_sign(bureau.order(), TODAY)
    with pytest.raises(LegalRequestError, match="GATEWAY_ISSUER"):
        await desk.file(bureau.order(), bureau.first.sign(text, "legal-request@"), TODAY)
    with pytest.raises(LegalRequestError, match="GATEWAY_ISSUER"):
        desk.namespace("legal-request")


async def test_two_persons_are_two_proofs_and_no_two_names(bureau: Bureau) -> None:
    """(D12) Neither the same officer twice, with one key or two, nor a stranger, nor somebody of another role."""
    store = bureau.gate.store
    await bureau.file()
    with pytest.raises(LegalRequestError, match="second person"):
        await bureau.desk.answer(REF, TODAY)
    with pytest.raises(LegalRequestError, match="two persons"):
        await bureau.approve(bureau.first)
    spare = Signer.make(bureau.folder / "spare")
    await Staff(store).add_key("LG-1", spare.public, TODAY)
    with pytest.raises(LegalRequestError, match="two persons"):
        await bureau.approve(spare)
    with pytest.raises(StaffError, match="registered already"):
        await Staff(store).add("LG-3", "OFFICER", bureau.first.public, TODAY)
    with pytest.raises(LegalRequestError, match="nobody's"):
        await bureau.approve(Signer.make(bureau.folder / "stranger"))
    with pytest.raises(LegalRequestError, match="no officer"):
        await bureau.approve(await officer(store, bureau.folder, "OP-1", "OPERATOR"))
    assert await disclosed(bureau.gate) == [] and await entries(bureau.gate) == []
    await bureau.approve()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_somebody_who_left_or_lost_the_key_proves_nothing_any_more(bureau: Bureau, when: str) -> None:
    """(D12) Neither at the decision nor at the answer, for either of the two."""
    staff = Staff(bureau.gate.store)
    await bureau.file()
    if when == "after":
        await bureau.approve()
    for code in ("LG-1", "LG-2"):
        await staff.set_disabled(code, TODAY)
        with pytest.raises(LegalRequestError, match="nobody's"):
            await (bureau.approve() if when == "before" else bureau.desk.answer(REF, TODAY))
        await staff.set_disabled(code, None)
    (key, *_) = await staff.keys("LG-2")
    await staff.remove_key("LG-2", key.fingerprint, TODAY)
    with pytest.raises(LegalRequestError, match="nobody's"):
        await (bureau.approve() if when == "before" else bureau.desk.answer(REF, TODAY))


@pytest.mark.parametrize(
    "changes",
    [
        {"authority": "Amtsgericht"}, {"country": "FR"}, {"ground": "§ 1"}, {"fields": '["Customer.phone"]'},
        {"period_from": TODAY - 300 * DAY}, {"period_until": TODAY + DAY}, {"embargoed_until": TODAY + 90 * DAY},
    ],
)  # fmt: skip
async def test_what_was_signed_is_what_is_answered(bureau: Bureau, changes: dict[str, Any]) -> None:
    """(D12) The digest covers all of the order: a row that was changed since opens nothing."""
    await bureau.file()
    await bureau.approve()
    await bureau.change(**changes)
    with pytest.raises(LegalRequestError, match="proves nothing"):
        await bureau.desk.answer(REF, TODAY)
    await bureau.change(reference="LG 5")
    with pytest.raises(LegalRequestError):
        await bureau.desk.answer("LG 5", TODAY)
    assert await disclosed(bureau.gate) == []


async def test_neither_another_customer_nor_a_state_written_by_hand_opens_anything(bureau: Bureau) -> None:
    """(D12)"""
    await bureau.file()
    await bureau.change(state="APPROVED", second_officer="LG-2")
    with pytest.raises(LegalRequestError, match="Nobody signed"):
        await bureau.desk.answer(REF, TODAY)
    await bureau.change(second_signature=(await bureau.row()).signature)
    with pytest.raises(LegalRequestError, match="two persons"):
        await bureau.desk.answer(REF, TODAY)
    await bureau.change(state="FILED", second_signature=None)
    await bureau.approve()
    await bureau.change(customer_id=bureau.gate.ids[1])
    with pytest.raises(LegalRequestError, match="proves nothing"):
        await bureau.desk.answer(REF, TODAY)
    await bureau.change(digest=None, signature=None, customer_id=bureau.gate.ids[0])
    with pytest.raises(LegalRequestError, match="older release"):
        await bureau.desk.answer(REF, TODAY)


async def test_a_key_that_was_swapped_in_the_register_proves_nothing(bureau: Bureau) -> None:
    await bureau.file()
    thief = Signer.make(bureau.folder / "thief")
    async with bureau.gate.store.write() as connection:
        key = thief.public.rpartition(" ")[0].rpartition(" ")[0]
        await connection.execute(update(staff_keys).values(public=key))
    with pytest.raises(LegalRequestError, match="nobody's"):
        await bureau.approve()


async def test_a_refusal_stays_on_record_with_its_reason_and_answers_nothing(bureau: Bureau) -> None:
    """(D12) And a signature that refuses approves nothing, nor the reverse."""
    await bureau.file()
    with pytest.raises(LegalRequestError, match="-n legal-request@"):
        await bureau.approve(meaning="legal-refusal")
    with pytest.raises(LegalRequestError, match="-n legal-refusal@"):
        await bureau.refuse(meaning="legal-request")
    with pytest.raises(LegalRequestError, match="two persons"):
        await bureau.refuse(bureau.first)
    await bureau.refuse()
    for work in (bureau.desk.answer(REF, TODAY), bureau.approve()):
        with pytest.raises(LegalRequestError):
            await work
    (row,) = await bureau.desk.listed()
    assert (row.state, row.officer, row.second_officer, row.reason) == ("REFUSED", "LG-1", "LG-2", "no judge")


async def test_only_what_happened_in_the_period_is_answered(bureau: Bureau) -> None:
    """R24: of a table of what happened; of one that says what is so now, what is so now."""
    gate = bureau.gate
    moments = [TODAY - 90 * DAY, TODAY - 10 * DAY, TODAY - 5 * DAY, TODAY]
    async with gate.store.write() as connection:
        mine = select(sign_ins.c.id).where(sign_ins.c.customer_id == gate.ids[0]).order_by(sign_ins.c.id)
        ids = (await connection.scalars(mine)).all()
        assert len(ids) >= len(moments)
        for place, id_ in enumerate(ids):
            at = moments[min(place, len(moments) - 1)]
            await connection.execute(update(sign_ins).where(sign_ins.c.id == id_).values(at=at))
    await bureau.file(fields=("SignIn.at", "Customer.email"), period_from=TODAY - 20 * DAY, period_until=TODAY - DAY)
    await bureau.approve()
    found = await bureau.desk.answer(REF, TODAY)
    assert found["fields"]["SignIn.at"] == [each.isoformat() for each in moments[1:3]]
    assert found["fields"]["Customer.email"] == [gate.people[0].email]


async def test_the_customer_is_written_to_once_when_an_order_without_embargo_was_answered(bureau: Bureau) -> None:
    """R24: whose, what and why, and no value."""
    person = bureau.gate.people[0]
    await bureau.file()
    await bureau.approve()
    before = len(await bureau.letters())
    await bureau.desk.answer(REF, TODAY)
    await bureau.desk.answer(REF, TODAY)
    letter, *more = (await bureau.letters())[before:]
    assert not more and letter["to"] == person.email
    said = ("Landgericht Bonn", REF, "§ 100j StPO", "Une adresse e-mail. Une adresse postale entière.")
    assert [each for each in said if each not in letter["text"]] == [], letter["text"]
    assert "Customer." not in letter["text"], "what an order names is for officers; a customer reads words"
    assert person.email not in letter["text"] and person.postal_address.street not in letter["text"]
    assert await notify_after_embargo(bureau.gate.store, SITE, TODAY + 900 * DAY) == 0


async def test_under_an_embargo_the_customer_is_told_on_its_day(bureau: Bureau) -> None:
    """Neither by the disclosures nor by who read the data nor by a letter, and then by all that can be."""
    gate = bureau.gate
    await bureau.file(embargoed_until=TODAY + 30 * DAY)
    await bureau.approve()
    before = len(await bureau.letters())
    await bureau.desk.answer(REF, TODAY)
    assert await disclosed(gate) == []
    (entry,) = await entries(gate)
    assert entry["subjects"] == [] and entry["reference"] == REF
    assert await notify_after_embargo(gate.store, SITE, TODAY + 29 * DAY) == 0
    assert len(await bureau.letters()) == before
    gate.clock.now = TODAY + 31 * DAY
    assert len(await disclosed(gate)) == 1
    assert await notify_after_embargo(gate.store, SITE, gate.clock.now) == 1
    assert await notify_after_embargo(gate.store, SITE, gate.clock.now) == 0
    assert len(await bureau.letters()) == before + 1


async def test_somebody_who_was_never_held_stands_in_the_register(bureau: Bureau) -> None:
    """(D12) The answer is that nothing is held, and it takes two persons, too."""
    await bureau.file(customer_number="K-999999")
    await bureau.approve()
    found = await bureau.desk.answer(REF, TODAY)
    assert (found["held"], found["erased"], found["certificate"], found["fields"]) == (False, False, None, {})
    (row,) = await bureau.desk.listed()
    assert (row.state, row.customer_id) == ("ANSWERED", None) and await entries(bureau.gate) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"reference": "x"},
        {"reference": "Jean Dupont"},
        {"country": "Germany"},
        {"authority": " "},
        {"ground": ""},
        {"ground": "a\nb"},
        {"fields": ()},
        {"fields": ("Customer.shoeSize",)},
        {"fields": ("Credential.passwordHash",)},
        {"customer_number": None},
        {"erasure": 5},
        {"customer_number": None, "erasure": 5},
        {"period_from": TODAY},
        {"embargoed_until": TODAY},
        {"embargoed_until": TODAY - DAY},
    ],
)
async def test_what_is_no_request_is_not_filed(bureau: Bureau, changes: dict[str, Any]) -> None:
    """R24: it names a period and fields, whom it is about, and an embargo ends in the future."""
    with pytest.raises(LegalRequestError) as refused:
        await bureau.file(**changes)
    assert bureau.gate.people[0].email not in str(refused.value) and await bureau.desk.listed() == []


async def test_a_reference_is_filed_once(bureau: Bureau) -> None:
    await bureau.file()
    with pytest.raises(LegalRequestError, match="already"):
        await bureau.file()
    with pytest.raises(LegalRequestError, match="no request"):
        await bureau.desk.answer("unknown/1", TODAY)


async def test_the_digest_tells_nobody_whom_the_order_is_about(bureau: Bureau, store: Store) -> None:
    """(D10) Somebody with all else that it names, and a list of all numbers, finds no number in it."""
    new = bureau.order()
    text = await bureau.desk.to_sign(new, TODAY)
    assert new.customer_number and new.customer_number not in text
    assert new.digest(f"customer:{new.customer_number}").hex() not in text
    assert text == await bureau.desk.to_sign(bureau.order(fields=(*reversed(new.fields), new.fields[0])), TODAY)


def test_the_commands_teach_and_no_secret_can_be_named() -> None:
    assert "second officer" in CliRunner().invoke(commands, ["--help"]).output
    listed = CliRunner().invoke(commands, ["fields"]).output.split()
    assert "Customer.email" in listed and "SignIn.ipAddress" in listed
    assert not [each for each in listed if "secret" in each.lower() or "hash" in each.lower()]


async def test_an_order_about_somebody_erased_is_answered_with_the_certificate(
    store_config: StoreConfig, tmp_path: Path
) -> None:
    """(D12) R53: one that was filed before the erasure and one that comes after it; no backup is restored to answer."""
    async with opened_house(store_config) as house:
        store, number = house.store, house.gate.people[0].customer_number
        first, second = await officer(store, tmp_path, "LG-1"), await officer(store, tmp_path, "LG-2")
        bureau = Bureau(house.gate, tmp_path, first, second)
        await bureau.file(customer_number=number, embargoed_until=TODAY + 900 * DAY)
        await bureau.approve()
        await house.end_services(0)
        await house.ask(REQUEST, 0)
        house.wait(days=29)
        done = await house.until_done(0)
        row = await bureau.row()
        assert (row.customer_id, row.erasure_id) == (None, done.id), "the row stays, the customer is gone from it"
        found = await bureau.desk.answer(REF, house.gate.clock.now)
        assert (found["held"], found["erased"], found["certificate"]) == (False, True, done.certificate)
        assert await notify_after_embargo(store, SITE, TODAY + 999 * DAY) == 0
        later = bureau.order(reference="LG 7", customer_number=None, erasure=done.id)
        text = await bureau.desk.to_sign(later, TODAY)
        await bureau.desk.file(later, first.sign(text, "legal-request@data.example"), TODAY)
        again = await bureau.desk.to_sign_again("LG 7")
        assert again == text
        await bureau.desk.approve("LG 7", second.sign(again, "legal-request@data.example"), TODAY)
        assert (await bureau.desk.answer("LG 7", TODAY))["certificate"] == done.certificate


async def test_the_worker_tells_on_the_day_and_survives_an_outage(bureau: Bureau) -> None:
    """R24, F9: it is one of the workers of `gateway serve`; what goes wrong once is tried again."""
    await bureau.file(embargoed_until=TODAY + DAY)
    await bureau.approve()
    await bureau.desk.answer(REF, TODAY)
    before, stop, tries = len(await bureau.letters()), asyncio.Event(), 0

    async def tell(now: datetime) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreUnavailableError(OutageCause.DOWN)
        if tries == 2:
            raise KeyError
        told = await notify_after_embargo(bureau.gate.store, SITE, now)
        if not told:
            stop.set()
        return told

    await asyncio.wait_for(PeriodicNotifier(tell, lambda: TODAY + 2 * DAY, pause=0.01).run(stop), 20)
    assert tries == 4 and len(await bureau.letters()) == before + 1
