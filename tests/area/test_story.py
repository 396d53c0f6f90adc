"""A customer does the whole story in a browser (DESIGN §8; R13, R20, R26, R29, R30, R31, R41)."""

from __future__ import annotations

import json
import os
import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from tests.gateway.browser import Page, browser
from tests.gateway.servers import Running, running
from tests.pages.axe import appearance, axe_script, faults
from tests.programs import needs, program
from tests.signin.test_browser import fill
from tests.signin.test_pages import now_code

pytestmark = needs("chromium", "npm")

VIEWS = ("profile", "payments", "services", "choices", "security", "readers", "mine")
NO_WORDS = re.compile(
    r"\[object |\b(undefined|null|NaN|false)\b|\b[A-Z]+_[A-Z_]+\b|`|\b(Card|Customer|Domain|Invoice|PayPal)\.[a-z]"
)
"""What the language of the program, or of the API, would say to a customer."""
PHONE, DESKTOP = (360, 780), (1280, 900)
PICTURES = Path(os.environ["PICTURES"]) if "PICTURES" in os.environ else None
"""A folder for pictures of what was erased at once, for whoever wants to look."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(["-m", "gateway", "demo"], tmp_path_factory.mktemp("area")) as found:
        yield found


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_script(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, server: Running) -> Iterator[Page]:
    """Signed in to the client area, once: a code from the app works only once."""
    with browser(tmp_path_factory.mktemp("browser")) as found:
        found.open(f"{server.url}/?lang=en", *DESKTOP)
        found.until("document.body.dataset.ready")
        assert "Sign in" in text(found) and "Profile" not in text(found), "nothing is shown to nobody"
        found.click("#sign-in")
        enter(found)
        found.until("document.getElementById('profile-form')")
        yield found


def enter(page: Page) -> None:
    """Password and code, on the sign-in pages; a confirmation asks for the password only."""
    page.until("document.getElementById('password')")
    if page.evaluate("Boolean(document.getElementById('login'))"):
        fill(page, "login", FEATURED)
    fill(page, "password", demo_password(FEATURED, "CLIENT_AREA"))
    page.click("main form button[type=submit]")
    page.until("location.pathname === '/sign-in/code' || document.body.classList.contains('area')")
    if page.evaluate("location.pathname === '/sign-in/code'"):
        page.until("document.getElementById('code')")
        fill(page, "code", now_code(demo_totp_secret(0, "CLIENT_AREA")))
        page.click("main form button[type=submit]")


def text(page: Page) -> str:
    found: str = page.evaluate("document.body.innerText")
    return found


def go(page: Page, view: str, there: str) -> None:
    """Open a view and wait for something of it."""
    page.evaluate(f"location.hash = '#{view}'")
    page.until(f"document.querySelector({json.dumps(there)}) && !document.querySelector('[aria-busy]')")


def said(page: Page, words: str) -> None:
    page.until(f"document.getElementById('said').textContent.includes({json.dumps(words)})")


def confirmed(page: Page, there: str) -> None:
    """What is sensitive asks for a fresh sign-in in a dialog of the same page (S7), and then goes on by itself."""
    page.until("document.querySelector('dialog #password')")
    fill(page, "password", demo_password(FEATURED, "CLIENT_AREA"))
    page.evaluate("document.querySelector('dialog .part form').requestSubmit()")
    page.until("document.querySelector('dialog #code') || !document.querySelector('dialog')")
    if page.evaluate("Boolean(document.querySelector('dialog'))"):
        fill(page, "code", now_code(demo_totp_secret(0, "CLIENT_AREA")))
        page.evaluate("document.querySelector('dialog .part form').requestSubmit()")
        page.until("!document.querySelector('dialog')")
    page.until(f"document.querySelector({json.dumps(there)}) && !document.querySelector('[aria-busy]')")


def sure(page: Page, selector: str) -> None:
    """Click, and say yes to the question whether one is sure."""
    press(page, selector)
    page.click("#sure-yes")


def press(page: Page, selector: str) -> None:
    """Click once nothing is under way any more."""
    page.until(
        f"document.querySelector({json.dumps(selector)} + ':not(:disabled)') && !document.querySelector('[aria-busy]')"
    )
    page.click(selector)


def test_the_whole_story(page: Page, server: Running) -> None:
    # Profile (R30): a mistake is shown beside its field, and the mended form is saved.
    fill(page, "postalCode", "12")
    press(page, "#profile-form button")
    said(page, "Nothing was changed")
    assert "postal code" in page.evaluate("document.getElementById('postalCode-error').textContent")
    assert page.evaluate("document.activeElement.id") == "postalCode"
    fill(page, "postalCode", "1003")
    fill(page, "street", "Rue du Lac 5")
    press(page, "#profile-form button")
    said(page, "Saved")
    page.until("document.querySelector('.envelope').innerText.includes('CH-1003 Lausanne')")

    # Payment (R20, R48): without the tick nothing is kept, with it the card is, and the consent is taken back.
    go(page, "payments", "#card-form")
    card(page)
    if wants(page):
        confirmed(page, "#card-form")
    page.until("document.getElementById('agreed-error').textContent")
    typed = "['number', 'expiry'].map((id) => document.getElementById(id).value)"
    assert page.evaluate(typed) == ["4242 4242 4242 4242", "03/31"], "what was typed is kept"
    assert page.evaluate("document.getElementById('brand').textContent") == "Visa"
    assert not page.evaluate("document.getElementById('agreed').checked"), "a consent is never given by the page"
    press(page, "#agreed")
    press(page, "#card-form button")
    said(page, "Saved")
    page.until("document.getElementById('content').innerText.includes('4242')")
    sure(page, "#unkeep")
    page.until("!document.getElementById('content').innerText.includes('4242') && !document.querySelector('#unkeep')")

    # Whois (R26): a switch where the registry leaves it to the customer, its rule where it does not.
    go(page, "services", ".domain")
    assert "does not publish this" in text(page)
    press(page, ".domain input[type=checkbox]")
    said(page, "Saved")

    # The owner of a domain (R30, R52): a mistake is beside its field, and what was typed outlives a fresh sign-in.
    press(page, ".owner button")
    fill(page, "name", "Atelier Perrin")
    fill(page, "email", "perrin@@atelier.example")
    press(page, ".owner button[type=submit]")
    if wants(page):
        confirmed(page, "form.owner")
    page.until("document.getElementById('email-error').textContent")
    assert page.evaluate("document.getElementById('name').value") == "Atelier Perrin"
    assert page.evaluate("document.activeElement.id") == "email"
    fill(page, "email", "perrin@atelier.example")
    press(page, ".owner button[type=submit]")
    said(page, "Saved")
    page.until("document.querySelector('.domain').innerText.includes('perrin@atelier.example')")

    # An international address stays as it is when something else is changed (S14): browsers rewrite `email` fields.
    press(page, ".owner button")
    fill(page, "email", "o@faß.de")
    press(page, ".owner button[type=submit]")
    page.until(
        "document.querySelector('.domain').innerText.includes('o@faß.de') && !document.querySelector('form.owner')"
    )
    press(page, ".owner button")
    assert page.evaluate("document.getElementById('email').value") == "o@faß.de"
    fill(page, "phone", "+41 21 555 01 09")
    press(page, ".owner button[type=submit]")
    page.until("document.querySelector('.domain').innerText.includes('+41 21 555 01 09')")
    assert "o@faß.de" in text(page) and "o@fass.de" not in text(page)
    press(page, ".owner button")
    press(page, ".owner button[type=reset]")
    page.until("document.activeElement.innerText.includes('Change the owner')")

    # Choices (R13, R29).
    go(page, "choices", "#news")
    before = page.evaluate("document.getElementById('news').checked")
    press(page, "#news")
    said(page, "Saved")
    page.until(f"document.getElementById('news').checked === {json.dumps(not before)}")
    press(page, "#accept")
    page.until("document.getElementById('cookies-now').textContent.includes('You accepted')")
    press(page, "#refuse")
    page.until("document.getElementById('cookies-now').textContent.includes('Nothing is measured')")

    # Restriction and objection (GDPR Art. 18, 21): the state is shown, and both are taken back.
    press(page, "[data-object=ACCOUNT_SECURITY]")
    page.until("document.querySelector('[data-withdraw=ACCOUNT_SECURITY]')")
    assert "answer by" in page.evaluate("document.getElementById('objections').innerText")
    press(page, "[data-withdraw=ACCOUNT_SECURITY]")
    page.until("document.querySelector('[data-object=ACCOUNT_SECURITY]')")
    press(page, "#restrict-form button")
    if wants(page):
        confirmed(page, "#lift")
    page.until("document.getElementById('restricted').textContent.includes('Restricted since')")
    press(page, "#lift")
    page.until("document.getElementById('restrict-form')")

    # Sessions (R41), and who read what.
    go(page, "security", "#end-others")
    sure(page, "#end-others")
    said(page, "signed out")
    go(page, "readers", "#accesses li")
    assert "Nobody but you read anything yet." in text(page) and "Your own visits" in text(page)
    assert "Example Card Acquirer (Switzerland) got: brand of the card, last four digits of the card" in text(page)
    tool_reads(server)
    twice = "To call you in an emergency, and for nothing else. · Reference INC-4711 · 2 times"
    for _ in range(30):  # What was read is found as soon as its entry is in the index.
        go(page, "choices", "#news")
        go(page, "readers", "#accesses")
        if twice in text(page):
            break
    assert "Network operations read your name and your telephone number." in text(page) and twice in text(page)
    press(page, "#filters summary")
    page.choose("#by-reader", "billing")
    page.until("!document.getElementById('accesses').innerText.includes('Network operations')")
    assert "Billing tool read" in text(page)
    page.evaluate("document.querySelector('.day summary').click()")
    press(page, ".day [data-proof]")
    said(page, "The proof is")

    # Export and erasure (R31).
    go(page, "mine", "#export")
    press(page, "#export")
    if wants(page):
        confirmed(page, "#export")
    page.until("document.getElementById('content').innerText.includes('To read (document)')", 40)
    assert page.evaluate("document.querySelectorAll('#blocked li').length") > 0
    press(page, "#erasure-form button")
    said(page, "I know that nothing can be brought back")
    press(page, "#sure")
    press(page, "#erasure-form button")
    page.until("document.querySelector('#receipt a')")
    assert "waits for the end of your services" in text(page)
    told_of_the_request(page)
    page.evaluate("location.hash = '#profile'")
    go(page, "mine", "#told ul")
    told_of_the_request(page)
    press(page, "#language button")
    page.until("document.getElementById('told').innerText.includes('Effacé aussitôt')")
    told_of_the_request(page, "Votre numéro de téléphone")
    press(page, "#language button")
    page.until("document.getElementById('told').innerText.includes('Erased at once')")
    press(page, "#cancel")
    page.until("document.getElementById('content').innerText.includes('called off')")
    assert "Art. 77" not in text(page), "nothing is asked for any more"

    assert [each for each in page.complaints if "/oauth/token" not in each] == [], "a first proof learns the nonce"
    assert all(each.startswith((server.url, "data:", "blob:")) for each in page.requested), "nothing from elsewhere"


def told_of_the_request(page: Page, phone: str = "Your phone number") -> None:
    """What went at once, what stays and why, complaint and remedy (A10, GDPR Art. 12(4)): now, and as its status."""
    page.until("document.querySelector('#told .stays')")
    found = page.evaluate("document.getElementById('told').innerText")
    assert phone in found and "art. 77" in found.lower() and "art. 79" in found.lower()
    for width, height in (PHONE, DESKTOP):
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        if PICTURES:
            page.evaluate("document.getElementById('told').scrollIntoView()")
            shot = page.call("Page.captureScreenshot")
            (PICTURES / f"told-{width}-{page.evaluate('document.documentElement.lang')}.png").write_bytes(
                b64decode(shot["data"])
            )


def tool_reads(server: Running) -> None:
    """Two tools of the company read, for a purpose of theirs."""
    for tool in httpx.get(f"{server.url}/demo/tokens").json()["tokens"]:
        if tool["name"] not in ("noc", "billing"):
            continue
        headers = {"Authorization": f"Bearer {tool['token']}", "Purpose-Reference": "INC-4711"}
        example = next(each for each in tool["examples"] if each["answered"])
        for _ in range(2):
            answer = httpx.post(f"{server.url}/graphql", json={"query": example["query"]}, headers=headers)
            assert answer.status_code == 200, answer.text


def card(page: Page) -> None:
    fill(page, "number", "4242424242424242")
    fill(page, "expiry", "0331")
    page.click("#card-form button")


def wants(page: Page) -> bool:
    """Whether a fresh sign-in is asked for."""
    page.until(
        "document.querySelector('dialog #password') || document.getElementById('said').textContent"
        " || document.querySelector('.wrong:not(:empty)')"
    )
    return bool(page.evaluate("Boolean(document.querySelector('dialog'))"))


def test_a_reload_asks_nobody_again_and_the_token_is_nowhere(page: Page) -> None:
    """The session of the sign-in pages gives a new token; none is left in the browser's storage or the address."""
    places = "[{...sessionStorage}, {...localStorage}, document.cookie, location.href]"
    stored: Any = page.evaluate(f"JSON.stringify({places})")
    assert "eyJ" not in stored
    page.call("Page.reload")
    page.until("document.querySelector('#content section')")


