"""Two processes on one store: every value that works once works once, every limit holds, every end is seen (F4, O5)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from tests.signin.rfc6238 import totp
from tests.signin.web import Browser, Web, serving
from tests.stores import KINDS, Databases

SESSION = "__Host-session-client-area"


@pytest.fixture(scope="module", params=KINDS)
def web(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    kind = str(request.param)
    with serving(kind, databases, tmp_path_factory.mktemp(f"replicas-{kind}")) as found:
        yield found


def test_a_code_is_accepted_by_one_replica_only(web: Web) -> None:
    """S3, F4: four browsers at the second step, two at each replica, the same code at the same moment."""
    (person,) = web.add(1, totp=True)
    browsers = [Browser(web.replicas[n % 2].url, f"203.0.113.{n + 1}") for n in range(4)]
    for browser in browsers:
        browser.get(browser.sign_in(person).headers["location"])
    code = totp(at=datetime.now(UTC))
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda browser: browser.send(code=code).status_code, browsers))
    assert sorted(answers) == [303, 422, 422, 422]
    assert sum(SESSION in browser.cookies for browser in browsers) == 1


def test_guesses_are_counted_together(web: Web) -> None:
    """S10, F4: thirty at once at two replicas are looked at no more often than five times."""
    (person,) = web.add(1)
    browsers = [Browser(web.replicas[n % 2].url, f"198.51.100.{n + 1}") for n in range(20)]
    for browser in browsers:
        browser.get("/sign-in")
    with ThreadPoolExecutor(20) as pool:
        send = lambda browser: browser.send(login=person.login, password="wrong").status_code  # noqa: E731
        answers = list(pool.map(send, browsers))
    # A second or two may pass meanwhile on a busy machine, and let one more be looked at.
    assert 5 <= answers.count(422) <= 7 and answers.count(429) >= 13


def test_no_field_hides_a_guess_from_the_count(web: Web) -> None:
    """S11, F4: twenty at once at two replicas, each with something like a recovery code beside the password."""
    (person,) = web.add(1, totp=True)
    browsers = [Browser(web.replicas[n % 2].url, f"198.51.101.{n + 1}") for n in range(20)]
    for browser in browsers:
        browser.get("/sign-in")
    with ThreadPoolExecutor(20) as pool:
        told = {"login": person.login, "password": "wrong", "code": "ZZZZ-ZZZZ-ZZZZ-ZZZZ"}
        answers = list(pool.map(lambda browser: browser.send(**told).status_code, browsers))
    assert 5 <= answers.count(422) <= 7 and answers.count(429) >= 13


def test_a_known_browser_guesses_codes_no_faster_at_two_replicas(web: Web) -> None:
    """S11, F4: sixteen half sign-ins of one known browser, their codes sent at the same moment."""
    (person,) = web.add(1, totp=True)
    home = Browser(web.replicas[0].url, "203.0.113.77")
    home.get(home.sign_in(person).headers["location"])
    assert home.send(code=totp(at=datetime.now(UTC))).status_code == 303
    kept = {name: value for name, value in home.cookies.items() if name != SESSION}
    browsers = [Browser(web.replicas[n % 2].url, "203.0.113.77", dict(kept)) for n in range(8)]
    for browser in browsers:
        browser.get(browser.sign_in(person).headers["location"])
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: browsers[n % 8].send(code=f"{n:06}").status_code, range(24)))
    assert 10 <= answers.count(422) <= 12 and answers.count(429) >= 12


def test_an_end_is_seen_by_the_next_request_everywhere(web: Web) -> None:
    """S6, O5."""
    (person,) = web.add(1)
    browser = Browser(web.replicas[0].url, "203.0.113.90")
    browser.sign_in(person)
    elsewhere = Browser(web.replicas[1].url, "203.0.113.90", dict(browser.cookies))
    assert elsewhere.get("/security").status_code == 200
    browser.get("/sign-out")
    browser.send()
    assert elsewhere.get("/security").status_code == 303
