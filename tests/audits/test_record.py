"""The record under Art. 30(1), and the exports for other programs: every key known to its vocabulary."""

from __future__ import annotations

import json
import subprocess
import venv
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audits.exports.dpv import dpv
from audits.exports.exports import dpv_json, export_report, fideslang_json
from audits.exports.fideslang import fideslang, unmapped
from audits.forms.html_form import to_html
from audits.papers.record import OUTSIDE, activity, record
from audits.papers.record_report import COLUMNS, record_report
from audits.papers.registers import SCHEMA_ALONE, BoundPartner, Registers, registry_rules
from audits.papers.subjects import Subject
from audits.papers.texts import NoticeTexts
from audits.schema.columns import stored_columns
from messages.catalogue import translate
from messages.extraction import extract
from messages.policy_rows import policy_texts
from policy.bases import LegalBasis
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import CONTRACTED, Recipient
from policy.retention import RetentionRule
from tests.audits.papers import OURS, controller
from tests.gateway.browser import browser
from tests.programs import needs, program
from tests.test_rooms import ROOT

FOUND = record(OURS, controller(), SCHEMA_ALONE)
DATA = Path(__file__).parent / "data"
FIDES = {tuple(line.split()) for line in (DATA / "fideslang-3.1.4.txt").read_text().splitlines() if line[0] != "#"}
TERMS = {line for line in (DATA / "dpv-2.3.txt").read_text().splitlines() if line[0] != "#"}


def test_every_letter_of_the_article() -> None:
    data = record_report(OURS, FOUND).data
    assert data["responsible"]["controller"]["name"] == "Example Hosting SA"
    assert data["responsible"]["representative"]["email"] == "eu@example.com"
    assert data["responsible"]["dataProtectionOfficer"]["email"] == "dpo@example.com"
    assert [each["name"] for each in data["activities"]] == list(Purpose.__members__)
    for each in data["activities"]:
        assert each["text"]
        assert each["subjects"]
        assert each["categories"] or each["extra"]["note"], each["name"]
        assert each["limits"] or each["extra"]["note"], each["name"]
        assert each["extra"]["legalBases"]
    registration = data["activities"][list(Purpose).index(Purpose.DOMAIN_REGISTRATION)]
    assert [one["kind"] for one in registration["recipients"]] == ["REGISTRY"]
    assert registration["transfers"] == [
        {"recipient": "REGISTRY", "country": each.country, "safeguards": each.safeguards["en"]}
        for each in controller().transfers
    ]
    assert [each["country"] for each in registration["transfers"]] == ["US", "CA", "JP"]
    assert registration["subjects"] == ["CUSTOMER", "DOMAIN_OWNER"]
    assert any("AES-256-GCM" in each for each in data["measures"])
    assert any("Backups are encrypted" in each for each in data["measures"])
    assert "Legal basis (extra)" in COLUMNS, "Art. 30 does not ask for it"


def test_only_the_register_can_say_that_no_partner_receives_anything() -> None:
    """(D11) `Recipients: None.` stands where nobody may receive anything, and nowhere else."""
    bound = BoundPartner("Printers", "CH", Purpose.INVOICING, ("Customer.fullName",), datetime(2026, 11, 1, tzinfo=UTC))

    def recipients(*partners: BoundPartner, read: bool = True) -> dict[str, str]:
        registers = Registers(partners, registries=registry_rules()) if read else SCHEMA_ALONE
        table = record_report(OURS, record(OURS, controller(), registers)).flat
        return {row[0].text.split()[0]: row[COLUMNS.index("Recipients (d)")].text for row in table.rows}

    unread, empty, named = recipients(read=False), recipients(), recipients(bound)
    for purpose in Purpose:
        assert ("was not read" in unread[purpose.name]) is (purpose in CONTRACTED)
    assert empty["INVOICING"] == "None."
    assert "Printers (CH), a partner bound since 2026-11-01: Customer.fullName" in named["INVOICING"]
    assert named["SERVICE_COMMUNICATION"] == "None."


def test_an_activity_is_what_the_schema_allows() -> None:
    invoicing = activity(OURS, Purpose.INVOICING, SCHEMA_ALONE)
    assert {Category.NAME, Category.POSTAL_ADDRESS, Category.TRANSACTION} <= set(invoicing.categories)
    assert Category.PHONE not in invoicing.categories
    assert "Invoice.billedAddress" in invoicing.fields
    assert RetentionRule.CUSTOMER_LIFE in invoicing.limits
    card = activity(OURS, Purpose.CARD_ON_FILE, SCHEMA_ALONE)
    assert RetentionRule.CARD_CONSENT in card.limits, "the vault, which no field shows"
    assert Category.PASSWORD in activity(OURS, Purpose.AUTHENTICATION, SCHEMA_ALONE).categories
    assert not activity(OURS, Purpose.STATUTORY_RETENTION, SCHEMA_ALONE).enabled
    for purpose in OUTSIDE:
        assert not activity(OURS, purpose, SCHEMA_ALONE).fields, (
            f"{purpose.name} has fields now: take it out of OUTSIDE"
        )


