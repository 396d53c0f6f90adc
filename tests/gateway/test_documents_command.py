"""`gateway documents`: what is published is answered, what would be refused fails the build, and no release breaks."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import gateway
from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.clients.client_area import ID as CLIENT_AREA
from resolvers.clients.documents import DocumentRegistrar
from resolvers.clients.registration import RegistrationError
from resolvers.clients.registry import ClientRegistry
from schema.api.api import Api
from schema.api.build import declared_rules
from schema.documents.requests import Request, RequestOutcome
from store.database.config import StoreConfig
from store.database.store import open_store
from tests.audits.conftest import demo_store  # noqa: F401  (a fixture)
from tests.gateway.desk import START, Clock, instant_of
from tests.promises.gate import PATIENT, grant
from workers.operations.documents import DocumentUses

OLD = "query Invoices { customers(first: 1) { nodes { id invoices { nodes { id number } } } } }"
NEW = "query Names { customers(first: 1) { nodes { id fullName } } }"
PHONES = "query Phones { customers(first: 1) { nodes { id phone } } }"
Run = Callable[..., Result]


def hash_of(text: str) -> str:
    """The SHA-256 of a text."""
    return sha256(text.encode()).hexdigest()


def apollo(*texts: str) -> str:
    """A manifest of Apollo's generator."""
    operations = [{"id": hash_of(each), "name": "Any", "type": "query", "body": each} for each in texts]
    return json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})


def relay(*texts: str) -> str:
    """A manifest of Relay's compiler."""
    return json.dumps({hash_of(each): each for each in texts})


