"""The documented schema fits, and the page is one self-contained file without a script, in both languages."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import update

from policy.categories import Category
from policy.meanings import KEPT_FOR, ORIGINS
from policy.retention import RetentionRule
from store.tables.customers import customers
from tests.export.office import Office
from tests.export.schemas import faults
from workers.exports.html_form import POLICY, STYLE

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/export.schema.json").read_text())
ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


async def test_the_documents_fit_the_documented_schema(office: Office) -> None:
    await office.disclose()
    await office.read_by("billing", "INVOICING")
    await office.seal()
    for place in range(3):
        await office.made(place, "fr" if place == 1 else "en")
        for form in ("JSON", "PORTABLE"):
            assert faults(SCHEMA, await office.document(place, form)) == []


async def test_what_is_made_by_a_real_clock_fits_too(office: Office) -> None:
    """Art. 15: with the microseconds of the day, and with what the law wants to be said beside the data."""
    office.gate.clock.now = datetime.now(UTC).replace(microsecond=123_456)
    await office.disclose()
    for place in range(3):
        await office.made(place)
        for form in ("JSON", "PORTABLE"):
            assert faults(SCHEMA, document := await office.document(place, form)) == []
            assert {"COMPLAINT", "RECTIFICATION", "ERASURE", "RESTRICTION", "OBJECTION"} <= document["rights"].keys()
    document = await office.document(0)
    (sent,) = [each for each in document["holdings"] if each["name"] == "disclosures"]
    rows = [(each["recipient_name"], each["recipient_country"]) for each in sent["records"]]
    known = {(name, country) for name, country in rows if country}
    assert {(each["recipientName"], each["country"]) for each in document["transfers"]} == known != set()
    page = html.unescape(await office.text(form="HTML"))
    assert all(f"{name}, {country}" in page for name, country in known)


async def test_who_of_the_staff_did_it_is_not_told(office: Office) -> None:
    """Art. 15(4): a datum of theirs; that it is held stands there."""
    await office.made()
    (asked,) = [each for each in (await office.document())["holdings"] if each["name"] == "legal_requests"]
    assert asked["fields"]["officer"]["withheld"] == asked["fields"]["second_officer"]["withheld"] == "STAFF"


async def test_the_schema_can_fail() -> None:
    good = {
        "format": "customer-data-export", "version": 1, "kind": "EVERYTHING", "language": "en",
        "madeAt": "2026-11-23T12:00:00Z", "controller": {"name": "A", "address": "B"},
        "customer": f"Customer_1{'0' * 32}", "holdings": [], "transfers": [],
        "words": {name: {} for name in SCHEMA["properties"]["words"]["required"]},
        "rights": dict.fromkeys(SCHEMA["properties"]["rights"]["required"], "x"),
    }  # fmt: skip
    assert faults(SCHEMA, good) == []
    bad = [{"kind": "SOME"}, {"customer": 5}, {"madeAt": "today"}, {"extra": 1}, {"holdings": [{"name": "x"}]}]
    assert all(faults(SCHEMA, good | each) for each in bad)


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_page_is_one_file_and_shows_everything(office: Office, language: str) -> None:
    await office.made(0, language)
    text = await office.text(form="HTML")
    page = Page(text)
    assert page.open == [], "every element is closed"
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "form", "input", "object", "base"}
    attributes = {name for _, given in page.tags for name in given}
    assert not any(name.startswith("on") or name in ("style", "src", "action") for name in attributes)
    assert all((given.get("href") or "#").startswith("#") for _, given in page.tags)
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids)) and {given["href"][1:] for _, given in page.tags if "href" in given} <= set(ids)  # type: ignore[index]
    assert POLICY in [given.get("content") for _, given in page.tags] and f"<style>{STYLE}</style>" in text
    assert ("html", {"lang": language}) in page.tags
    person = office.gate.people[0]
    assert person.email in page.text and person.name.family in page.text
    assert ("Votre profil" in page.text, "Your profile" in page.text) == (language == "fr", language == "en")
    assert ("Sert à" in page.text) == (language == "fr")
    for name in ("Used for", "May be given to", "Kept", "Where it came from"):
        assert (name in page.text) == (language == "en")


@ONE_STORE
async def test_what_somebody_typed_is_text_on_the_page(office: Office) -> None:
    """D7: a name can neither be markup, nor turn the direction of what follows."""
    key = await office.key()
    name = customers.c.name.info["sealing"].encode(['<script>alert("1")</script>', "\u202ebob</td>"])
    async with office.store.write() as connection:
        mine = update(customers).where(customers.c.id == key.customer_id)
        await connection.execute(mine.values(name=key.seal(customers.c.name, key.customer_id, name)))
    await office.made()
    text = await office.text(form="HTML")
    assert "<script" not in text and "&lt;script&gt;" in text and "\u202e" not in text
    assert Page(text).open == []
    (profile,) = (await office.document())["holdings"][0]["records"]
    assert profile["name"]["given"].startswith("<script>"), "the data itself is as it is"


@ONE_STORE
async def test_the_language_is_the_customers_own_unless_they_say(office: Office) -> None:
    async with office.store.write() as connection:
        mine = update(customers).where(customers.c.id == office.customer())
        await connection.execute(mine.values(locale="fr-CH"))
    await office.made()
    assert (await office.document())["language"] == "fr"
    assert re.search(r"Enregistré lorsque", await office.text(form="HTML"))


def test_where_values_come_from_is_said_of_rows_that_exist() -> None:
    assert set(ORIGINS) <= set(Category) and set(KEPT_FOR) <= set(RetentionRule)
