"""The words of pages that are drawn by scripts: one table of English, every language from the one catalogue."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from starlette.routing import Router

from gateway.http.middleware import LastResort
from gateway.http.pages import STATIC
from gateway.http.words import PARTS, list_routes
from messages import catalogue

pytestmark = pytest.mark.anyio
POLISH = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);"


async def got(address: str, **headers: str) -> httpx.Response:
    app = LastResort(Router(routes=list_routes()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        return await http.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("part", PARTS)
async def test_every_language_has_every_word(part: str) -> None:
    english = (await got(f"/words/{part}?lang=en")).json()
    french = (await got(f"/words/{part}", accept_language="fr-CH")).json()
    assert (english["language"], french["language"]) == ("en", "fr")
    assert english["languages"] == french["languages"] == {"en": "English", "fr": "Français"}
    assert english["texts"].keys() == french["texts"].keys()
    assert english["texts"]["title"] != french["texts"]["title"]


async def test_a_script_chooses_by_the_plural_categories_of_its_language(tmp_path: Path) -> None:
    """Those of `Intl.PluralRules` (CLDR), from the forms of the catalogue, which are numbered (gettext)."""
    path = tmp_path / "pl" / "LC_MESSAGES" / "gateway.po"
    path.parent.mkdir(parents=True)
    forms = "".join(f'msgstr[{number}] "{{0}} {form}"\n' for number, form in enumerate(("pole", "pola", "pól")))
    header = f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: {POLISH}\\n"\n\n'
    path.write_text(f'{header}msgid "{{0}} field"\nmsgid_plural "{{0}} fields"\n{forms}', encoding="utf-8")
    catalogue.use(tmp_path)
    try:
        found = (await got("/words/audit?lang=pl")).json()
    finally:
        catalogue.use()
    assert found["graphql"] == "en", "the API does not know it"
    assert found["texts"]["fields"] == {"one": "{0} pole", "few": "{0} pola", "many": "{0} pól"}


async def test_who_has_them_is_not_sent_them_again() -> None:
    first = await got("/words/area?lang=fr")
    again = await got("/words/area?lang=fr", if_none_match=first.headers["etag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert (await got("/words/area?lang=en", if_none_match=first.headers["etag"])).status_code == 200


async def test_there_are_no_other_words() -> None:
    assert (await got("/words/vendor")).status_code == 404
    assert (await got("/words/..%2farea")).status_code == 404


@pytest.mark.parametrize("part", PARTS)
def test_scripts_say_what_there_is(part: str) -> None:
    table = json.loads((STATIC / part / "words.json").read_text(encoding="utf-8"))
    scripts = "".join(path.read_text(encoding="utf-8") for path in (STATIC / part).rglob("*.js"))
    assert set(re.findall(r"\bsay\('(\w+)'", scripts)) <= table.keys()
