"""The pages over HTTP: without a script, for this browser only, telling nothing (S1, S6, G3, G10, D1, D7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from statistics import median
from time import perf_counter

import httpx
import pytest

from gateway.signin.frame.request_context import local
from tests.gateway.test_pages import Parts
from tests.signin.people import SECRET, Person
from tests.signin.rfc6238 import totp
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases

SESSION = "__Host-session-client-area"


@pytest.fixture(scope="module")
def web(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving("sqlite", databases, tmp_path_factory.mktemp("signin"), replicas=1) as found:
        yield found


NUMBERS = count(1)


@pytest.fixture
def browser(web: Web) -> Browser:
    """In a network of its own: others' guesses do not slow it down."""
    return Browser(web.replicas[0].url, f"203.0.113.{next(NUMBERS)}")


@pytest.fixture
def person(web: Web) -> Person:
    return web.add(1)[0]


def now_code(secret: str = SECRET) -> str:
    from datetime import UTC, datetime

    return totp(secret, at=datetime.now(UTC))


PAGES = ("/sign-in", "/sign-in/code", "/sign-out", "/password/forgot", "/password/reset?t=x", "/not-me?t=x")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_page_is_of_this_house_in_two_languages(browser: Browser, path: str, language: str) -> None:
    """G10: nothing inline, nothing from elsewhere, a strict policy, not to be kept."""
    page = browser.get(path, accept_language=language)
    assert page.status_code in (200, 410) and f'<html lang="{language}">' in page.text
    assert page.headers["cache-control"] == "no-store" and "unsafe" not in page.headers["content-security-policy"]
    parts = Parts()
    parts.feed(page.text)
    assert parts.inline == [] and all(address.startswith("/") for address in parts.addresses)
    labels = set(re.findall(r'<label for="([^"]+)"', page.text))
    visible = re.findall(r'<(?:input|select) id="([^"]+)"', page.text)
    assert set(visible) <= labels, "every field has a label"
    assert page.text.count("<h1>") == 1


def test_a_sign_in_without_a_script(browser: Browser, person: Person) -> None:
    """S6: cookies that no script reads, that go to this host alone and over https alone."""
    done = browser.sign_in(person)
    assert (done.status_code, done.headers["location"]) == (303, "/security")
    given = {text.split("=")[0]: text for text in done.headers.get_list("set-cookie")}
    for name in (SESSION, "__Host-device"):
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(given[name].split("; ")), given[name]
        assert "Domain" not in given[name]
    page = browser.get("/security")
    assert page.status_code == 200 and person.login in page.text and "this browser" in page.text


def test_a_shared_computer_keeps_nothing(browser: Browser, person: Person) -> None:
    """R41: a cookie that ends with the browser, and none that says who was here."""
    done = browser.sign_in(person, shared="yes")
    (session,) = [text for text in done.headers.get_list("set-cookie") if text.startswith(SESSION)]
    assert "Max-Age" not in session and "expires" not in session
    assert "__Host-device" not in browser.cookies


def test_two_factors_without_a_script(browser: Browser, person: Person) -> None:
    """S3, S4: from the QR code to the recovery codes, and back in with both."""
    browser.sign_in(person)
    browser.get("/security")
    page = browser.post("/security/app", {"form": browser.cookies["__Host-form"]})
    assert page.status_code == 200 and "<svg" in page.text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert secret is not None
    page = browser.send(code=now_code(secret.group(1).replace(" ", "")))
    codes = re.findall(r"<li><code>([0-9A-Z-]{19})</code></li>", page.text)
    assert len(codes) == 10

    again = Browser(browser.url)
    first = again.sign_in(person)
    assert first.headers["location"].startswith("/sign-in/code") and SESSION not in again.cookies
    again.get(first.headers["location"])
    assert again.send(code="000000").status_code == 422 and "not right" in again.said()
    assert again.send(code=codes[0].lower()).status_code == 303 and SESSION in again.cookies


def test_signing_out_is_visible_and_ends_it(browser: Browser, person: Person) -> None:
    """R41: a GET ends nothing, since another site could send one."""
    browser.sign_in(person)
    kept = browser.cookies[SESSION]
    assert "/sign-out" in browser.get("/security").text
    browser.get("/sign-out")
    assert browser.get("/security").status_code == 200
    browser.get("/sign-out")
    assert browser.send().status_code == 200 and SESSION not in browser.cookies
    browser.cookies[SESSION] = kept
    assert browser.get("/security").status_code == 303, "the old cookie is worth nothing"


