"""Staff handle requests of persons on a page: the same register, letters and two persons as `gateway requests`."""

from __future__ import annotations

import html
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from messages.catalogue import translate
from policy.purposes import Purpose
from policy.requests import RequestKind, RequestState, RequestWay
from policy.restricting import Ground
from tests.gateway.servers import command
from tests.pages.test_staff_sign_in import Site, sign_in, staffed

PATH = "/staff/requests"
MINE = "{ me { customerNumber familyName productNews requests(first: 20) { nodes { kind state way because } } } }"
READ = "{ me { accesses(first: 20) { nodes { client purpose reference person { role code } } } } }"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two of the support, and an auditor, who only reads."""
    members = (("CARE-3", "support"), ("CARE-4", "support"), ("LG-7", "auditor"))
    with staffed(tmp_path_factory.mktemp("handling"), *members) as found:
        yield found


class Person:
    """The customer of the demo, as they see themselves."""

    def __init__(self, site: Site) -> None:
        listed = httpx.get(f"{site.server.url}/demo/tokens", timeout=60).json()["tokens"]
        self.token = next(each["token"] for each in listed if each["name"] == "customer")
        self.url = f"{site.server.url}/graphql"

    def ask(self, query: str) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        answer = httpx.post(self.url, json={"query": query}, headers=headers, timeout=60).json()
        assert "errors" not in answer, answer
        return answer["data"]["me"]

    def newest(self) -> dict[str, Any]:
        return dict(self.ask(MINE)["requests"]["nodes"][0])


@pytest.fixture(scope="module")
def person(site: Site) -> Person:
    return Person(site)


@pytest.fixture
def care(site: Site) -> Iterator[httpx.Client]:
    """CARE-3, signed in."""
    site.company.person, site.company.changes = "CARE-3", {}
    with site.browser() as found:
        assert sign_in(found).headers["location"] == PATH
        yield found


def send(browser: httpx.Client, do: str, request: str = "", status: int = 303, **fields: str) -> httpx.Response:
    """Send one of the page's forms."""
    (form,) = set(re.findall(r'name="form" value="([^"]+)"', browser.get(PATH).text))
    answer = browser.post(PATH, data={"form": form, "do": do, "request": request} | fields)
    assert answer.status_code == status, answer.text
    return answer


def opened(browser: httpx.Client, person: Person, kind: str, **fields: str) -> str:
    number = person.ask(MINE)["customerNumber"]
    more = {"number": number, "kind": kind, "way": "TELEPHONE", "reference": "REQ-12"} | fields
    return httpx.URL(send(browser, "open", **more).headers["location"]).params["request"]


def signed(site: Site, browser: httpx.Client, request: str, code: str) -> str:
    """The signature of what the page shows, as somebody at a terminal makes it."""
    page = browser.get(PATH, params={"request": request}).text
    (text,) = re.findall(r"<pre>(.*?)</pre>", page, re.S)
    (namespace,) = set(re.findall(r"sign -n (\S+?)<", page))
    file = site.folder / "text"
    Path(f"{file}.sig").unlink(missing_ok=True)
    file.write_text(html.unescape(text).strip("\n") + "\n")
    key = str(site.folder / code)
    subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", key, str(file)], check=True)
    return Path(f"{file}.sig").read_text()


def test_an_act_is_carried_out_and_the_person_sees_who_looked(site: Site, care: httpx.Client, person: Person) -> None:
    """Nothing before it was checked who asks; the person is read for RIGHTS_HANDLING on the case."""
    request = opened(care, person, "OPT_OUT")
    shown = care.get(PATH, params={"request": request}).text
    name = person.ask("{ me { fullName } }")["fullName"]
    assert html.escape(name) in shown
    assert "not verified yet" in send(care, "carry-out", request, 422).text
    send(care, "verify", request, because="Asked back by the known number")
    send(care, "carry-out", request)
    assert person.ask(MINE)["productNews"] is False
    assert person.newest() == {"kind": "OPT_OUT", "state": "ACCEPTED", "way": "TELEPHONE", "because": None}
    for _ in range(60):
        reads = [each for each in person.ask(READ)["accesses"]["nodes"] if each["purpose"] == "RIGHTS_HANDLING"]
        if reads:
            break
        time.sleep(0.5)
    assert (reads[0]["client"], reads[0]["reference"], reads[0]["person"]["role"]) == (
        "requests-page",
        "REQ-12",
        "SUPPORT",
    )
    acts = json.loads(command(["audit", "acts", "--format", "json"], site.folder).stdout)["acts"]
    mine = [(each["act"], each["state"], each["target"]) for each in acts if each["staff"] == "CARE-3"]
    assert ("requests carry-out", "DONE", request) in mine and ("requests carry-out", "FAILED", None) in mine