def test_every_view_is_usable_by_everybody(page: Page, axe: str) -> None:
    for size in (DESKTOP, PHONE):
        width, height = size
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        for view in VIEWS:
            go(page, view, "#content > *")
            for scheme in ("light", "dark"):
                appearance(page, scheme)
                assert faults(page, axe) == [], (view, size, scheme)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (view, size)
            assert not NO_WORDS.search(text(page)), (view, NO_WORDS.search(text(page)))


@needs("pdftotext")
def test_an_invoice_is_printed_on_a_sheet_of_its_own(page: Page, tmp_path: Path) -> None:
    """On A4, with what it is about and nothing of the page around it."""
    go(page, "payments", "#invoices summary")
    number = page.evaluate("document.querySelector('#invoices summary span').firstChild.textContent")
    page.evaluate("window.print = () => {}")
    page.evaluate("document.querySelector('#invoices details').open = true")
    page.click("#invoices [data-act=print]")
    page.until("document.querySelector('.paper h1')")
    printed = tmp_path / "invoice.pdf"
    printed.write_bytes(b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"]))
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("Boolean(document.querySelector('.paper'))"), "the page is as it was"
    done = subprocess.run(
        [program("pdftotext"), "-layout", str(printed), "-"], capture_output=True, text=True, check=True
    )
    assert number in done.stdout and "Total" in done.stdout and "Amélie Fontaine" in done.stdout
    assert "Add a card" not in done.stdout and "Services" not in done.stdout
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed.read_bytes(), "A4"


def test_a_service_ends_after_it_was_said_what_follows(page: Page) -> None:
    """The last of the list, which has no domain."""
    go(page, "services", "[data-act=end]")
    running = page.evaluate("document.querySelectorAll('[data-act=end]').length")
    page.evaluate("[...document.querySelectorAll('[data-act=end]')].at(-1).click()")
    page.until("document.querySelector('dialog')")
    if page.evaluate("Boolean(document.querySelector('dialog #password'))"):
        confirmed(page, "true")
    page.until("document.getElementById('sure-yes')")
    assert "cannot be had back" in page.evaluate("document.querySelector('dialog').innerText")
    page.click("#sure-yes")
    said(page, "The service has ended.")
    page.until(f"document.querySelectorAll('[data-act=end]').length === {running - 1}")


def offline(page: Page, off: bool) -> None:
    page.call("Network.emulateNetworkConditions", offline=off, latency=0, downloadThroughput=-1, uploadThroughput=-1)


def test_a_dropped_connection_loses_nothing_and_is_tried_again(page: Page) -> None:
    go(page, "profile", "#profile-form")
    fill(page, "street", "Rue du Lac 7")
    offline(page, True)
    press(page, "#profile-form button[type=submit]")
    said(page, "What you typed is still here")
    assert page.evaluate("document.activeElement.id") == "retry"
    # A view that was never open: its document cannot be fetched, and is fetched once the connection is back.
    page.evaluate("location.hash = '#payments'")
    said(page, "What you typed is still here")
    offline(page, False)
    press(page, "#retry")
    page.until("document.getElementById('card-form')")
    go(page, "profile", "#profile-form")
    page.until("document.getElementById('street')?.value === 'Rue du Lac 7'")
    press(page, "#profile-form button[type=submit]")
    said(page, "Saved")
    page.complaints.clear()


def test_an_address_is_asked_for_as_its_country_writes_it(page: Page) -> None:
    go(page, "profile", "#profile-form")
    shown = "[...document.querySelectorAll('.parts label')].map((each) => each.firstChild.textContent).join()"
    page.choose("#country", "US")
    page.until("document.querySelector('.parts label[for=postalCode]')?.textContent.startsWith('ZIP')")
    assert page.evaluate(shown) == "Street and number,Second line,Town,State,ZIP code"
    assert page.evaluate("document.querySelector('#region option:nth-child(3)').textContent") in ("Alabama", "Alaska")
    assert page.evaluate("document.getElementById('street').value") == "Rue du Lac 7", "what was typed stays"
    page.choose("#country", "FR")
    page.until("document.querySelector('.parts .row:nth-child(3)')?.innerText.startsWith('Postal code')")
    page.choose("#country", "CH")
    page.until("document.getElementById('phone-hint').textContent.includes('+41')")
    page.evaluate("document.getElementById('profile-form').dispatchEvent(new Event('reset'))")


def test_it_speaks_french(page: Page) -> None:
    page.click("#language button")
    page.until("document.documentElement.lang === 'fr'")
    go(page, "services", ".domain")
    assert "Hébergement web" in text(page)
    there = {"payments": "Ajouter une carte", "readers": "Qui a lu mes données", "mine": "Tout effacer"}
    for view, words in there.items():
        go(page, view, "#content > *")
        page.until(f"document.body.innerText.includes({json.dumps(words)})")


def test_the_language_of_the_address_outlives_the_sign_in(page: Page, server: Running) -> None:
    page.open(f"{server.url}/?lang=fr", *DESKTOP)
    page.click("#sign-in")
    page.until("document.querySelector('#content.view')")
    assert page.evaluate("document.documentElement.lang") == "fr"
