"""`/cookies`, one-click unsubscribing and Global Privacy Control, over HTTP (R13, R28, R29; RFC 8058)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select, update

from gateway.signin.frame.cookies import Cookies
from policy.wordings import VERSION
from store.database.store import Store
from store.links.unsubscribing import unsubscribe_token
from store.tables.consents import cookie_choices
from store.tables.customers import customers
from tests.signin.people import Person
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases

COOKIE = "__Host-choices"
CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(scope="module")
def web(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving("sqlite", databases, tmp_path_factory.mktemp("choices"), replicas=1) as found:
        yield found


@pytest.fixture
def browser(web: Web) -> Browser:
    return Browser(web.replicas[0].url, "203.0.113.77")


def news(web: Web, person: Person) -> bool:
    async def work(store: Store) -> bool:
        async with store.write() as connection:
            found = select(customers.c.product_news).where(customers.c.id == person.id)
            return bool(await connection.scalar(found))

    return web.on_store(work)


def welcome(web: Web, person: Person) -> str:
    """Switch news on, and make the address that a message of news has."""

    async def work(store: Store) -> str:
        async with store.write() as connection:
            change = update(customers).where(customers.c.id == person.id).values(product_news=True)
            await connection.execute(change)
        return await unsubscribe_token(store.keys.system, person.id)

    return f"/unsubscribe/{web.on_store(work)}"


def test_no_cookie_but_our_own_before_a_choice_and_refusing_is_as_easy(browser: Browser) -> None:
    """R28."""
    page = browser.get("/cookies")
    assert "nothing is measured" in page.text and COOKIE not in browser.cookies
    accept, refuse = (page.text.split(f'value="{word}"')[0].rpartition("<button")[2] for word in ("yes", "no"))
    assert accept.split() == refuse.split()
    assert "unsafe" not in page.headers["content-security-policy"] and "Sec-GPC" in page.headers["vary"]


@pytest.mark.parametrize("control", [{}, {"Sec-GPC": "1"}])
def test_before_a_choice_and_after_a_refusal_only_needed_cookies_are_set(
    browser: Browser, control: dict[str, str]
) -> None:
    """R28: of every page that anybody can open; the names are those of `Cookies`, and no other one."""
    cookies = Cookies(secure=COOKIE.startswith("__Host-"))
    needed = {cookies.form, cookies.device, cookies.pending}

    def given() -> set[str]:
        found = set[str]()
        for path in ("/cookies", "/sign-in", "/forgotten", "/registrant", "/", "/notice", "/nowhere"):
            answer = browser.get(path, **control)
            found |= {each.partition("=")[0] for each in answer.headers.get_list("set-cookie")}
        return found

    assert given() <= needed
    browser.get("/cookies")
    answer = browser.send(measurement="no")
    set_now = [each for each in answer.headers.get_list("set-cookie") if "max-age=0" not in each.lower()]
    assert {each.partition("=")[0] for each in set_now} <= needed | {COOKIE}
    assert given() <= needed


def test_a_choice_holds_from_the_next_response_and_can_be_changed(browser: Browser) -> None:
    """R29: six months at most, and refusing deletes what an earlier choice had set."""
    browser.get("/cookies")
    page = browser.send(measurement="yes")
    assert "You accepted measurement" in page.text
    assert browser.cookies[COOKIE].startswith(f"{VERSION}~yes~")
    life = next(each for each in page.headers.get_list("set-cookie") if each.startswith(COOKIE))
    assert 15_000_000 < int(life.lower().partition("max-age=")[2].partition(";")[0]) <= 15_900_000
    assert "You accepted measurement" in browser.get("/cookies").text
    page = browser.send(measurement="no")
    assert "You refused measurement" in page.text and "~no~" in browser.cookies[COOKIE]
    gone = [each for each in page.headers.get_list("set-cookie") if each.startswith("measurement=")]
    assert gone and "max-age=0" in gone[0].lower()
    assert browser.send(measurement="maybe").status_code == 400


def test_an_old_sentence_is_no_consent(browser: Browser) -> None:
    browser.get("/cookies")
    browser.cookies[COOKIE] = "2019-01~yes~2019-01-01"
    assert "You accepted" not in browser.get("/cookies").text
    browser.cookies[COOKIE] = "nonsense"
    assert "You have not chosen" in browser.get("/cookies").text


@pytest.mark.parametrize(("sent", "heard"), [("1", True), ("0", False), ("true", False), ("", False)])
def test_global_privacy_control_counts_only_as_one(web: Web, sent: str, heard: bool) -> None:
    page = httpx.get(web.replicas[0].url + "/cookies", headers={"Sec-GPC": sent, "Host": "data.example"})
    assert ("Global Privacy Control" in page.text) is heard


def test_an_explicit_choice_wins_over_the_browsers_signal(browser: Browser) -> None:
    browser.get("/cookies")
    browser.send(measurement="yes")
    page = browser.get("/cookies")
    assert "You accepted measurement" in page.text


def test_the_signal_is_announced(web: Web) -> None:
    found = httpx.get(web.replicas[0].url + "/.well-known/gpc.json")
    assert found.headers["content-type"] == "application/json"
    assert found.json()["gpc"] is True and set(found.json()) == {"gpc", "lastUpdate"}


def test_who_is_signed_in_has_the_choice_on_record(web: Web, browser: Browser) -> None:
    person = web.add(1)[0]
    browser.sign_in(person)
    browser.get("/cookies")
    assert browser.send(measurement="yes").status_code == 200

    async def work(store: Store) -> list[bool]:
        async with store.write() as connection:
            mine = select(cookie_choices.c.measurement).where(cookie_choices.c.customer_id == person.id)
            return list((await connection.scalars(mine)).all())

    assert web.on_store(work) == [True]


def test_the_link_is_on_every_page(browser: Browser) -> None:
    """R29: "Edit my choices"."""
    for path in ("/sign-in", "/password/forgot", "/sign-out", "/cookies", "/audit", "/", "/developers"):
        assert "Edit my choices" in browser.get(path, accept="text/html").text, path
    assert "Modifier mes choix" in browser.get("/sign-in", accept_language="fr").text


def test_following_the_link_stops_nothing_and_one_click_does(web: Web, browser: Browser) -> None:
    """RFC 8058: scanners follow links; mail programs post, with neither cookie nor form token."""
    person = web.add(1)[0]
    address = welcome(web, person)
    page = browser.get(address)
    assert page.status_code == 200 and "One-Click" in page.text and news(web, person)
    posted = httpx.post(web.replicas[0].url + address, data=CLICK)
    assert posted.status_code == 200 and "no more news" in posted.text and not news(web, person)
    assert httpx.post(web.replicas[0].url + address, data=CLICK).status_code == 200


@pytest.mark.parametrize(
    "body",
    ["List-Unsubscribe=One-Click\r\n", "List-Unsubscribe=One%2DClick", "List%2DUnsubscribe=One-Click\n",
     "\r\nList-Unsubscribe=One-Click",
     "x=1&List-Unsubscribe=One-Click"],
)  # fmt: skip
def test_one_click_in_every_spelling_of_a_form(web: Web, body: str) -> None:
    """RFC 8058 section 3.2: percent-encoded or not, with a line end or without."""
    person = web.add(1)[0]
    url = web.replicas[0].url + welcome(web, person)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert httpx.post(url, content=body.replace("Click", "Clock"), headers=headers).status_code == 400
    assert news(web, person)
    assert httpx.post(url, content=body, headers=headers).status_code == 200 and not news(web, person)


def test_the_other_form_of_one_click(web: Web) -> None:
    person = web.add(1)[0]
    url = web.replicas[0].url + welcome(web, person)
    assert httpx.post(url, data={"List-Unsubscribe": "Perhaps"}).status_code == 400 and news(web, person)
    assert httpx.post(url, files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert not news(web, person)


@pytest.mark.parametrize(
    "part",
    [
        'Content-Disposition: form-data; name="List-Unsubscribe"\r\nContent-Type: text/plain; charset=utf-8',
        'Content-Type: text/plain\r\nContent-Disposition: form-data; name="List-Unsubscribe"',
        "content-disposition: form-data; name=List-Unsubscribe",
    ],
)
def test_a_part_may_have_headers_of_its_own(web: Web, part: str) -> None:
    """H9; RFC 7578 section 4.4."""
    person = web.add(1)[0]
    url = web.replicas[0].url + welcome(web, person)
    body = (
        f'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--b\r\n{part}\r\n\r\nOne-Click\r\n--b--\r\n'
    )
    headers = {"content-type": 'Multipart/Form-Data; boundary="b"'}
    assert httpx.post(url, content=body.replace("One-Click", "Two"), headers=headers).status_code == 400
    assert httpx.post(url, content=body[:-8], headers=headers).status_code == 400, "it is cut off"
    assert news(web, person)
    assert httpx.post(url, content=body, headers=headers).status_code == 200
    assert not news(web, person)


def test_who_has_no_link_of_ours_need_not_send_a_body(web: Web) -> None:
    """The link's proof is looked at before the body is read (G12)."""
    replica = web.replicas[0]
    with socket.create_connection(("127.0.0.1", replica.port), timeout=10) as connection:
        head = "POST /unsubscribe/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        connection.sendall(f"{head}Content-Length: 60000\r\n\r\n".encode())
        assert connection.recv(1_000).startswith(b"HTTP/1.1 404")


def test_an_address_we_never_gave_says_so(web: Web) -> None:
    person = web.add(1)[0]
    address = welcome(web, person)
    wrong = address[:-2] + ("AA" if not address.endswith("AA") else "BB")
    for path in (wrong, "/unsubscribe/x", "/unsubscribe/%00"):
        answer = httpx.post(web.replicas[0].url + path, data=CLICK)
        assert answer.status_code == 404, path
    assert news(web, person)
    assert httpx.request("PUT", web.replicas[0].url + address).status_code == 405
