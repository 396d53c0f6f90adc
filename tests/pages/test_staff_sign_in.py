"""Staff sign in to /audit at the company's OpenID provider; the register of staff says who may look (OIDC Core)."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gateway.signin.frame.cookies import Cookies
from tests.gateway.servers import Running, command, running
from tests.pages.company import CLIENT, SECRET, Company, company


@dataclass(frozen=True)
class Site:
    """A gateway whose staff sign in at a company's provider."""

    server: Running
    company: Company
    folder: Path

    def staff(self, *arguments: str) -> None:
        """Run `gateway staff`."""
        done = command(["staff", *arguments], self.folder)
        assert done.returncode == 0, done.stderr

    def browser(self) -> httpx.Client:
        """One without cookies, which says that its requests are of the page's own origin."""
        return httpx.Client(base_url=self.server.url, headers={"sec-fetch-site": "same-origin"}, timeout=120)


@contextmanager
def staffed(folder: Path, *members: tuple[str, str]) -> Iterator[Site]:
    """A demo whose staff, by code and role, sign in at their company's provider; each has a key in the folder."""
    with company() as there:
        settings = {
            "GATEWAY_STAFF_ISSUER": there.issuer,
            "GATEWAY_STAFF_CLIENT_ID": CLIENT,
            "GATEWAY_STAFF_CLIENT_SECRET": SECRET,
        }
        with running(["-m", "gateway", "demo"], folder, **settings) as server:
            found = Site(server, there, folder)
            for code, role in members:
                key = folder / code
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
                found.staff("add", code, "--role", role, "--key", f"{key}.pub")
            yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """`LG-7` is an auditor, `OF-1` an officer, `CARE-3` of the support."""
    members = (("LG-7", "auditor"), ("OF-1", "officer"), ("CARE-3", "support"))
    with staffed(tmp_path_factory.mktemp("staffed"), *members) as found:
        yield found


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    """A fresh browser; the provider behaves again."""
    site.company.person, site.company.changes = "LG-7", {}
    with site.browser() as found:
        yield found


def sign_in(browser: httpx.Client, **changes: str) -> httpx.Response:
    """Go to the provider and back; `changes` are parameters that come back other than they were sent."""
    away = browser.get("/audit/sign-in")
    assert away.status_code == 303
    back = httpx.URL(httpx.get(away.headers["location"]).headers["location"])
    return browser.get(back.copy_merge_params(changes).raw_path.decode())


def form_of(browser: httpx.Client) -> str:
    """The anti-CSRF secret of the page."""
    (found,) = re.findall(r'data-form="([^"]+)"', browser.get("/audit").text)
    return found


def facts(browser: httpx.Client, **more: str) -> httpx.Response:
    """What the page asks for."""
    return browser.post("/audit/facts", data={"form": form_of(browser), "language": "fr"} | more)