def test_the_session_id_changes_at_sign_in_and_a_planted_one_is_worth_nothing(browser: Browser, person: Person) -> None:
    """S6: no fixation."""
    browser.cookies[SESSION] = "planted"
    browser.sign_in(person)
    assert browser.cookies[SESSION] != "planted"


def test_a_new_password_is_judged_on_the_page(browser: Browser, person: Person) -> None:
    """R37: the meter works without a script, once the form was sent; what was typed is not repeated."""
    browser.sign_in(person)
    browser.get("/password")
    page = browser.send(current=person.password, new="quittenbrot-zz")
    assert page.status_code == 422 and "quittenbrot-zz" not in page.text
    there = re.findall(r'data-kind="(\w+)" class="there"', page.text)
    assert set(there) == {"lower", "sign"}
    assert 'data-least="15"' in page.text and "minlength: 15;" in page.text and "required: upper" not in page.text
    assert "15 characters" in page.text and "12" not in re.sub(r"<[^>]+>", "", page.text)
    page = browser.send(current=person.password, new="Qwerty Qwerty Qwerty")
    assert page.status_code == 422 and 'data-kind="length" class="there"' in page.text
    assert browser.send(current=person.password, new="Brombeerhecke-77!x").status_code == 200
    assert browser.get("/.well-known/change-password").headers["location"] == "/password"


def test_unknown_account_and_wrong_password_are_one_page(browser: Browser, person: Person) -> None:
    """S1: the same status, the same text but for what was typed."""
    pages = []
    for login in (person.login, "nobody.at.all@example.org"):
        browser.get("/sign-in")
        page = browser.send(login=login, password="kX9-vT2.qLm4")
        pages.append((page.status_code, page.text.replace(login, "LOGIN"), sorted(page.headers)))
    assert pages[0] == pages[1] and pages[0][0] == 422


def test_unknown_account_and_wrong_password_take_alike(web: Web) -> None:
    """S1, measured: hashes of another cost too, since those of these customers are a thousandth of today's."""
    for turn in range(3):  # A busy machine disturbs one measurement, hardly three.
        known, unknown = _refusals_timed(web, turn)
        assert min(*known, *unknown) >= 0.2, "no refusal leaves sooner"
        if abs(median(known) - median(unknown)) < max(0.03, 0.25 * median(unknown)):
            return
    pytest.fail(f"known {known}, unknown {unknown}")


def _refusals_timed(web: Web, turn: int) -> tuple[list[float], list[float]]:
    """Seconds that refusals took of accounts that are there, and of accounts that are not."""
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number, person in enumerate(web.add(8)):
        for kind, login in (("known", person.login), ("unknown", f"nobody{turn}{number}@example.org")):
            browser = Browser(web.replicas[0].url, f"198.51.{16 * turn + number}.{kind == 'known':d}")
            browser.get("/sign-in")
            began = perf_counter()
            assert browser.send(login=login, password="kX9-vT2.qLm4").status_code == 422
            times[kind].append(perf_counter() - began)
    return times["known"], times["unknown"]


def test_guessing_is_answered_with_the_time_to_wait(browser: Browser, person: Person) -> None:
    """S1: and the form then takes a code beside the password."""
    browser.get("/sign-in")
    for _ in range(14):
        page = browser.send(login=person.login, password="wrong")
        if page.status_code == 429:
            break
    assert page.status_code == 429 and int(page.headers["retry-after"]) >= 1
    assert 'id="code"' in page.text


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": "none"}]
)
def test_a_form_from_elsewhere_is_refused(browser: Browser, person: Person, headers: dict[str, str]) -> None:
    """G3: also one that has the right token."""
    browser.get("/sign-in")
    fields = {"form": browser.cookies["__Host-form"], "login": person.login, "password": person.password}
    assert browser.post("/sign-in", fields, **headers).status_code == 403
    assert SESSION not in browser.cookies


