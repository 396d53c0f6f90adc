"""Two schemas that are not ours, a hospital's and a shop's, under lint, matrix, notice and diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from audits.schema.changes import ChangeKind
from audits.schema.diff import diff
from audits.schema.facts import Facts
from audits.schema.sources import Text
from examples.plain_strawberry.shop import schema as shop
from gateway.cli import gateway

HOSPITAL = Path(__file__).parent / "schemas" / "hospital.graphql"


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of both; the shop's is what Strawberry prints."""
    printed = tmp_path_factory.mktemp("foreign") / "shop.graphql"
    printed.write_text(shop.as_str())
    return {"hospital": HOSPITAL, "shop": printed}


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(gateway, [str(each) for each in arguments])
    return done.exit_code, done.stdout


def report(*arguments: str | Path) -> Any:
    code, said = run(*arguments, "--format", "json")
    assert code == 0, said
    return json.loads(said)


@pytest.mark.parametrize("name", ["hospital", "shop"])
def test_the_lint_finds_nothing_in_their_own_words_and_knows_them_not_as_ours(
    foreign: dict[str, Path], name: str
) -> None:
    assert report("audit", "lint", foreign[name], "--own-vocabulary", "--strict")["findings"] == []
    code, said = run("audit", "lint", foreign[name])
    assert code == 1
    assert "the policy has no such row" in said


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("bornOn: String", "bornOn: String @retention(rule: TEN_YEARS)", "mistyped"),
        ("text: String @usedFor(allows: [TREATMENT])", "text: String @usedFor(allows: [BILLING])", "wider-field"),
        ("text: String @usedFor(allows: [TREATMENT])", "text: String @usedFor(allows: [GOSSIP])", "unknown-purpose"),
        ("@purpose__retention(rule: TEN_YEARS) {\n  id", "{\n  id", "no-retention"),
        ("wards: [Ward!] @public(", "wards: [Patient!] @private(", "undeclared-path"),
        ("link/v1.0", 'link/v1.0")\n  @link(url: "https://specs.example.org/purpose/v3.0', "link"),
    ],
)
def test_the_lint_finds_what_they_do_wrong(tmp_path: Path, old: str, new: str, check: str) -> None:
    text = HOSPITAL.read_text()
    assert old in text
    changed = tmp_path / "changed.graphql"
    changed.write_text(text.replace(old, new, 1))
    _, said = run("audit", "lint", changed, "--own-vocabulary", "--format", "json")
    assert check in {each["check"] for each in json.loads(said)["findings"]}, said


def test_the_matrix_shows_types_that_speak_for_their_fields(foreign: dict[str, Path]) -> None:
    found = report("audit", "matrix", foreign["hospital"])
    allowed = {each["coordinate"]: {one["name"]: one["when"] for one in each["purposes"]} for each in found["fields"]}
    assert allowed["Patient.bornOn"] == {"TREATMENT": None, "BILLING": None, "RESEARCH": "RESEARCH_AGREED"}
    assert allowed["Patient.diagnoses"] == {"TREATMENT": None, "RESEARCH": "RESEARCH_AGREED"}
    assert allowed["Insurance.number"] == {"BILLING": None}
    assert "Ward.name" not in allowed
    assert found["unusedPurposes"] == [], "ours are none of theirs"
    columns = {each["coordinate"]: each for each in report("audit", "matrix", foreign["shop"])["fields"]}
    assert columns["Customer.email"]["purposes"] == [
        {"name": "NEWSLETTER", "when": "NEWSLETTER_WANTED"},
        {"name": "SUPPORT", "when": None},
    ]
    assert columns["Order.parcel"]["disclosedTo"] == ["CARRIER"]


def test_the_notice_is_in_their_words(foreign: dict[str, Path]) -> None:
    found = report("audit", "notice", foreign["hospital"], "--own-vocabulary")
    assert [each["name"] for each in found["categories"]] == ["PATIENT_RECORD", "DIAGNOSIS", "INSURANCE"]
    diagnosis = found["categories"][1]
    assert diagnosis["text"] == "What a physician found."
    assert {each["name"] for each in diagnosis["purposes"]} == {"TREATMENT", "RESEARCH"}
    assert found["categories"][2]["recipients"] == ["INSURER"]
    treatment = next(each for each in found["purposes"] if each["name"] == "TREATMENT")
    assert treatment["basis"] == ["https://w3id.org/dpv/legal/eu/gdpr#A9-2-h"]
    _, said = run("audit", "notice", foreign["hospital"], "--own-vocabulary", "--format", "markdown")
    assert "Ten years after the last treatment. (P10Y)" in said
    assert "The insurer that pays for the treatment." in said
    _, said = run("audit", "notice", foreign["shop"], "--own-vocabulary", "--format", "markdown")
    assert "Only when: The customer ordered the newsletter." in said
    assert "without a legal basis" not in said


def test_a_purpose_without_a_legal_basis_is_named_in_the_notice(foreign: dict[str, Path], tmp_path: Path) -> None:
    text = foreign["shop"].read_text()
    line = next(each for each in text.splitlines() if 'name: "SUPPORT"' in each)
    baseless = tmp_path / "baseless.graphql"
    baseless.write_text(text.replace(line, line[: line.index(", basis")] + line[line.index("]") + 1 :]))
    _, said = run("audit", "notice", baseless, "--own-vocabulary", "--format", "markdown")
    assert "without a legal basis" in said


def test_the_diff_understands_types_and_words(foreign: dict[str, Path]) -> None:
    old = HOSPITAL.read_text()
    new = old.replace(
        "  @usedFor(allows: [TREATMENT, BILLING])\n  @usedFor(allows: [RESEARCH], when: RESEARCH_AGREED)\n"
        "  @purpose__retention(rule: TEN_YEARS) {\n  id",
        "  @usedFor(allows: [TREATMENT, BILLING, RESEARCH])\n  @purpose__retention(rule: TEN_YEARS) {\n  id",
    ).replace("Study diseases, with patients who agreed.", "Study diseases.")
    assert new != old
    found = diff(Facts.of(Text("old", old)), Facts.of(Text("new", new)))
    told = {(each.kind, each.coordinate) for each in found}
    assert (ChangeKind.CONDITION_REMOVED, "Patient.bornOn") in told
    assert (ChangeKind.MEANING_CHANGED, "Purpose.RESEARCH") in told
    assert not any(each.coordinate == "Patient.name" for each in found), "it never was for research"
    assert diff(Facts.of(Text("old", old)), Facts.of(Text("old", old))) == []


def test_another_name_for_a_directive_is_no_change() -> None:
    old = HOSPITAL.read_text()
    renamed = old.replace('as: "@usedFor"', 'as: "@for"').replace("@usedFor(", "@for(")
    prefixed = old.replace('import: [{ name: "@purpose", as: "@usedFor" }, "@public"]', 'as: "p", import: ["@public"]')
    prefixed = (
        prefixed.replace("@usedFor(", "@p(").replace("@purpose__", "@p__").replace("scalar purpose__", "scalar p__")
    )
    for new in (renamed, prefixed):
        assert diff(Facts.of(Text("old", old)), Facts.of(Text("new", new))) == []