@pytest.mark.parametrize("code", ["LG-7", "OF-1"])
def test_an_auditor_or_officer_signs_in_asks_and_signs_out(site: Site, browser: httpx.Client, code: str) -> None:
    site.company.person = code
    assert 'data-mode="signin"' in browser.get("/audit").text
    assert facts(browser).status_code == 401
    arrived = sign_in(browser)
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/audit")
    cookie = next(each for each in arrived.headers.get_list("set-cookie") if each.startswith("staff="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    page = browser.get("/audit")
    assert f'data-mode="session" data-person="{code}"' in page.text and page.headers["cache-control"] == "no-store"
    audit = facts(browser).json()["data"]["audit"]
    assert audit["lint"]["clean"] and any(each["text"].startswith("Établir") for each in audit["words"])
    kept = dict(browser.cookies)
    assert browser.post("/audit/sign-out", data={"form": form_of(browser)}).status_code == 303
    assert "staff" not in browser.cookies
    with site.browser() as thief:
        thief.cookies.update(kept)
        assert facts(thief).status_code == 401, "a copy of the cookie has ended, too"


def test_the_session_reaches_the_audits_and_no_customer(site: Site, browser: httpx.Client) -> None:
    """`audit:read` alone: the page's document is the only one, and the cookie opens nothing else."""
    sign_in(browser)
    query = {"query": "{ customers(first: 1) { nodes { fullName } } }"}
    assert browser.post("/graphql", json=query).status_code == 401
    assert "errors" not in facts(browser, query=query["query"]).json(), "what to ask is not for the browser to say"


def test_another_site_can_neither_ask_nor_sign_out(browser: httpx.Client) -> None:
    """CSRF (G3): the secret of the form, and the origin that browsers name."""
    sign_in(browser)
    form = form_of(browser)
    for path in ("/audit/facts", "/audit/sign-out"):
        assert browser.post(path, data={"form": "guessed"}).status_code == 403
        other = {"sec-fetch-site": "cross-site"}
        assert browser.post(path, data={"form": form}, headers=other).status_code == 403
        assert browser.get(path).status_code == 405
    assert facts(browser).status_code == 200


def test_the_register_of_staff_decides(site: Site, browser: httpx.Client) -> None:
    site.company.person = "CARE-3"
    assert sign_in(browser).headers["location"] == "/staff/requests"
    assert facts(browser).status_code == 401, "the audits are for auditors and officers"
    for code in ("NOBODY-1", "lg-7; --"):
        site.company.person = code
        answer = sign_in(browser)
        assert answer.status_code == 403 and "not registered here" in answer.text
        assert code not in answer.text
    site.company.person = "OF-1"
    sign_in(browser)
    assert facts(browser).status_code == 200
    site.staff("disable", "OF-1")
    assert facts(browser).status_code == 401, "at once"
    site.staff("enable", "OF-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"iat": int(time.time()) + 86_400},
        {"amr": ["pwd"]},
        {"amr": "mfa"},
        {"amr": None},
        {"sub": None},
    ],
    ids="-".join,  # Names alone: times differ from one process that runs tests to the next.
)
def test_an_id_token_that_proves_less_signs_nobody_in(
    site: Site, browser: httpx.Client, changes: dict[str, Any]
) -> None:
    site.company.changes = changes
    assert sign_in(browser).status_code == 400
    assert 'data-mode="signin"' in browser.get("/audit").text


def test_an_answer_to_another_browser_signs_nobody_in(browser: httpx.Client) -> None:
    assert sign_in(browser, state="another").status_code == 400
    assert sign_in(browser, iss="https://elsewhere.example").status_code == 400
    assert browser.get("/audit/signed-in?code=x&state=y").status_code == 400
    with httpx.Client(base_url=str(browser.base_url)) as other:
        assert other.get("/audit/signed-in?code=x&state=y").headers["location"] == "/audit", "no sign-in was begun"


def test_another_key_of_the_provider_signs_nobody_in(site: Site, browser: httpx.Client) -> None:
    sign_in(browser)  # the provider's keys are known
    key = site.company.key
    try:
        site.company.key = type(key).generate_key("P-256")
        browser.cookies.clear()
        assert sign_in(browser).status_code == 400
    finally:
        site.company.key = key


def test_a_changed_cookie_opens_nothing(browser: httpx.Client) -> None:
    sign_in(browser)
    code, ends, id_, mark = browser.cookies["staff"].split(".")
    for text in (
        f"OF-1.{ends}.{id_}.{mark}",
        f"{code}.{int(ends) + 9}.{id_}.{mark}",
        f"{code}.{ends}.{id_}.",
        "....",
        "x",
    ):
        browser.cookies.set("staff", text, domain="127.0.0.1", path="/")
        assert facts(browser).status_code == 401


def test_what_leaves_for_the_provider(site: Site, browser: httpx.Client) -> None:
    """PKCE, state and nonce differ each time; the secret they are made of stays in the cookie."""
    first, second = (browser.get("/audit/sign-in?lang=fr") for _ in range(2))
    asked = [parse_qs(urlsplit(each.headers["location"]).query) for each in (first, second)]
    assert asked[0]["redirect_uri"] == [f"{site.server.url}/audit/signed-in"] and asked[0]["ui_locales"] == ["fr"]
    assert all(asked[0][name] != asked[1][name] for name in ("state", "nonce", "code_challenge"))
    assert browser.cookies["staff-signing-in"] not in str(asked)


def test_cookies_are_of_this_host_alone() -> None:
    assert Cookies(True).staff == "__Host-staff" and Cookies(True).staff_step == "__Host-staff-signing-in"


def test_the_log_names_nobody(site: Site) -> None:
    assert "LG-7" not in site.server.log() and "CARE-3" not in site.server.log()
    assert "Somebody of the staff was not signed in" in site.server.log()
