"""The data map at /audit: the facts of the public API, for eyes, keyboards and screen readers, in two languages."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.gateway.browser import Page
from tests.gateway.conftest import Demo
from tests.gateway.servers import command, running
from tests.pages.axe import appearance, faults
from tests.programs import needs

pytestmark = needs("chromium", "npm")

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
    whens = [use["when"] for each in fields for use in each["purposes"]]
    assert number(page, "td.condition") == sum(when is not None for when in whens) > 0
    assert number(page, "td.always") == sum(when is None for when in whens)
    assert number(page, "#clients article") == len(facts["clients"]["clients"])
    assert number(page, "#flow .node.at2") > 0

    page.choose("#by-purpose", "PRODUCT_NEWS")
    news = [each for each in fields if any(use["name"] == "PRODUCT_NEWS" for use in each["purposes"])]
    assert number(page, "tbody tr:not(.type)") >= len(news) > 0
    shown = f"{len(news)} of {len(fields)} fields, {len(news)} allowed pairs"
    assert page.evaluate("document.querySelector('#shown').textContent") == shown
    assert number(page, "#flow .node.at1") == 1
    page.click(".filters button")
    assert number(page, "td.always") == sum(when is None for when in whens)


def test_a_cell_explains_itself_to_a_keyboard(demo: Demo, page: Page) -> None:
    opened(page, demo)
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    page.choose("#by-category", "PHONE")
    page.evaluate("document.querySelector('td[tabindex=\"0\"]').focus()")
    first = page.evaluate(TOLD)
    press(page, "ArrowRight")
    page.until(f"{TOLD} !== {json.dumps(first)}")
    assert number(page, "td[tabindex='0']") == 1, "one stop of the tab key for the whole grid"
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    coordinate, _, rest = label.partition(", ")
    purpose, _, verdict = rest.partition(": ")
    assert f"{coordinate} may{'' if verdict == 'readable' else ' not'} be read for {purpose}" in page.evaluate(TOLD)
    page.evaluate(
        "[...document.querySelectorAll('td.always')].find(each => each.ariaLabel.includes('EMERGENCY')).focus()"
    )
    assert "Network operations" in page.evaluate(TOLD), "and says who can read it"


def test_the_picture_can_be_followed_with_a_keyboard(demo: Demo, page: Page) -> None:
    opened(page, demo)
    page.call("Emulation.setFocusEmulationEnabled", enabled=True)
    page.evaluate("document.querySelector('.node[data-name=\"2 REGISTRY\"]').focus()")
    press(page, "Enter")
    page.until("document.querySelector('svg.following')")
    lit = page.evaluate("[...document.querySelectorAll('.node.lit')].map(each => each.dataset.name).join()")
    assert "1 DOMAIN_REGISTRATION" in lit and "1 PRODUCT_NEWS" not in lit


def test_it_prints_without_its_controls(demo: Demo, page: Page) -> None:
    opened(page, demo)
    appearance(page, "dark", media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.told')).display") == "none"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.call("Page.printToPDF", preferCSSPageSize=True)["data"]


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