def test_a_form_needs_the_token_of_this_browser(browser: Browser, person: Person) -> None:
    """G3: no login may be forged, in browsers that do not say where a form comes from."""
    browser.get("/sign-in")
    fields = {"login": person.login, "password": person.password}
    for token in ("", "x" * 43, "é"):
        assert browser.post("/sign-in", fields | {"form": token}).status_code == 403
    stranger = Browser(browser.url)
    assert stranger.post("/sign-in", fields | {"form": browser.cookies["__Host-form"]}).status_code == 403


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415), (b"x", "text/plain", 415), (b"", "multipart/form-data; boundary=x", 415),
        (b"\xff\xfe=1", "application/x-www-form-urlencoded", 400), (b"a=%FF", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(browser: Browser, body: bytes, kind: str, status: int) -> None:
    """G1, G3: a typed refusal for whatever comes."""
    answer = httpx.post(f"{browser.url}/sign-in", content=body, headers={"content-type": kind})
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/security/app", "/security/end", "/sign-in/passkey"])
def test_addresses_that_change_something_take_no_get(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 405


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"a":1}', b"{", b'"x"'])
def test_scripts_doors_take_an_object_of_texts(browser: Browser, body: bytes) -> None:
    """G1."""
    kind = {"content-type": "application/json"}
    for path in ("/sign-in/passkey", "/sign-in/passkey/options", "/security/passkey", "/security/passkey/options"):
        assert httpx.post(browser.url + path, content=body, headers=kind).status_code == 400
        assert httpx.post(browser.url + path, content=b'{"form":"x"}', headers=kind).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "evil",
        "/a\nb", "/a\tb", "/ a", "/\x00", "", None, "/" + "x" * 5000,
    ],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(address: str | None) -> None:
    assert local(address) is None


def test_whoever_signs_in_goes_where_they_wanted(browser: Browser, person: Person) -> None:
    assert local("/oauth/resume?client_id=a&state=b%2Fc") == "/oauth/resume?client_id=a&state=b%2Fc"
    browser.get("/sign-in?continue=%2Foauth%2Fresume%3Fclient_id%3Da&platform=CLIENT_AREA")
    done = browser.send(login=person.login, password=person.password)
    assert done.headers["location"] == "/oauth/resume?client_id=a"
    assert browser.get("/sign-in?continue=%2Fsecurity").headers["location"] == "/security", "signed in already"
    again = browser.get("/sign-in?continue=%2Fsecurity&max_age=0")
    assert again.status_code == 200 and "Confirm that it is you" in again.text
    old = browser.cookies[SESSION]
    assert browser.send(password=person.password).headers["location"] == "/security"
    assert browser.cookies[SESSION] != old, "S6: another id at step-up"


def test_what_people_type_is_escaped(browser: Browser) -> None:
    """D7."""
    browser.get("/sign-in?lang=en&continue=%2F%22%3E%3Cscript%3E")
    page = browser.send(login='"><script>alert(1)</script>', password="x")
    assert "<script>alert" not in page.text and "&lt;script&gt;" in page.text


def test_a_link_is_not_used_up_by_looking_at_it(browser: Browser) -> None:
    """S8: and one that leads nowhere says the same whatever it was."""
    pages = [browser.get(f"/password/reset?t={each}") for each in ("x", "y" * 43, "%00", "")]
    assert {page.status_code for page in pages} == {410}


def test_a_forgotten_password_tells_nothing(browser: Browser, person: Person) -> None:
    """S8."""
    pages = []
    for login in (person.login, "nobody@example.org"):
        browser.get("/password/forgot")
        pages.append(browser.send(login=login, service="CLIENT_AREA"))
    assert pages[0].status_code == 200 and pages[0].text == pages[1].text
    assert len({page.status_code for page in pages}) == 1


def test_nothing_that_was_typed_is_in_the_log(web: Web, person: Person) -> None:
    """D1: after everything above, and a few tries more."""
    browser = Browser(web.replicas[0].url)
    browser.sign_in(person)
    browser.get(f"/password/reset?t=geheimnis&login={person.login}")
    browser.get(f"/{person.login}")
    log = web.log()
    assert "/sign-in" in log, "the log is there"
    typed = ("yolanda", "grumpf", "quittenbrot", "brombeerhecke", "geheimnis", "203.0.113.", "198.51.", SECRET.lower())
    assert [word for word in typed if word in log.lower()] == []
    assert browser.cookies[SESSION] not in log and "Traceback" not in log


def test_the_demo_shows_nothing_here(browser: Browser) -> None:
    assert browser.get("/demo/outbox").status_code == 404
    assert "Demo" not in browser.get("/sign-in").text


def test_the_language_of_the_address_outlives_the_sign_in(browser: Browser, person: Person) -> None:
    def onward(query: str) -> str:
        return browser.get(f"/sign-in?{query}").headers["location"]

    browser.sign_in(person)
    assert onward("lang=fr") == "/security?lang=fr" and onward("") == "/security"
    assert onward("lang=fr&continue=%2Fpassword%3Fa%3Db%23c") == "/password?a=b&lang=fr#c"
    assert onward("lang=fr&continue=%2Fpassword%3Flang%3Den") == "/password?lang=en"
    assert onward("lang=fr&continue=%2Foauth%2Fresume%3Fid%3Dx") == "/oauth/resume?id=x", "a client's own request"
    assert browser.get(onward("lang=fr")).text.count('<html lang="fr"') == 1
