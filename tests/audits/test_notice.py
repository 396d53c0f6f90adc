"""The generated notice against the company's own, fact by fact (typed here: the original is not in the repository)."""

from __future__ import annotations

import pytest

from audits.papers.controller_checks import NEEDED
from audits.papers.notice import DataRow, notice
from audits.papers.registers import SCHEMA_ALONE
from audits.papers.texts import NoticeTexts
from audits.schema.facts import Facts
from audits.schema.sources import Text, UnreadableError, read_text
from messages.addressed import to_you
from messages.catalogue import translated
from messages.policy_rows import COLUMNS
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from tests.audits.papers import EXAMPLE, OURS, controller, notice_in, without
from tests.audits.schemas import HOUSE

FACTS = notice(OURS, SCHEMA_ALONE)
ROWS = {row.group: row for row in FACTS.rows}


def shown(row: DataRow) -> set[Purpose]:
    """What a row is used for."""
    return {use.purpose for use in row.uses}


# The company's table “Data | Used for”: the row as it is headed, its categories, and each use that it names.
TABLE = [
    (
        "Full name and postal address",
        {Category.NAME, Category.POSTAL_ADDRESS},
        {
            Purpose.PERSONALISE_COMMUNICATION: {Category.NAME},
            Purpose.INVOICING: {Category.NAME, Category.POSTAL_ADDRESS},
        },
    ),
    (
        "Email address",
        {Category.EMAIL},
        {Purpose.SERVICE_COMMUNICATION: {Category.EMAIL}, Purpose.PRODUCT_NEWS: {Category.EMAIL}},
    ),
    ("Phone number", {Category.PHONE}, {Purpose.EMERGENCY_CONTACT: {Category.PHONE}}),
    ("Login credentials", {Category.LOGIN_NAME}, {Purpose.AUTHENTICATION: {Category.LOGIN_NAME}}),
    ("IP address", {Category.IP_ADDRESS}, {Purpose.ACCOUNT_SECURITY: {Category.IP_ADDRESS}}),
    (
        "Payment information",
        {Category.PAYMENT_METHOD, Category.CARD_NUMBER},
        {Purpose.PAYMENT_EXECUTION: {Category.PAYMENT_METHOD}, Purpose.CARD_ON_FILE: {Category.CARD_NUMBER}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("heading", "categories", "uses"), TABLE, ids=[each[0] for each in TABLE])
def test_every_row_of_the_table(heading: str, categories: set[Category], uses: dict[Purpose, set[Category]]) -> None:
    """R8 to R22: the row is there under its name, with each use the company names, for the data it names it for."""
    texts = NoticeTexts("en")
    (row,) = [each for each in FACTS.rows if texts.prose(f"group.{each.group}") == heading]
    assert categories <= set(row.categories)
    for purpose, used in uses.items():
        (use,) = [each for each in row.uses if each.purpose is purpose]
        assert used <= set(use.categories), purpose
        assert use.at_home, "told in this row in full"
    page = notice_in("en")
    (told,) = [each for each in page.flat.rows if each[0].text == heading]
    for purpose in uses:
        assert to_you(purpose) in told[1].text


def test_the_rules_inside_the_table() -> None:
    rows = {row[0].text: row[1].text for row in notice_in("en").flat.rows}
    name, email, phone = rows["Full name and postal address"], rows["Email address"], rows["Phone number"]
    login, address, payment = rows["Login credentials"], rows["IP address"], rows["Payment information"]
    assert "A postal address does not personalise messages." in name  # R10, A5
    assert "which you can switch off" in email  # R13
    assert to_you(Condition.NEWS_NOT_DECLINED) in email  # R12: stops when opted out
    assert "Objection: Yes, always and without a reason" in email
    assert shown(ROWS["phone"]) == {Purpose.EMERGENCY_CONTACT}  # R14: emergency only
    assert "never used to promote" in phone  # R15
    assert "password" in login  # R16: stored, and never given out
    assert ROWS["login"].hidden == (Category.PASSWORD, Category.AUTH_FACTOR)
    for platform in ("client area", "management interface", "webmail"):  # R17: each access to each platform
        assert platform in address
    assert set(shown(ROWS["ip"])) == {Purpose.ACCOUNT_SECURITY, Purpose.SELF_PROTECTION}  # R18
    (watched,) = [use for use in ROWS["ip"].uses if use.purpose is Purpose.SELF_PROTECTION]
    assert Category.IP_ADDRESS not in watched.categories
    assert "box that is not ticked" in payment  # R20
    assert "withdrawn at any time" in payment  # R48
    assert to_you(Condition.CARD_STORAGE_CONSENTED) in payment
    assert ROWS["payment"].hidden == (Category.CARD_NUMBER,)  # the whole number is shown to nobody
    assert Recipient.PAYMENT_AFFILIATE in ROWS["payment"].recipients  # R22


TO_PAY = {Purpose.PAYMENT_EXECUTION, Purpose.CARD_ON_FILE}
SHARING = [
    ("Payment for our services", Recipient.PAYMENT_AFFILIATE, TO_PAY, "payment"),
    ("Legal requirement", Recipient.AUTHORITY, {Purpose.LEGAL_REQUEST}, None),
    ("Domain name registration", Recipient.REGISTRY, {Purpose.DOMAIN_REGISTRATION}, "domain_owner"),
]  # fmt: skip


@pytest.mark.parametrize(("when", "recipient", "purposes", "group"), SHARING, ids=[each[0] for each in SHARING])
def test_every_sharing_case(when: str, recipient: Recipient, purposes: set[Purpose], group: str | None) -> None:
    """R23 to R26: the case under its name, what for, which data, on what condition."""
    (case,) = [each for each in FACTS.sharing if each.recipient is recipient]
    assert set(recipient.purposes) == purposes
    assert (group in case.groups) if group else case.by_order
    page = notice_in("en")
    (section,) = [each for each in page.sections if each.heading.startswith("With whom")]
    assert section.table is not None
    (told,) = [row for row in section.table.rows if row[0].text == when]
    assert recipient.condition in told[3].text
    for purpose in purposes:
        assert to_you(purpose) in told[1].text


def test_there_is_no_other_case_and_no_sale() -> None:
    """R6, R7, R27."""
    assert {each.recipient for each in FACTS.sharing} == {each[1] for each in SHARING} | {Recipient.PARTNER}
    text = told("en")
    assert "in these 4 cases only" in text
    assert "never sold" in text
    assert Recipient.PARTNER.condition in text, "R7: only necessary data, under an undertaking"
    assert "Details can be hidden where the registry allows it." in text, "R26"


def test_cookies_change_deletion_retention() -> None:
    """R28 to R36."""
    text = told("en")
    assert set(FACTS.cookies) == {Purpose.COOKIE_MEASUREMENT, Purpose.COOKIE_ESSENTIAL}
    assert "Edit my choices" in text
    assert "every page" in text
    assert FACTS.own == (Purpose.SELF_SERVICE,)
    assert "At any time, in the client area" in text
    assert FACTS.deletion.services_must_have_ended, "R31"
    assert FACTS.deletion.request_days == 30, "R32, R33"
    assert FACTS.deletion.automatic_months == 6, "R34"
    assert "All services to which you have subscribed must have ended first." in text
    assert "permanently deleted within 30 days, and within a month" in text
    assert "permanently deleted within 30 days of the end of your services" in text
    assert "deleted automatically 6 months after the end of your last service" in text


def test_the_five_recommendations() -> None:
    """R37 to R41."""
    (section,) = [each for each in notice_in("en").sections if each.heading.startswith("How can I protect")]
    strong, different, second, antivirus, shared = section.bullets
    for word in ("strong password", "upper and lower case letters", "numbers", "special characters"):
        assert word in strong
    assert all(each in different for each in ("client area", "management interface", "webmail"))
    assert "client area" in second
    assert "management interface" in second
    assert "antivirus" in antivirus
    assert "shared computer" in shared


def test_what_the_company_left_out_is_told_too() -> None:
    """A14, A16, and Art. 13(1)(a) to (f), 13(2)(a) to (f)."""
    text = told("en")
    assert Purpose.ACCOUNTABILITY_LOG in FACTS.beyond
    assert RetentionRule.LEDGER in FACTS.beyond_kept
    assert to_you(Purpose.ACCOUNTABILITY_LOG) in text
    assert "off until configured. (switched off)" in text, "A8"
    for fact in (
        "Example Hosting SA", "1 Example Street, 1003 Lausanne", "dpo@example.com", "Example Representation GmbH",
        "Standard contractual clauses", "Federal Data Protection", "No decision about you is made by automated means",
        "without them no service can be provided", "(Art. 15)", "(Art. 16)", "(Art. 17)", "(Art. 18)", "(Art. 20)",
        "(Art. 21)", "(Art. 7(3))",
    ):  # fmt: skip
        assert fact in text, fact
    for basis in {basis for each in Purpose if each in FACTS.purposes for basis in each.bases}:
        assert basis.article in text


def told(language: str, facts: Facts = OURS) -> str:
    """All words of a notice."""
    page = notice_in(language, facts)
    words = [page.title, page.lead]
    for section in page.sections:
        words += [section.heading, *section.paragraphs, *section.bullets]
        words += [cell.text for row in (section.table.rows if section.table else ()) for cell in row]
    return "\n".join(words)


NAMED_BY_THE_LINT = {
    f"{catalogue.__name__}.{row.name}.{column}"
    for catalogue, columns in COLUMNS.items()
    for row in catalogue
    for column in columns
    if (text := getattr(row, column)) and translated(text, "fr") is None
}
"""Told in English until somebody translates them: a new purpose is one line."""


def test_french_says_the_same_facts() -> None:
    english, french = notice_in("en").data, notice_in("fr").data
    assert set(french["untranslated"]) <= NAMED_BY_THE_LINT
    assert {**english, "language": "fr", "untranslated": french["untranslated"]} == french
    text = told("fr")
    for fact in ("30 jours", "6 mois", "jamais vendues", "Modifier mes choix", "uniquement en cas d'urgence",
                 "espace client, interface de gestion et webmail", "case qui n'est pas cochée"):  # fmt: skip
        assert fact in text, fact
    for row in (*Purpose, *Category, *Recipient):
        assert translated(row.text, "fr") is None or row.text not in text, f"{row.name} is told in English"


def test_a_row_without_a_french_text_is_told_in_english_and_named() -> None:
    texts = NoticeTexts("fr")
    said = texts.rule("R99: nobody may do this")
    assert (said, texts.untranslated) == ("Nobody may do this.", {"rule R99"})


@pytest.mark.parametrize("needed", NEEDED, ids=lambda each: each.path)
def test_without_what_only_the_controller_knows_there_is_no_notice(needed: object) -> None:
    """A15: the refusal names what is missing, and the article that asks for it."""
    path = str(getattr(needed, "path"))  # noqa: B009 (its type is the module's own affair)
    with pytest.raises(UnreadableError) as refused:
        controller(without(f"{path}.en" if getattr(needed, "by_language") else path))  # noqa: B009
    assert path in str(refused.value)
    assert "Art. " in str(refused.value)


def test_an_empty_file_names_everything_at_once() -> None:
    with pytest.raises(UnreadableError) as refused:
        controller("")
    assert all(needed.path in str(refused.value) for needed in NEEDED)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'name = "Example Hosting SA"',
            'nmae = "x"\nname = "Example Hosting SA"',
            "controller.nmae: there is no such key",
        ),
        ('name = "Example Hosting SA"', 'name = "  "', "controller.name: the controller's registered name"),
        ('recipient = "REGISTRY"', 'recipient = "BROKER"', "recipient is one of PAYMENT_AFFILIATE"),
        ('country = "US"\n', "", "transfers.to, entry 1: country"),
        ("[controller]", "[controller", "controller.toml: "),
        ("measures = [", 'measures = ["", ', "measures: a list"),
        ("measures = [", "measures = [3, ", "measures: a list"),
        ("measures = [", "joint_controllers = 3\nmeasures = [", "joint_controllers: a list of sentences"),
        ("measures = [", 'dpo = "Dana"\nmeasures = [', "controller.toml: "),
        ("measures = [", "authority = 3\nmeasures = [", "controller.toml: "),
        ('address = "3003 Bern"', "address = 3003", "authority.address: text in quotation marks"),
    ],
)
def test_a_wrong_file_says_where(old: str, new: str, said: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(UnreadableError) as refused:
        controller(EXAMPLE.replace(old, new, 1))
    assert said in str(refused.value)


def test_a_reason_is_an_answer_where_there_is_nobody() -> None:
    text = without("dpo").replace("[eu_representative]", '[dpo]\nnone = "Too small."\n[eu_representative]')
    start = text.index("[[transfers.to]]")
    text = (
        text[:start]
        + '[transfers]\nnone = {en = "All is here.", fr = "Tout est ici."}\n'
        + text[text.index("# Or, where") :]
    )
    own = controller(text)
    assert own.dpo.none == {"en": "Too small.", "fr": "Too small."}
    assert own.no_transfers == {"en": "All is here.", "fr": "Tout est ici."}


def test_a_category_that_was_not_there_gets_its_row() -> None:
    seen = "seen: String @personalData(category: BROWSING) @purpose(allows: [COOKIE_MEASUREMENT])"
    assert "BROWSING" not in {each.name for row in FACTS.rows for each in row.categories}
    lines = read_text(HOUSE).text.splitlines(keepends=True)
    place = OURS.sdl.types["Customer"].place.line
    text = "".join([*lines[:place], f"  {seen}\n", *lines[place:]])
    rows = {row.group: row for row in notice(Facts.of(Text("odd", text)), SCHEMA_ALONE).rows}
    assert shown(rows["cookies"]) == {Purpose.COOKIE_MEASUREMENT}


def test_the_person_is_spoken_to() -> None:
    """GDPR Art. 12(1): nobody speaks of "the customer", in either language; each datum says what one can do."""
    for language, third in (("en", "the customer"), ("fr", "le client")):
        found = notice_in(language).flat
        assert not [row[0].text for row in found.rows if any(third in cell.text.lower() for cell in row)], language
        assert all(row[-1].href.startswith("/") and row[-1].text for row in found.rows), language