@pytest.fixture
def folder(demo_store: Path, tmp_path: Path) -> Path:  # noqa: F811
    """The data folder of a demo that the test changes."""
    return Path(shutil.copytree(demo_store, tmp_path / "data"))


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`gateway documents …` on that store."""
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "relay.json": relay(OLD), "apollo.json": apollo(OLD, NEW), "bad.json": apollo(NEW, PHONES),
        "md5.json": json.dumps({"0" * 32: OLD}), "other.json": '{"format": "x"}', "list.json": "[]", "none.json": "{}",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "names.graphql").write_text(NEW, encoding="utf-8")

    def invoke(*arguments: str) -> Result:
        environment = {"GATEWAY_DATA_DIR": str(folder), "COLUMNS": "200"}
        return CliRunner().invoke(gateway, ["documents", *arguments], env=environment, catch_exceptions=False)

    return invoke


def listed(run: Run, client: str = "billing") -> dict[str, Any]:
    """The documents of a client, as a program sees them."""
    (found,) = json.loads(run("list", client, "--format", "json").stdout)["clients"]
    return dict(found)


def asked(folder: Path, *requests: Request) -> list[RequestOutcome]:
    """What a gateway on that store answers the billing tool, which it knows by its registration; uses are written."""

    async def ask() -> list[RequestOutcome]:
        store = await open_store(StoreConfig.local(folder))
        try:
            clock = Clock()
            uses = DocumentUses(store, clock)
            api = Api(store, PATIENT, clock=lambda: instant_of(clock()), uses=uses)
            known = await ClientRegistry(store.reader, declared_rules(), 2, clock).find("billing")
            assert known is not None
            facts = {name: getattr(grant(Purpose.INVOICING, client="billing"), name) for name in Grant.__slots__}
            facts |= {"documents_only": known.documents_only, "observed": known.observed}
            who = Grant(**{name: each for name, each in facts.items() if name != "fingerprint"})
            kinds = [(await api.execute(each, who)).kind for each in requests]
            await uses.write()
            return kinds
        finally:
            await store.close()

    return asyncio.run(ask())


def test_published_from_each_form_and_by_release(run: Run, folder: Path) -> None:
    done = run("publish", "billing", "relay.json", "--release", "1.0")
    assert (done.exit_code, done.stdout) == (0, "1 document of billing 1.0: 1 new, 0 registered before.\n")
    done = run("publish", "billing", "apollo.json", "plain", "--release", "1.1")
    assert (done.exit_code, done.stdout) == (0, "2 documents of billing 1.1: 1 new, 1 registered before.\n")
    again = run("publish", "billing", "apollo.json", "--release", "1.1")
    assert again.stdout.endswith("0 new, 2 registered before.\n"), "a build that runs twice changes nothing"
    releases = {each["operations"][0]: each["releases"] for each in listed(run)["documents"]}
    assert releases == {"Invoices": ["1.0", "1.1"], "Names": ["1.1"]}
    kinds = asked(folder, Request(document_id=f"sha256:{hash_of(OLD)}"), Request(document_id=hash_of(NEW)))
    assert kinds == [RequestOutcome.OK, RequestOutcome.OK]
    uses = {each["operations"][0]: (each["uses"], each["lastUsedAt"]) for each in listed(run)["documents"]}
    assert uses == {name: (1, instant_of(START).isoformat().replace("+00:00", "Z")) for name in ("Invoices", "Names")}


def test_a_document_that_would_be_refused_fails_the_build_and_nothing_is_published(run: Run) -> None:
    done = run("publish", "billing", "bad.json", "--release", "1")
    assert done.exit_code == 1
    assert "Customer.phone" in done.stdout and "Nothing was published." in done.stderr
    assert listed(run)["documents"] == []
    fine = run("publish", "noc", "plain", "--release", "1", "--purpose", "EMERGENCY_CONTACT", "--check")
    assert fine.exit_code == 0 and "1 document could be published for noc." in fine.stderr
    assert listed(run, "noc")["documents"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("billing", "md5.json"), 2, "is not the SHA-256 of its text"),
        (("billing", "other.json"), 2, "apollo-persisted-query-manifest"),
        (("billing", "list.json"), 2, "a manifest is a JSON object"),
        (("billing", "none.json"), 2, "there are no documents"),
        (("billing", "missing.json"), 2, "missing.json"),
        (("nobody", "relay.json"), 2, "There is no client nobody."),
    ],
)
def test_what_cannot_be_published_is_told(run: Run, arguments: tuple[str, str], code: int, said: str) -> None:
    done = run("publish", *arguments, "--release", "1")
    assert (done.exit_code, said in done.stderr) == (code, True), done.output


def test_the_client_area_has_the_documents_of_its_page_alone(folder: Path) -> None:
    async def publish() -> None:
        store = await open_store(StoreConfig.local(folder))
        try:
            await DocumentRegistrar(store).publish(CLIENT_AREA, {hash_of(OLD): OLD}, "1", None, instant_of(START))
        finally:
            await store.close()

    with pytest.raises(RegistrationError, match="registers the documents of its client area itself"):
        asyncio.run(publish())


def test_a_release_has_a_name(run: Run) -> None:
    done = run("publish", "billing", "relay.json", "--release", "two words")
    assert done.exit_code == 3 and "A release has 1 to 40" in done.stderr


def test_observed_then_enforced(run: Run, folder: Path) -> None:
    without = run("enforce", "billing")
    assert without.exit_code == 3 and "it could send nothing at all" in without.stderr
    assert run("publish", "billing", "relay.json", "--release", "1").exit_code == 0
    unseen = run("enforce", "billing")
    assert unseen.exit_code == 3 and "was not observed" in unseen.stderr
    assert run("observe", "billing").exit_code == 0
    secret = 'query { customer(by: {id: "Customer_1secret"}) { id fullName } }'
    assert asked(folder, Request(query=NEW), Request(query=NEW), Request(query=secret)) == [RequestOutcome.OK] * 3
    found = listed(run)
    assert (found["mode"], [each["operations"] for each in found["observed"]]) == ("observed", [2, 1])
    shapes = [each["shape"] for each in found["observed"]]
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in shapes)
    assert not {hash_of(NEW), hash_of(secret)} & set(shapes), "a hash of the text could be tried out"
    still = run("enforce", "billing")
    assert still.exit_code == 3 and "still sends documents that are not registered: 2" in still.stderr
    assert run("publish", "billing", "plain", "--release", "2").exit_code == 0
    assert run("observe", "billing").exit_code == 0, "anew"
    assert asked(folder, Request(document_id=hash_of(NEW))) == [RequestOutcome.OK]
    assert run("enforce", "billing").exit_code == 0
    assert listed(run)["mode"] == "enforced"
    kinds = asked(folder, Request(query=PHONES.replace("phone", "id")), Request(query=NEW))
    assert kinds == [RequestOutcome.REFUSED, RequestOutcome.OK], "a registered text may be sent as a text, too"
    assert run("open", "billing").exit_code == 0
    assert asked(folder, Request(query=PHONES.replace("phone", "id"))) == [RequestOutcome.OK]
    assert listed(run)["observed"] == []


def test_what_is_used_is_not_retired(run: Run, folder: Path) -> None:
    assert run("publish", "billing", "relay.json", "--release", "1.0").exit_code == 0
    assert run("publish", "billing", "apollo.json", "--release", "1.1").exit_code == 0
    assert asked(folder, Request(document_id=hash_of(NEW))) == [RequestOutcome.OK]
    shared = run("retire", "billing", "--release", "1.0")
    assert (shared.exit_code, shared.stdout) == (0, "billing 1.0 is retired: 0 documents removed.\n")
    used = run("retire", "billing", "--release", "1.1")
    assert used.exit_code == 3 and f"(sha256:{hash_of(NEW)})" in used.stderr
    assert asked(folder, Request(document_id=hash_of(OLD))) == [RequestOutcome.OK], "nothing was removed"
    assert run("retire", "billing", "--release", "1.2").exit_code == 3
    assert run("retire", "billing", "--release", "1.1", "--anyway").stdout.endswith("2 documents removed.\n")
    assert asked(folder, Request(document_id=hash_of(OLD))) == [RequestOutcome.REQUEST_ERROR]
