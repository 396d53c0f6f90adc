"""Two stories with real programs: rights asked by telephone, and a leaked secret.

`gateway serve`, `gateway worker`, the operators' commands and the mail server are processes of their own; customer,
tools and the thief know the public addresses alone.
"""

from __future__ import annotations

import csv
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.audits.papers import EXAMPLE
from tests.journeys.customer import NAME, PARTICULARS, Customer
from tests.journeys.estates import estate
from tests.journeys.life import NEIGHBOUR, Life
from tests.journeys.officer import Officer
from tests.journeys.works import PATIENCE, opened_works, until
from tests.stores import KINDS

MINE = "{ me { requests(first: 20) { nodes { kind state way reference answeredAt } } } }"
MEANT = "rights-request@data.example"
INCIDENT = Path(__file__).parents[2] / "audits" / "data" / "breach.example.toml"
EMAILS = "{ customers(first: 50) { nodes { email } } }"


class Telephone(Life):
    """Somebody calls, and two members of staff do what they ask for."""

    def employ(self) -> None:
        self.staff = [Officer(self.works.folder, code) for code in ("CARE-3", "CARE-4")]
        for each in self.staff:
            self.run("staff", "add", each.code, "--role", "support", "--key", each.public_key())

    def take_call(self, kind: str, reference: str, *more: str) -> str:
        """The number of the request that is opened."""
        call = ["--kind", kind, "--way", "TELEPHONE", "--reference", reference, *more]
        return self.run("--as", "CARE-3", "requests", "open", self.number, *call).strip()

    def carry_out(self, request: str, two: bool, *more: str) -> str:
        """Verified by the first, and carried out, by the second where it takes two; what the command printed."""
        how = ("--how", "Asked back by the known number")
        if not two:
            self.run("--as", "CARE-3", "requests", "verify", request, *how)
            return self.run("--as", "CARE-3", "requests", "carry-out", request, *more).strip()
        text = self.run("requests", "digest", request)
        first, second = (each.sign(text, MEANT) for each in self.staff)
        self.run("--as", "CARE-3", "requests", "verify", request, *how, "--signature", first)
        code, _, err = self.run.tried("--as", "CARE-3", "requests", "carry-out", request, "--signature", first, *more)
        assert code == 1 and "Somebody else" in err
        done = self.run("--as", "CARE-4", "requests", "carry-out", request, "--signature", second, *more)
        return done.strip()


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_a_copy_an_objection_and_an_erasure(kind: str, tmp_path: Path) -> None:
    """The register of staff and the customer's own area say the same, and what was asked for is so."""
    stores = tmp_path / "stores"
    with estate(kind, stores) as made, opened_works(tmp_path, made, stores) as works:
        story = Telephone(works)
        story.open_company()
        story.register()
        customer = story.sign_in()
        story.employ()
        copy = story.take_call("COPY", "REQ-1")
        objection = story.take_call("OBJECTION", "REQ-2", "--purpose", "ACCOUNT_SECURITY")
        erasure = story.take_call("ERASURE", "REQ-3")
        listed = works.terminal("requests", "list")
        assert [each in listed for each in (copy, objection, erasure)] == [True] * 3
        letters = until(
            "letters about three requests",
            lambda: len(found := works.letters(PARTICULARS["email"], "Your request was received")) == 3 and found,
        )
        assert not any(word in each["text"] for each in letters for word in (*NAME, story.number))
        assert story.carry_out(copy, True) == "ACCEPTED"
        assert story.carry_out(objection, False) == "ACCEPTED"
        assert story.carry_out(erasure, True, "--when-services-end") == "ACCEPTED"
        assert works.terminal("requests", "list") == ""
        compare(story, customer)
        me = customer.ask("{ me { objections { purpose } erasures(first: 1) { nodes { state } } } }")
        assert [each["purpose"] for each in me["objections"]] == ["ACCOUNT_SECURITY"]
        assert [each["state"] for each in me["erasures"]["nodes"]] == ["ARMED"]
        until("the copy", lambda: states(customer, "{ me { exports { nodes { state } } } }", "exports") == ["READY"])


def states(customer: Customer, query: str, name: str) -> list[Any]:
    """The states of what a customer has."""
    return [each["state"] for each in customer.ask(query)[name]["nodes"]]


