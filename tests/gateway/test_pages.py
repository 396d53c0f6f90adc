"""The pages: everything from this house, nothing inline, and GraphiQL that works under the strict policy (G10)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.gateway.browser import Page, browser
from tests.gateway.conftest import Demo
from tests.gateway.servers import ROOT, command, running
from tests.programs import needs

VENDOR = ROOT / "gateway" / "static" / "vendor" / "graphiql"
HTML = {"accept": "text/html"}


class Parts(HTMLParser):
    """What a page loads, and what of it would run or style inline."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag
        for name, value in attrs:
            if name in ("src", "href"):
                self.addresses.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")
        if tag == "style":
            self.inline.append(tag)

    def handle_data(self, data: str) -> None:
        if self._in == "script" and data.strip():
            self.inline.append("script")


@pytest.mark.parametrize("path", ["/", "/developers", "/graphql", "/audit", "/tour"])
def test_a_page_loads_only_from_this_house_and_nothing_of_it_is_inline(
    demo: Demo, http: httpx.Client, path: str
) -> None:
    page = http.get(f"{demo.server.url}{path}", headers=HTML)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Edit my choices" in page.text
    parts = Parts()
    parts.feed(page.text)
    assert parts.inline == []
    assert parts.addresses
    for address in parts.addresses:
        assert address.startswith(("/", "#"))
        if address.startswith("#"):  # A place of the page itself.
            assert f'id="{address[1:]}"' in page.text
            continue
        # 303: a page of one's own, which leads to the sign-in first.
        assert http.get(f"{demo.server.url}{address}", headers=HTML).status_code in (200, 303), address


def test_each_view_of_graphiql_has_a_nonce_of_its_own(demo: Demo, http: httpx.Client) -> None:
    nonces = set()
    for _ in range(3):
        page = http.get(demo.url, headers=HTML)
        (nonce,) = re.findall(r"'nonce-([A-Za-z0-9_-]{22})'", page.headers["content-security-policy"])
        assert f'data-nonce="{nonce}"' in page.text
        nonces.add(nonce)
    assert len(nonces) == 3


def test_static_files_stay_in_their_folder(demo: Demo, http: httpx.Client) -> None:
    above = ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py")
    for path in (*above, "/static//etc/passwd", "/static/vendor"):
        answer = http.get(f"{demo.server.url}{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert http.post(f"{demo.server.url}/static/ide.js").status_code == 405


def test_vendored_files_are_those_of_their_packages() -> None:
    """Their README names package, version and SHA-256 of each; a licence text stands beside each package."""
    rows = re.findall(
        r"^\| (\S+) \| (\S+) [0-9.]+[^|]* \| ([0-9a-f]{64}) \|$", (VENDOR / "README.md").read_text(), re.M
    )
    assert {name for name, _, _ in rows} == {file.name for file in VENDOR.iterdir() if file.suffix in (".js", ".css")}
    for name, package, digest in rows:
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
        assert "MIT" in (VENDOR / f"{package}.LICENSE.txt").read_text()


def test_without_the_demo_there_are_no_tokens_and_the_page_can_be_switched_off(
    tmp_path: Path, http: httpx.Client
) -> None:
    settings = {"GATEWAY_ISSUER": "https://data.example", "GATEWAY_GRAPHIQL": "no"}
    assert command(["db", "upgrade"], tmp_path).returncode == 0
    with running(["-m", "gateway", "serve"], tmp_path, **settings) as server:
        assert http.get(f"{server.url}/demo/tokens").status_code == 404
        assert "demo" not in http.get(f"{server.url}/").text
        answer = http.get(f"{server.url}/graphql", headers=HTML)
        assert (answer.status_code, answer.headers["content-type"]) == (406, "application/json; charset=utf-8")
        assert http.get(f"{server.url}/readyz").json() == {"status": "ready"}
        (key,) = http.get(f"{server.url}/.well-known/jwks.json").json()["keys"]
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert "d" not in key


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path) as found:
        yield found


ANSWER = "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue()"


def ask(page: Page) -> str:
    """Press the button, and read the answer."""
    before = page.evaluate(ANSWER) or ""
    page.click(".graphiql-execute-button")
    page.until(f"({ANSWER} ?? '') !== {before!r} && {ANSWER}.includes('{{')")
    return str(page.evaluate(ANSWER))


@needs("chromium")
def test_graphiql_answers_and_refuses_in_a_browser(demo: Demo, page: Page) -> None:
    """No complaint of the policy, no address but ours; the same page asks as one tool, then as another."""
    page.open(demo.url)
    page.until("document.querySelector('#who option')")
    page.until(f"{EDITOR}.includes('postalAddress')")
    page.until("document.querySelectorAll('.purposes .held').length > 5")
    assert "Amélie Fontaine" in ask(page)

    page.choose("#example", "1")
    page.until(f"{EDITOR}.includes('phone')")
    assert "UNAUTHORIZED_FIELD_OR_TYPE" in ask(page)
    said = page.evaluate("document.querySelector('#note').textContent")
    assert said.startswith(
        "Refused (403): Customer.phone may not be read for INVOICING. It may be read for EMERGENCY_CONT"
    )

    page.choose("#who", "noc")
    assert page.evaluate("document.querySelector('#reference').value") == "INC-4711"
    assert '"phone": "+' in ask(page)

    page.click("[aria-label='Show Documentation Explorer']")
    page.until("document.querySelector('.graphiql-doc-explorer-content')?.textContent.includes('Query')")
    page.click("[aria-label='Open settings dialog']")
    page.until("document.querySelector('.graphiql-dialog')")
    complaints = [each for each in page.complaints if "403 (Forbidden)" not in each]  # a refusal is logged as such
    assert complaints == []
    assert all(each.startswith((demo.server.url, "data:", "about:")) for each in page.requested)
    kept = "Object.values({...localStorage, ...sessionStorage}).join() + document.cookie"
    assert page.evaluate(kept) == "", "what was typed is not kept"


@needs("chromium")
def test_the_landing_page_in_a_browser(demo: Demo, page: Page) -> None:
    page.open(f"{demo.server.url}/developers", width=360)
    assert page.evaluate("document.querySelector('h1').textContent") == "Customer data, for a purpose"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out on a phone"
    assert page.complaints == []
