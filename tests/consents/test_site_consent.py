"""The choice of cookies on the company's own web site, a real page on another host of the domain (R28, R29, GPC)."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from gateway.config.settings import SettingsError, read
from tests.gateway.browser import Page, browser
from tests.gateway.servers import Running, running
from tests.programs import needs

DOMAIN = "gateway.localhost"
PAGE = """<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>
<p><a href="/choices" data-edit-choices id="edit">Edit my choices</a></p>
<script src="/watch.js"></script>
<script src="{gateway}/consent.js?lang=en" data-cookies="_m" defer></script>
<script type="text/plain" data-consent="measurement" data-src="/measure.js"></script>
</body></html>"""
FILES = {
    "/watch.js": "window.told = []; document.addEventListener('consent', (e) => told.push(e.detail.measurement));",
    "/measure.js": "window.measured = true; document.cookie = '_m=1; Path=/';",
}
SHADOW = "[...document.querySelectorAll('section')].map((each) => each.shadowRoot).find(Boolean)"
ASKS = f"({SHADOW})?.querySelectorAll('button').length === 2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("gateway")
    with running(["-m", "gateway", "demo"], folder, GATEWAY_SITE_DOMAIN=DOMAIN, GATEWAY_HOSTS=DOMAIN) as found:
        yield found


@pytest.fixture(scope="module")
def site(server: Running) -> Iterator[str]:
    """A web site of the same domain, with a policy that allows no inline script and no style at all."""
    gateway = f"http://{DOMAIN}:{server.port}"

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path in FILES
            body = (FILES[self.path] if script else PAGE.format(gateway=gateway)).encode()
            self.send_response(200)
            self.send_header("content-type", "text/javascript" if script else "text/html; charset=utf-8")
            self.send_header("content-security-policy", f"default-src 'none'; script-src 'self' {gateway}")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://www.{DOMAIN}:{made.server_port}/"
    made.shutdown()
    thread.join()
    made.server_close()


def answer(page: Page, place: int) -> None:
    """Press one of the two buttons: 0 refuses, 1 accepts."""
    page.until(ASKS)
    page.evaluate(f"({SHADOW}).querySelectorAll('button')[{place}].click()")


@needs("chromium")
def test_nothing_is_measured_before_a_choice_and_the_choice_is_shared(
    site: str, server: Running, tmp_path: Path
) -> None:
    with browser(tmp_path) as page:
        page.open(site)
        page.until(ASKS)
        assert page.evaluate("[window.measured ?? null, document.cookie, told]") == [None, "", [False]]
        sizes = f"[...({SHADOW}).querySelectorAll('button')].map((each) => [each.offsetHeight, each.className])"
        refuse, accept = page.evaluate(sizes)
        assert refuse == accept, "neither choice is nudged"
        answer(page, 1)
        page.until("window.measured && document.cookie.includes('_m=1')")
        assert page.evaluate("told") == [False, True]

        page.open(site)
        page.until("window.measured")
        assert page.evaluate(f"!({ASKS}) && told.at(-1)"), "the choice holds on the next page"

        page.open(f"http://{DOMAIN}:{server.port}/cookies?lang=en")
        assert "You accepted measurement on" in page.evaluate("document.body.innerText")

        page.open(site)
        page.until("window.measured")
        page.click("#edit")
        answer(page, 0)
        page.until("!window.measured && document.readyState === 'complete' && window.consent?.chosen")
        assert page.evaluate("document.cookie").startswith("site-choices=") and not page.evaluate(
            "document.cookie.includes('_m=')"
        )
        assert page.complaints == [], "the site's policy is as strict as it was"


@needs("chromium")
def test_global_privacy_control_is_obeyed_and_shown(site: str, tmp_path: Path) -> None:
    with browser(tmp_path) as page:
        page.open("about:blank")
        control = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
        page.call("Page.addScriptToEvaluateOnNewDocument", source=control)
        page.call("Page.navigate", url=site)
        page.until("window.consent")
        assert page.evaluate(f"[window.measured ?? null, ({ASKS}) ?? false, consent.globalPrivacyControl]") == [
            None,
            False,
            True,
        ]
        page.click("#edit")
        page.until(ASKS)
        assert "Global Privacy Control" in page.evaluate(f"({SHADOW}).textContent")
        answer(page, 1)
        page.until("window.measured")


def test_the_script_is_small_for_the_domain_alone_and_knows_the_header(server: Running) -> None:
    for language in ("en", "fr"):
        found = httpx.get(f"{server.url}/consent.js?lang={language}")
        assert len(found.content) < 5_000, language
        assert found.headers["cross-origin-resource-policy"] == "same-site"
        assert found.headers["vary"] == "accept-language, sec-gpc"
    assert '"gpc":false' in found.text and "Refuser" in found.text
    assert '"gpc":true' in httpx.get(f"{server.url}/consent.js", headers={"Sec-GPC": "1"}).text


def test_a_domain_that_is_not_above_the_gateway_stops_the_start() -> None:
    issuer = {"GATEWAY_ISSUER": "https://data.example.com"}
    assert read(issuer | {"GATEWAY_SITE_DOMAIN": "example.com"}).site_domain == "example.com"
    for domain in ("example.org", "ample.com", "other.example.com"):
        with pytest.raises(SettingsError, match="GATEWAY_SITE_DOMAIN"):
            read(issuer | {"GATEWAY_SITE_DOMAIN": domain})
