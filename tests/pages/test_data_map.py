"""The data map at /audit: the facts of the public API, for eyes, keyboards and screen readers, in two languages."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.gateway.browser import Page, browser
from tests.gateway.conftest import Demo
from tests.gateway.servers import command, running
from tests.pages.axe import appearance, faults
from tests.pages.company import CLIENT, SECRET, company
from tests.programs import needs, program

pytestmark = needs("chromium", "npm", "pdftotext")

PHONE, DESKTOP = (390, 844), (1300, 850)
DRAWN = "document.querySelector('#promises')"
MATRIX = "{ audit { matrix { fields { coordinate purposes { name when } } } clients { clients { name } } } }"
TOLD = "document.querySelector('.told').textContent"


def opened(page: Page, demo: Demo, language: str = "en", size: tuple[int, int] = DESKTOP) -> None:
    page.open(f"{demo.server.url}/audit?lang={language}", *size)
    page.until(DRAWN)


def told(demo: Demo, http: httpx.Client) -> dict:
    """What the API says."""
    answer = http.post(demo.url, json={"query": MATRIX}, headers=demo.headers("auditor"))
    return answer.json()["data"]["audit"]


def press(page: Page, key: str) -> None:
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key)


def number(page: Page, selector: str) -> int:
    return int(page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))


@pytest.mark.parametrize(("language", "size"), [("en", PHONE), ("fr", PHONE), ("en", DESKTOP), ("fr", DESKTOP)])
def test_everybody_can_use_it(demo: Demo, page: Page, axe: str, language: str, size: tuple[int, int]) -> None:
    """G10: no complaint of the policy, no address but ours, nothing kept; and axe-core finds nothing serious."""
    opened(page, demo, language, size)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
    for scheme in ("light", "dark"):
        appearance(page, scheme)
        assert faults(page, axe) == [], scheme
    assert page.complaints == []
    assert all(each.startswith((demo.server.url, "data:", "about:")) for each in page.requested)
    kept = "Object.values({...localStorage, ...sessionStorage}).join() + document.cookie"
    assert page.evaluate(kept) == ""


def test_it_shows_what_the_api_says_and_filters_it(demo: Demo, page: Page, http: httpx.Client) -> None:
    facts = told(demo, http)
    fields = facts["matrix"]["fields"]
    opened(page, demo)
    page.click("#open-all")
    whens = [use["when"] for each in fields for use in each["purposes"]]
    assert number(page, ".field td.condition") == sum(when is not None for when in whens) > 0
    assert number(page, ".field td.always") == sum(when is None for when in whens)
    assert number(page, "#clients article") == len(facts["clients"]["clients"])
    assert number(page, "#flow .node.at2") > 0

    page.choose("#by-purpose", "PRODUCT_NEWS")
    news = [each for each in fields if any(use["name"] == "PRODUCT_NEWS" for use in each["purposes"])]
    assert number(page, "tbody tr.field") == len(news) > 0
    shown = f"{len(news)} of {len(fields)} fields, {len(news)} allowed pairs"
    assert page.evaluate("document.querySelector('#shown').textContent") == shown
    assert number(page, "#flow .node.at1") == 1
    page.click(".filters button")
    assert number(page, ".field td.always") == sum(when is None for when in whens), "what was opened stays open"


def test_the_summary_fits_a_screen_and_speaks_words(demo: Demo, page: Page) -> None:
    opened(page, demo, size=(1280, 850))
    assert number(page, "tbody tr.field") == 0 and number(page, "tbody tr.category") > 15
    assert page.evaluate(
        "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.split .scroll'))"
    )
    heads = page.evaluate("[...document.querySelectorAll('thead th, tbody th')].map(each => each.textContent)")
    assert "Invoices" in heads and not [each for each in heads if "_" in each]
    page.click(".opens")
    assert number(page, "tbody tr.field") > 0


def test_each_answer_is_a_file(demo: Demo, page: Page, http: httpx.Client, tmp_path: Path) -> None:
    """CSV by RFC 4180, and no cell that a spreadsheet would carry out."""
    opened(page, demo)
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    names = page.evaluate("[...document.querySelectorAll('#answers [data-table]')].map(each => each.dataset.table)")
    assert len(names) == number(page, "#answers dt") == 7
    for name in names:
        page.click(f"#answers [data-table={name}]")
        until(lambda name=name: list(tmp_path.glob(f"{name}-*.csv")))
    (held,) = tmp_path.glob("held-*.csv")
    text = held.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf") and text.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    pairs = {(row["field"], row["purpose"], row["condition"]) for row in rows if row["purpose"]}
    fields = told(demo, http)["matrix"]["fields"]
    assert pairs == {
        (each["coordinate"], use["name"], use["when"] or "") for each in fields for use in each["purposes"]
    }
    made = page.evaluate(
        "import('/static/audit/csv.js').then(({csv}) => csv(['a'], [['=1+1'], ['-2'], ['x,\"y\"\\n']]))"
    )
    assert made == '\ufeffa\r\n\'=1+1\r\n\'-2\r\n"x,""y""\n"\r\n'


def until(true: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_cell_explains_itself_to_a_keyboard(demo: Demo, page: Page) -> None:
    opened(page, demo)
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    page.choose("#by-category", "PHONE")
    page.evaluate("document.querySelector('.field td').focus()")
    first = page.evaluate(TOLD)
    press(page, "ArrowRight")
    page.until(f"{TOLD} !== {json.dumps(first)}")
    assert number(page, "td[tabindex='0']") == 1, "one stop of the tab key for the whole grid"
    assert number(page, "td:focus") == 1
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    coordinate, _, rest = label.partition(", ")
    purpose, _, verdict = rest.partition(": ")
    assert f"{coordinate} may{'' if verdict == 'readable' else ' not'} be read for {purpose}" in page.evaluate(TOLD)
    page.evaluate(
        "[...document.querySelectorAll('td.always')].find(each => each.ariaLabel.includes('Call in an em')).focus()"
    )
    assert "Network operations" in page.evaluate(TOLD), "and says who can read it"


def test_the_picture_can_be_followed_with_a_keyboard(demo: Demo, page: Page) -> None:
    opened(page, demo)
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    assert number(page, "#flow .node.at0") == 1, "one datum at first"
    assert number(page, "#flow .node[data-name='1 SELF_SERVICE']") == 0
    page.click("#own")
    assert number(page, "#flow .node[data-name='1 SELF_SERVICE']") == 1
    page.choose("#follow", "")
    assert number(page, "#flow .node.at0") > 10
    page.evaluate("document.querySelector('.node[data-name=\"2 REGISTRY\"]').focus()")
    press(page, "Enter")
    page.until("document.querySelector('svg.following')")
    lit = page.evaluate("[...document.querySelectorAll('.node.lit')].map(each => each.dataset.name).join()")
    assert "1 DOMAIN_REGISTRATION" in lit and "1 PRODUCT_NEWS" not in lit


def test_it_prints_on_a4_without_its_controls(demo: Demo, page: Page, tmp_path: Path) -> None:
    opened(page, demo)
    appearance(page, "dark", media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.told')).display") == "none"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    printed = tmp_path / "map.pdf"
    printed.write_bytes(b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"]))
    done = subprocess.run([program("pdftotext"), "-layout", printed, "-"], capture_output=True, text=True, check=True)
    sheets = done.stdout.split("\f")[:-1]
    assert 2 <= len(sheets) <= 9, "the matrix by categories, not four hundred lines"
    assert "What is held?" in sheets[0] and "schema" in sheets[0], "answers first, with the date and the schema"
    assert "Is the ledger whole?" in done.stdout and "cases" in done.stdout
    for control in ("Print, or save", "Show everything", "CSV", "Evidence", "Français"):
        assert control not in done.stdout
    info = subprocess.run(["pdfinfo", printed], capture_output=True, text=True, check=True).stdout
    assert "A4" in info


def test_erasures_due_are_a_time_line(demo: Demo, page: Page, http: httpx.Client) -> None:
    query = "{ audit { erasures { due { day cases } } } }"
    due = http.post(demo.url, json={"query": query}, headers=demo.headers("auditor")).json()["data"]["audit"][
        "erasures"
    ]["due"]
    opened(page, demo)
    assert number(page, ".timeline > li") == len({each["day"][:7] for each in due}) > 1
    cases = page.evaluate(
        "[...document.querySelectorAll('.timeline meter')].reduce((all, each) => all + each.value, 0)"
    )
    assert cases == sum(each["cases"] for each in due)
    page.click(".timeline summary")
    assert number(page, ".timeline details[open] li") >= 1


def test_staff_sign_in_with_the_company(tmp_path: Path, axe: str) -> None:
    """From the button to the company's provider, back to the map, and out again."""
    with company() as there:
        settings = {
            "GATEWAY_STAFF_ISSUER": there.issuer,
            "GATEWAY_STAFF_CLIENT_ID": CLIENT,
            "GATEWAY_STAFF_CLIENT_SECRET": SECRET,
        }
        with running(["-m", "gateway", "demo"], tmp_path, **settings) as server, browser(tmp_path / "profile") as page:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
            added = command(["staff", "add", "LG-7", "--role", "auditor", "--key", str(tmp_path / "key.pub")], tmp_path)
            assert added.returncode == 0, added.stderr
            page.open(f"{server.url}/audit?lang=en")
            page.until("document.querySelector('a.button')")
            assert faults(page, axe) == []
            page.click("a.button")
            page.until(DRAWN)
            assert "Signed in as LG-7" in page.evaluate("document.querySelector('#person').textContent")
            assert faults(page, axe) == []
            page.click("#person button")
            page.until("document.querySelector('a.button')")
            assert page.complaints == []


def test_without_the_demo_one_brings_a_token(tmp_path: Path, page: Page, axe: str) -> None:
    assert command(["db", "upgrade"], tmp_path).returncode == 0
    with running(["-m", "gateway", "serve"], tmp_path, GATEWAY_ISSUER="https://data.example") as server:
        page.open(f"{server.url}/audit?lang=en")
        page.until("document.querySelector('#token')")
        assert faults(page, axe) == []
        page.evaluate("document.querySelector('#token').value = 'nothing'")
        page.click(".entrance button")
        page.until("document.querySelector('#state').textContent.startsWith('The gateway refused: ')")
        assert not page.evaluate(DRAWN)