def test_measures_are_counted() -> None:
    personal = [each for each in stored_columns().values() if each.category]
    assert any(f"of {len(personal)} columns" in str(each) for each in FOUND.measures)


def test_a_purpose_of_visitors_is_about_visitors() -> None:
    assert activity(OURS, Purpose.COOKIE_MEASUREMENT, SCHEMA_ALONE).subjects == (Subject.VISITOR,)


def test_each_activity_has_a_section_of_its_own_in_each_language() -> None:
    """Art. 30(1): what a regulator is handed, in English and French, from the same facts."""
    for language in ("en", "fr"):
        texts = NoticeTexts(language, addressed=False)
        report = record_report(OURS, FOUND, texts)
        numbered = [each for each in report.sections if each.heading[0].isdigit()]
        assert [each.heading for each in numbered] == [
            f"{number}. {texts.of(purpose)}" for number, purpose in enumerate(Purpose, 1)
        ]
        assert texts.untranslated == set() and report.language == language
        for section in numbered:
            assert section.table is not None
            names = [row[0].text for row in section.table.rows]
            assert names[:2] == [translate(each, language) for each in COLUMNS[1:3]], section.heading
        assert report.data == record_report(OURS, FOUND).data, "the facts are the same"


def test_the_french_record_says_nothing_in_english() -> None:
    english = {each.id for each in extract([ROOT / "audits"]) if "{" not in each.id and len(each.id) > 7}
    english |= {text for text in policy_texts() if len(text) > 12}
    english = {each for each in english if translate(each, "fr") != each}
    report = record_report(OURS, FOUND, NoticeTexts("fr", addressed=False))
    lines = {report.title, *(each.label for each in report.figures)}
    for section in report.sections:
        lines |= {section.heading, *section.paragraphs, *section.bullets}
        if section.table is not None:
            lines |= set(section.table.columns)
            lines |= {
                line.removeprefix("• ") for row in section.table.rows for each in row for line in each.text.split("\n")
            }
    assert lines & english == set()


def test_transfers_name_country_and_safeguard() -> None:
    report = record_report(OURS, FOUND, NoticeTexts("fr", addressed=False))
    said = "\n".join(line for each in report.sections for line in each.bullets)
    for each in controller().transfers:
        assert f"({each.country}): {each.safeguards['fr']}" in said


@needs("chromium", "pdftotext")
def test_the_record_prints_on_a4(tmp_path: Path) -> None:
    """From the file that is handed on, by a browser, as a regulator would."""
    (tmp_path / "record.html").write_text(to_html(record_report(OURS, FOUND, NoticeTexts("fr", addressed=False))))
    with browser(tmp_path / "profile") as page:
        page.open(f"file://{tmp_path}/record.html")
        printed = b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    (tmp_path / "record.pdf").write_bytes(printed)
    info = subprocess.run(["pdfinfo", tmp_path / "record.pdf"], capture_output=True, text=True, check=True).stdout
    shown = [program("pdftotext"), "-layout", tmp_path / "record.pdf", "-"]
    text = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    assert "A4" in info and "Registre des activités de traitement" in text
    assert "Example Hosting SA" in text.partition("\f")[0], "the controller stands on the first sheet"
    assert all(f"\n{number}. " in text for number in range(1, len(Purpose) + 1)), "each activity"


# --- fideslang ---------------------------------------------------------------------------------------------------


def test_fideslang_uses_only_keys_of_its_taxonomy() -> None:
    document = fideslang(OURS, FOUND)
    own = {("subject", each["fides_key"]) for each in document["data_subject"]}
    used = set(fides_keys(document))
    assert used <= FIDES | own, used - FIDES - own
    assert ("category", "user.contact.phone_number") in used