def test_the_page_speaks_the_language_of_staff_and_shows_the_whole_address(care: httpx.Client, person: Person) -> None:
    """No sentence of the policy is left in English, and no word of the program stands for one."""
    request = opened(care, person, "OBJECTION", purpose="ACCOUNT_SECURITY")
    shown = html.unescape(care.get(PATH, params={"request": request, "lang": "fr"}).text)
    listed = html.unescape(care.get(PATH, params={"lang": "fr"}).text)
    english = {row.text for rows in (RequestKind, RequestState, RequestWay, Ground, Purpose) for row in rows}
    assert {text for text in english if text in shown} == set()
    # The choice of purposes is the list of a form, by their names.
    assert {row.text for rows in (RequestKind, RequestState, RequestWay) for row in rows if row.text in listed} == set()
    assert translate(RequestState.RECEIVED.text, "fr") in shown and "ACCOUNT_SECURITY" not in shown
    address = person.ask("{ me { postalAddress { formatted } } }")["postalAddress"]["formatted"]
    assert ", ".join(address) in shown


def test_a_copy_takes_two_persons(site: Site, care: httpx.Client, person: Person) -> None:
    request = opened(care, person, "COPY")
    assert "two persons" in send(care, "verify", request, 422, because="Known number").text
    send(care, "verify", request, because="Known number", signature=signed(site, care, request, "CARE-3"))
    again = send(care, "carry-out", request, 422, signature=signed(site, care, request, "CARE-3"))
    assert "Somebody else" in again.text
    send(care, "carry-out", request, signature=signed(site, care, request, "CARE-4"))
    assert person.newest()["state"] == "ACCEPTED"


def test_a_correction_time_and_a_refusal(care: httpx.Client, person: Person) -> None:
    request = opened(care, person, "CORRECTION")
    send(care, "verify", request, because="Known number")
    send(care, "correct", request, 422, because="Your phone", phone="no number")
    send(care, "correct", request, because="Your family name", familyName="Meyer", givenName="")
    assert person.ask(MINE)["familyName"] == "Meyer" and person.newest()["because"] == "Your family name"
    request = opened(care, person, "RESTRICTION")
    send(care, "pause", request, because="Please tell us your number")
    assert person.newest()["state"] == "PAUSED"
    send(care, "resume", request)
    send(care, "extend", request, because="There is much to look at")
    send(care, "extend", request, 422, because="Again")
    send(care, "refuse", request, because="It repeats what was answered")
    assert (person.newest()["state"], person.newest()["because"]) == ("REFUSED", "It repeats what was answered")
    assert "REFUSED" not in care.get(PATH).text and "Refused" not in care.get(PATH).text
    assert request in care.get(f"{PATH}?all=yes").text and request not in care.get(PATH).text
    assert care.get(PATH, params={"request": "4711"}).status_code == 404
    send(care, "destroy", request, 422)


def test_an_auditor_looks_and_changes_nothing(site: Site, care: httpx.Client, person: Person) -> None:
    request = opened(care, person, "SIGN_OUT")
    site.company.person = "LG-7"
    with site.browser() as auditor:
        assert sign_in(auditor).headers["location"] == "/audit"
        page = auditor.get(f"{PATH}?lang=fr")
        assert request in page.text and "Demandes ouvertes" in page.text and "<form" not in page.text
        (form,) = set(re.findall(r'data-form="([^"]+)"', auditor.get("/audit").text))
        refused = auditor.post(PATH, data={"form": form, "do": "withdraw", "request": request})
        assert refused.status_code == 403
    assert person.newest()["state"] == "RECEIVED"
    send(care, "withdraw", request)


def test_who_is_not_signed_in_sees_nothing(site: Site, care: httpx.Client) -> None:
    assert care.post("/audit/facts", data={"form": "x"}).status_code == 403
    with site.browser() as stranger:
        answer = stranger.get(PATH)
        assert (answer.status_code, answer.headers["location"]) == (303, "/audit/sign-in")
    other = {"sec-fetch-site": "cross-site"}
    form = re.findall(r'name="form" value="([^"]+)"', care.get(PATH).text)[0]
    assert care.post(PATH, data={"form": form, "do": "open"}, headers=other).status_code == 403