def compare(story: Telephone, customer: Customer) -> None:
    """Hold the customer's list against the one of staff, line by line."""
    lines = [line.split() for line in story.works.terminal("requests", "list", "--all").splitlines()]
    mine = customer.ask(MINE)["requests"]["nodes"]
    assert [(each["kind"], each["state"], each["way"]) for each in mine] == [tuple(line[2:5]) for line in lines]
    assert {line[1] for line in lines} == {story.number}
    called = [(each["kind"], each["reference"]) for each in mine if each["way"] == "TELEPHONE"]
    assert called == [("ERASURE", "REQ-3"), ("OBJECTION", "REQ-2"), ("COPY", "REQ-1")]
    assert all(each["answeredAt"] for each in mine)


@pytest.mark.parametrize("kind", KINDS)
def test_a_leaked_secret_is_answered_by_one_command(kind: str, tmp_path: Path) -> None:
    """Persons, form, letters and proofs, by one command; and the thief is out."""
    stores = tmp_path / "stores"
    with estate(kind, stores) as made, opened_works(tmp_path, made, stores) as works:
        story = Life(works)
        story.open_company()
        story.register()
        crm = ["--kind", "tool", "--name", "CRM", "--purpose", "SERVICE_COMMUNICATION"]
        secret = works.terminal("clients", "create", "crm", *crm).strip()
        token = stolen_token(works.url(), secret)
        headers = {"authorization": f"Bearer {token}", "host": "data.example"}
        read = httpx.post(f"{works.url()}/graphql", json={"query": EMAILS}, headers=headers, timeout=120).json()
        found = {each["email"] for each in read["data"]["customers"]["nodes"]}
        assert found == {PARTICULARS["email"], NEIGHBOUR}
        works.terminal("clients", "disable", "crm")
        assert httpx.post(f"{works.url()}/graphql", json={"query": EMAILS}, headers=headers).status_code == 401

        until("the entry under a checkpoint", lambda: proven(works.terminal))
        folder, aware = tmp_path / "breach", works.clock()
        (tmp_path / "controller.toml").write_text(EXAMPLE, encoding="utf-8")
        said = INCIDENT.read_text("utf-8").replace("2026-11-30T09:15:00Z", aware.strftime("%Y-%m-%dT%H:%M:%SZ"))
        (tmp_path / "breach.toml").write_text(said, encoding="utf-8")
        known = ["--incident", str(tmp_path / "breach.toml"), "--controller", str(tmp_path / "controller.toml")]
        since, until_ = aware.date() - timedelta(days=1), aware.date() + timedelta(days=1)
        begun = time.monotonic()
        period = ["--from", str(since), "--to", str(until_)]
        report = works.terminal("audit", "breach", "--client", "crm", *period, *known, "--files", str(folder))
        # Seconds on a machine that has nothing else to do; a busy one gets its time.
        assert time.monotonic() - begun < PATIENCE
        assert "71 hours left" in report and "Customer.email" in report
        check_files(folder)
        key = tmp_path / "ledger.pub"
        key.write_text(works.terminal("ledger", "public-key"), encoding="utf-8")
        verified = works.terminal("ledger", "verify", str(folder / "proofs.ndjson"), "--key", str(key))
        assert verified.startswith("VERIFIED: these are 1 of")


def check_files(folder: Path) -> None:
    """Two persons, by pseudonyms; a letter in each language for each; and no word of theirs."""
    people = list(csv.DictReader((folder / "persons.csv").read_text("utf-8").splitlines()))
    assert [(each["readings"], each["categories"], each["fields"]) for each in people] == [
        ("1", "EMAIL", "Customer.email")
    ] * 2
    letters = sorted((folder / "letters").rglob("*.txt"))
    assert [path.name.rpartition(".")[0].rpartition(".")[2] for path in letters].count("fr") == 2
    assert len(letters) == 4
    assert {path.name for path in folder.iterdir()} == {
        "persons.csv", "proofs.ndjson", "letters", "notification.en.html", "notification.fr.html",
    }  # fmt: skip
    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert not [word for word in (*PARTICULARS.values(), NEIGHBOUR) if word.encode() in text]


def stolen_token(url: str, secret: str) -> str:
    """What anybody gets who has the secret."""
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": secret}
    given = httpx.post(f"{url}/oauth/token", data=form, headers={"host": "data.example"}, timeout=120)
    assert given.status_code == 200, given.text
    return str(given.json()["access_token"])


def proven(run: Any) -> bool:
    """Whether the reading is under a checkpoint."""
    period = ("--from", "2000-01-01", "--to", "2100-01-01")
    return bool(json.loads(run("audit", "breach", "--client", "crm", *period, "--format", "json"))["proven"])
