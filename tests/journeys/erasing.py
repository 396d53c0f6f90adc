"""How the customer is erased: while services run, with dumps under way, without mail, and after restores."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from policy.erasing import STEPS, Step
from store.database.store import Store
from store.queue.messages import opened as messages_opened
from store.tables.outbox import outbox
from tests.journeys.customer import Customer
from tests.journeys.life import NEIGHBOUR, Life, P, done
from tests.journeys.remains import Remains
from tests.journeys.works import until

O = outbox.c  # noqa: E741  (the columns)
TERMINATE = "mutation ($id: ID!) { terminateService(input: {serviceId: $id}) { userErrors { code } } }"
WITHDRAW = "mutation { withdrawCardConsent(input: {}) { consent { state } userErrors { code } } }"
ERASE = """mutation { requestErasure(input: {whenServicesEnd: false}) { erasure { state dueAt notBefore }
  receipt blockedBy { id } erasedNow stays userErrors { code } } }"""
LOOKED_UP = "query ($e: String!) { customer(by: {email: $e}) { id fullName } }"


class Erasing(Life):
    """From the withdrawal of the card to what is left after a restore."""

    def case(self) -> str:
        """The number by which operators know it."""
        listed = self.run("erasures", "list", "--all", "--json").splitlines()
        (number,) = {str(each["case"]) for each in map(json.loads, listed) if each["state"] == "SCHEDULED"}
        return number

    def shown(self) -> dict[str, Any]:
        """What `gateway erasures show` says."""
        found: dict[str, Any] = json.loads(self.run("erasures", "show", self._number))
        return found

    def withdraw_card(self, customer: Customer) -> None:
        """At once, while everything else goes on."""
        self.works.clock.turn(seconds=31)
        customer.sign_in()
        self.note_what_rests()
        before = Remains({}, {n: v for n, v in self.resting.items() if n.startswith("card_vault")})
        assert before.in_files(self.works.estate.files()), "the search finds what is there"
        assert done(customer.ask(WITHDRAW))["consent"]["state"] == "WITHDRAWN"
        assert before.in_files(self.works.estate.files()) == {}
        until("the affiliate is told", lambda: self.works.affiliate.told("card.withdrawn"))

    def ask_to_be_erased(self, customer: Customer) -> None:
        """Refused while services run, though what may be objected to goes at once; accepted when they have ended."""
        refused = customer.ask(ERASE)
        assert [each["code"] for each in refused["userErrors"]] == ["SERVICES_ACTIVE"]
        assert (
            sorted(each["id"] for each in refused["blockedBy"]) == sorted(self.services) and len(refused["stays"]) == 3
        )
        assert {"Customer.phone", "Customer.productNews"} <= set(refused["erasedNow"])
        for service in self.services:
            done(self.shop.ask(TERMINATE, "SERVICE_PROVISION", id=service))
        self.requested = self.works.clock()
        accepted = done(customer.ask(ERASE))
        assert accepted["erasure"]["state"] == "SCHEDULED"
        self.due, self.not_before = (datetime.fromisoformat(accepted["erasure"][at]) for at in ("dueAt", "notBefore"))
        self.receipt, self._number = accepted["receipt"], self.case()
        until("the letter that says so", lambda: self.works.letters(P["email"], "")[-1:])

    def begin_erasure(self, customer: Customer) -> None:
        """Its day has come: dumps run, no mail server answers, the affiliate refuses, the partner takes everything."""
        works = self.works
        self.note_what_rests()
        samples = works.estate.sample()
        assert samples and (found := Remains(self.texts, self.resting).within(samples)) == set(), found
        works.mail.stop()
        works.affiliate.mood({"customer.erase": {"status": 503}})
        works.partner.mood({"customer.erase": {"status": 204, "answer": "ERASED"}})
        self.dumps = [works.estate.dump(store) for store in ("data", "keys")]
        self.began = works.clock.turn(seconds=(self.not_before - works.clock()).total_seconds() + 61)
        until("STILL_SEEN", lambda: self.shown()["trouble"] == "STILL_SEEN")
        steps = [each["step"] for each in self.shown()["steps"]]
        assert steps == [step.name for step in STEPS[: STEPS.index(Step.FILES)]]
        assert works.get(f"/erasures/{self.receipt}/certificate").json()["code"] == "NOT_ERASED_YET"
        assert not self.has_key() and customer.is_out()
        assert self.remains(), "a dump still sees what was removed, and so it is there"
        self.note_last_letter()
        self.run("erasures", "letter", self._number, "shop", "--posted-on", str(works.clock().date()))
        until("the affiliate refused", lambda: len(works.affiliate.told("customer.erase")) > 1)
        until("the partner answered", lambda: works.partner.told("customer.erase"))

    def note_last_letter(self) -> None:
        """The one message that outlives the key, as it rests, while it waits for the end and for the mail server."""

        async def find(store: Store) -> list[tuple[int, bytes]]:
            async with store.write() as connection:
                waits = O.topic == "email", O.customer_id.is_(None), O.payload.is_not(None)
                return [(row.id, bytes(row.payload)) for row in await connection.execute(select(outbox).where(*waits))]

        for id_, payload in self.on_store(find):
            self.letters[f"letter {id_}"] = payload

    def end_dumps(self) -> None:
        """Two hours later; they hold what the certificate may not deny."""
        works = self.works
        assert works.get(f"/erasures/{self.receipt}").json()["state"] == "ERASING"
        self.dumped = works.clock.turn(hours=2)
        written = b"".join(dump.finish() for dump in self.dumps)
        assert "wrapped key" in Remains({}, self.resting).within(written)
        works.look()
        until("the certificate", lambda: works.get(f"/erasures/{self.receipt}").json()["state"] == "ERASED")
        self.certificate = works.get(f"/erasures/{self.receipt}/certificate").text
        assert (left := self.remains()) == {}, left  # What it says of the files is so, though the last letter waits.

    def bring_outsiders_back(self) -> None:
        """Two days after it went the mail server is back, the affiliate erases, and operators hear from the others."""
        works = self.works
        works.clock.turn(days=2)
        assert [each for each in works.mail.lines() if each["at"] > self.began] == []
        works.mail.start()
        works.affiliate.mood({"customer.erase": {"status": 204, "answer": "ERASED"}})
        works.clock.turn(hours=5)  # What failed is tried again within four.
        until("the last letter", lambda: [x for x in works.letters(P["email"]) if x["at"] > self.dumped])
        until("the tool's letter", lambda: works.letters("privacy@support.example"))
        until("the affiliate erased", lambda: self._state("Quarkpay") == "ACKNOWLEDGED")
        until("the letters are settled", lambda: self._state("support") == "SENT")
        self.resting |= self.letters
        self.answered = works.clock()
        self.run("erasures", "answered", self._number, "support", "--answer", "ERASED")
        assert "Our case" in self.run("erasures", "letter", self._number, "AFNIC")
        self.run("erasures", "letter", self._number, "AFNIC", "--posted-on", str(works.clock().date()))
        self.run("erasures", "answered", self._number, "AFNIC", "--answer", "REFUSED")
        self.run("erasures", "give-up", self._number, "shop")
        works.look()
        place = f"/erasures/{self.receipt}/recipients"
        until("the statement on recipients", lambda: works.get(place).status_code == 200)
        self.statement = works.get(place).text
        works.stop_work()
        works.work()  # A worker that starts takes out of the files what was put off, as each does every hour.

    def _state(self, name: str) -> str:
        (state,) = [each["state"] for each in self.shown()["recipients"] if each["name"] == name]
        return str(state)

    def is_gone(self) -> None:
        """No byte in any file, nothing that a living key opens, and nobody is found; the neighbour is."""

        try:
            until("no byte is left", lambda: not self.remains())
        except AssertionError:
            raise AssertionError(self.remains()) from None
        assert not self.has_key() and self.on_store(self._opened) == set()
        assert self.support.ask(LOOKED_UP, "SERVICE_COMMUNICATION", e=P["email"]) is None
        assert self.support.ask(LOOKED_UP, "SERVICE_COMMUNICATION", e=NEIGHBOUR)["fullName"] == "Emil Nachbar"

    async def _opened(self, store: Store) -> set[str]:
        """What whoever holds all keys reads of them in messages."""
        async with store.write() as connection:
            rows = await connection.execute(select(O.id, O.customer_id, O.payload).where(O.payload.is_not(None)))
            found = await messages_opened(store.keys, [tuple(row) for row in rows])
        whole = Remains(self.texts, {})
        return {name for message in found if message is not None for name in whole.within(message)}

    def _written(self) -> list[dict[str, Any]]:
        """Every letter that left, and what recipients were asked to erase; systems may hear again of what is so."""
        told = [company.told("customer.erase") for company in (self.works.affiliate, self.works.partner)]
        return [*self.works.mail.lines(), *told[0], *told[1]]

    def restore_data(self, backup: Path) -> None:
        """Of the data alone: what came back is erased again, nobody is written to, and nothing is signed anew."""
        works, before = self.works, self._written()
        works.close()
        works.estate.restore(backup, ["data"])
        assert self.remains(), "it is all there again"
        # What is looked up rests in the key store, and changed since: nothing is served before it is made anew.
        works.terminal("db", "reindex")
        works.serve()
        assert self.support.ask(LOOKED_UP, "SERVICE_COMMUNICATION", e=P["email"]) is None
        works.work()
        self.is_gone()
        assert self._written() == before

    def restore_everything(self, backup: Path) -> None:
        """Of all stores: a ledger that is behind what was signed is refused; with the newest one the start erases what
        came back before it answers anything."""
        works, newest = self.works, self.works.folder / "newest"
        works.close()
        works.estate.back_up(newest, ["ledger"])
        works.estate.restore(backup)
        works.serve()
        for path in ("/readyz", f"/erasures/{self.receipt}", "/ledger/checkpoint"):
            answer = works.get(path)
            assert answer.status_code == 503 and answer.json()["code"] == "LEDGER_BEHIND", path
        works.close()
        works.estate.restore(newest, ["ledger"])
        assert self.has_key(), "with the key store the key came back"
        works.serve()
        assert works.get("/readyz").status_code == 200
        assert not self.has_key(), "and was destroyed before the first answer"
        assert self.support.ask(LOOKED_UP, "SERVICE_COMMUNICATION", e=P["email"]) is None
        before = self._written()
        works.work()
        self.is_gone()
        assert self._written() == before