def fides_keys(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every use, category and subject that the document names."""
    gateway = document["system"][0]
    for each in gateway["privacy_declarations"]:
        yield "use", each["data_use"]
        yield from (("category", key) for key in (*each["data_categories"], *each["shared_categories"]))
        yield from (("subject", key) for key in each["data_subjects"])
    for each in gateway["egress"]:
        yield from (("category", key) for key in each["data_categories"])
    for collection in document["dataset"][0]["collections"]:
        for field in collection["fields"]:
            yield from (("category", key) for key in field["data_categories"])
            yield from (("use", key) for key in field["data_uses"])
            yield from (("subject", key) for key in field["data_subjects"])
    for rule in document["policy"][0]["rules"]:
        yield from (("category", key) for key in rule["data_categories"]["values"])
        yield from (("use", key) for key in rule["data_uses"]["values"])


def test_fideslang_avoids_the_traps_of_its_package() -> None:
    """requirements §5.1: what the package accepts silently, or fails on without a reason."""
    document = fideslang(OURS, FOUND)
    systems = {each["fides_key"]: each for each in document["system"]}
    gateway = systems["customer_gateway"]
    egress = {each["fides_key"] for each in gateway["egress"]}
    assert egress <= systems.keys()
    bases = {"Consent", "Contract", "Legal obligations", "Vital interests", "Public interest", "Legitimate interests"}
    names = [each["name"] for each in gateway["privacy_declarations"]]
    assert len(names) == len(set(names)) == sum(each.enabled for each in Purpose)
    for each in gateway["privacy_declarations"]:
        assert set(each["egress"]) <= egress
        assert each.get("legal_basis_for_processing", "Consent") in bases
    for collection in document["dataset"][0]["collections"]:
        fields = [field["name"] for field in collection["fields"]]
        assert len(fields) == len(set(fields))
    rules = [each["name"] for each in document["policy"][0]["rules"]]
    assert len(rules) == len(set(rules))
    assert {each.name for each in unmapped()} == {"EPRIVACY_13_2", "EPRIVACY_5_3_EXEMPT"}


# --- DPV ---------------------------------------------------------------------------------------------------------


def test_dpv_uses_only_terms_of_the_vocabulary() -> None:
    document = dpv(OURS, FOUND)
    used = set(dpv_terms(document, document["@context"]))
    assert used <= TERMS, used - TERMS
    assert len(used) > 60


def dpv_terms(node: Any, context: dict[str, Any]) -> Iterator[str]:
    """Every term of the DPV in keys and values, written out; the context itself left out."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "@context":
                yield from _term(key, context)
                yield from dpv_terms(value, context)
    elif isinstance(node, list):
        for each in node:
            yield from dpv_terms(each, context)
    elif isinstance(node, str):
        yield from _term(node, context)


def _term(text: str, context: dict[str, Any]) -> Iterator[str]:
    prefix, colon, name = text.partition(":")
    if colon and prefix in ("dpv", "pd", "eu-gdpr") and " " not in name:
        yield context[prefix] + name


def test_dpv_names_a_process_for_every_purpose_in_use() -> None:
    document = dpv(OURS, FOUND)
    processes = {each["dct:identifier"]: each for each in document["@graph"][0]["dpv:hasProcess"]}
    assert processes.keys() == {each.name for each in Purpose if each.enabled}
    assert processes["ERASURE"]["dpv:hasProcessing"][-1] == "dpv:Erase", "`dpv:Delete` can be retrieved"
    assert "dpv:MakeAvailable" in processes["DOMAIN_REGISTRATION"]["dpv:hasProcessing"]
    assert processes["EMERGENCY_CONTACT"]["dpv:hasPurpose"] == ["dpv:CommunicationManagement", "dpv:CustomerCare"]
    assert "eu-gdpr:A6-1-d" not in str(document), "a phone in an emergency is not about life or limb"
    own = {each["@id"] for each in document["@graph"] if "skos:broader" in each}
    assert own == {f"urn:customer-data-gateway:basis:{each.name}" for each in LegalBasis if each.dpv is None}
    pointed = {one for each in processes.values() for one in each["dpv:hasLegalBasis"] if one.startswith("urn:")}
    assert pointed == own


@pytest.fixture
def vocabulary_python(tmp_path: Path) -> str:
    """A Python with fideslang and rdflib, in an environment of its own: fideslang wants an older pydantic than ours."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    packages = ["fideslang==3.1.4", "rdflib==7.6.0"]
    subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=True, capture_output=True)
    return python


@needs()
def test_the_vocabularies_own_libraries_accept_the_exports(vocabulary_python: str, tmp_path: Path) -> None:
    (tmp_path / "fides.json").write_text(fideslang_json(OURS, FOUND), encoding="utf-8")
    (tmp_path / "record.jsonld").write_text(dpv_json(OURS, FOUND), encoding="utf-8")
    check = [vocabulary_python, str(Path(__file__).parent / "vocabulary_check.py"), str(tmp_path)]
    done = subprocess.run([*check, str(DATA / "dpv-2.3.txt")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- our own forms -----------------------------------------------------------------------------------------------


def test_our_own_export_has_every_declared_coordinate_and_every_column() -> None:
    data = export_report(OURS).data
    assert {each["coordinate"] for each in data["fields"]} >= {fact.coordinate for fact in OURS.personal}
    assert {each["column"] for each in data["columns"]} == stored_columns().keys()
    assert data["words"]["Recipient"].keys() == Recipient.__members__.keys()
    assert json.dumps(data)
