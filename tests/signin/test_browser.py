"""The pages in a real browser: the meter while one types, and passkeys with Chromium's virtual authenticator (S5)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from tests.gateway.browser import Page, browser
from tests.gateway.servers import Running, running
from tests.programs import needs
from tests.signin.test_pages import now_code

pytestmark = needs("chromium")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(["-m", "gateway", "demo"], tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path) as found:
        yield found


def fill(page: Page, field: str, value: str) -> None:
    """Type into a field."""
    found = f"document.getElementById({json.dumps(field)})"
    page.until(found)
    page.evaluate(f"{found}.value = {json.dumps(value)}; {found}.dispatchEvent(new Event('input', {{bubbles: true}}))")


def at(page: Page, path: str) -> None:
    """Wait until the browser has got to an address."""
    page.until(f"location.pathname === {json.dumps(path)} && document.readyState === 'complete'")


def test_a_passkey_is_registered_and_signs_in(server: Running, page: Page) -> None:
    """S5, G10: as the second step and in place of the password, without a complaint of the policy."""
    house = server.url.replace("127.0.0.1", "localhost")
    page.open(f"{house}/sign-in", width=390)
    page.call("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    key = page.call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]
    fill(page, "login", FEATURED)
    fill(page, "password", demo_password(FEATURED, "CLIENT_AREA"))
    page.click("main form button[type=submit]")
    at(page, "/sign-in/code")
    fill(page, "code", now_code(demo_totp_secret(0, "CLIENT_AREA")))
    page.click("main form button[type=submit]")
    at(page, "/security")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out on a phone"

    fill(page, "label", "Virtual key")
    page.click("[data-passkey=create]")
    page.until("document.body?.textContent.includes('Virtual key')")
    assert len(page.call("WebAuthn.getCredentials", authenticatorId=key)["credentials"]) == 1

    page.call("Page.navigate", url=f"{house}/sign-out")
    at(page, "/sign-out")
    page.click("main form button[type=submit]")
    page.until("document.querySelector('main a[href=\"/sign-in\"]')")
    page.click("main a[href='/sign-in']")
    at(page, "/sign-in")
    page.click("[data-passkey=get]")
    at(page, "/security")

    page.call("Page.navigate", url=f"{house}/password")
    at(page, "/password")
    fill(page, "new", "Quittenbrot")
    there = "[...document.querySelectorAll('.meter .there')].map(row => row.dataset.kind).join()"
    assert page.evaluate(there) == "upper,lower"
    fill(page, "new", "Quittenbrot-77")
    assert page.evaluate(there) == "upper,lower,digit,sign"
    fill(page, "new", "quitten u\u0308 brot")
    assert page.evaluate(there) == "lower,sign", "fifteen code points after NFC, as they are counted afterwards (S2)"
    fill(page, "new", "quitten und brot")
    assert page.evaluate(there) == "length,lower,sign"
    assert page.complaints == []
    assert all(each.startswith((house, "data:", "about:")) for each in page.requested)
