"""The company's own look, and what a browser is told where a program gets problem details."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from gateway.config.settings import SettingsError, read
from gateway.http.brand import DARK, LIGHT, READABLE, Rgb, contrast, style
from tests.gateway.conftest import Demo
from tests.gateway.servers import running

HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def colours(sheet: str) -> list[Rgb]:
    return [(int(r, 16), int(g, 16), int(b, 16)) for r, g, b in re.findall("#(..)(..)(..)", sheet)]


@pytest.mark.parametrize("colour", ["#1f5f5b", "#ffffff", "#000000", "#ffd400", "#e00074", "#0000ff"])
def test_any_colour_becomes_one_that_everybody_can_read(colour: str) -> None:
    light, dark = colours(style(colour))
    assert contrast(light, LIGHT) >= READABLE and contrast(dark, DARK) >= READABLE


def test_a_colour_that_is_readable_stays_as_it_is() -> None:
    assert style("#1F5F5B").startswith(":root { --house: #1f5f5b; }")
    assert style("") == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_SITE_COLOUR", "teal"),
        ("GATEWAY_SITE_LOGO", "/nowhere/logo.svg"),
        ("GATEWAY_SITE_LINKS", '{"Help": "javascript:alert(1)"}'),
        ("GATEWAY_SITE_LINKS", "[1]"),
    ],
)
def test_what_cannot_be_shown_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read({name: value}, demo=True)


def test_graphiql_is_for_the_demo_unless_it_is_asked_for() -> None:
    issuer = {"GATEWAY_ISSUER": "https://data.example.com"}
    assert not read(issuer).graphiql and read(issuer | {"GATEWAY_GRAPHIQL": "yes"}).graphiql
    assert read({}, demo=True).graphiql


def test_name_logo_colour_and_links_reach_the_client_area(tmp_path: Path) -> None:
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    settings = {
        "GATEWAY_SITE_NAME": "Lakeside <Hosting>",
        "GATEWAY_SITE_LOGO": str(logo),
        "GATEWAY_SITE_COLOUR": "#884400",
        "GATEWAY_SITE_LINKS": '{"Help": "https://help.example.com/"}',
    }
    with running(["-m", "gateway", "demo"], tmp_path, **settings) as found, httpx.Client(base_url=found.url) as http:
        page = http.get("/", headers=HTML).text
        assert "Lakeside &lt;Hosting&gt;" in page and 'href="https://help.example.com/"' in page
        assert http.get("/brand/logo").text == logo.read_text()
        assert "#884400" in http.get("/brand/style.css").text
        assert "Lakeside &lt;Hosting&gt;" in http.get("/sign-in", headers=HTML).text


def test_people_get_a_page_and_programs_get_problem_details(demo: Demo, http: httpx.Client) -> None:
    for path in ("/nowhere", "/erasures/of-nobody", "/static/nothing.js"):
        page = http.get(f"{demo.server.url}{path}", headers=HTML | {"accept-language": "fr"})
        assert page.status_code == 404 and page.headers["content-type"].startswith("text/html"), path
        assert "Cette page n&#39;existe pas" in page.text and 'lang="fr"' in page.text
        assert "script" not in page.text
    for accept in ("*/*", "application/json", "application/problem+json"):
        told = http.get(f"{demo.server.url}/nowhere", headers={"accept": accept})
        assert told.status_code == 404 and told.json()["code"] == "NOT_FOUND"
    assert http.post(f"{demo.server.url}/nowhere", headers=HTML).json()["status"] == 404


def test_the_client_area_weighs_less_than_100_kilobytes(demo: Demo) -> None:
    """Everything that the first view loads, as it comes over the wire."""
    weight, modules, waiting = 0, set[str](), ["/static/area/page.js"]
    others = (
        "/",
        "/static/house.css",
        "/brand/style.css",
        "/static/area/area.css",
        "/brand/logo",
        "/words/area?lang=fr",
    )
    with httpx.Client(base_url=demo.server.url, headers={"accept-encoding": "gzip"}) as http:

        def loaded(path: str) -> str:
            nonlocal weight
            with http.stream("GET", path) as answer:
                assert answer.status_code == 200, path
                answer.read()
                weight += answer.num_bytes_downloaded
                return answer.text

        while waiting:
            path = waiting.pop()
            if path not in modules:
                modules.add(path)
                waiting += [urljoin(path, each) for each in re.findall(r"from '([^']+)'", loaded(path))]
        for path in (*others, "/address-forms?lang=fr", "/address-forms/CH?lang=fr"):
            loaded(path)
    assert len(modules) > 15 and weight < 100_000, weight


def test_a_form_of_an_address_is_told_in_the_readers_language(demo: Demo, http: httpx.Client) -> None:
    form = http.get(f"{demo.server.url}/address-forms/JP?lang=fr").json()
    assert form["labels"]["region"] == "Préfecture"
    assert ["CH", "Suisse"] in http.get(f"{demo.server.url}/address-forms?lang=fr").json()
    assert http.get(f"{demo.server.url}/address-forms/ZZ").status_code == 404
