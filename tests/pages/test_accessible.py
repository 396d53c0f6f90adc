"""Nothing on a page is a serious or critical fault to axe-core, light or dark, on a phone or a desktop."""

from __future__ import annotations

import pytest

from tests.gateway.browser import Page
from tests.gateway.conftest import Demo
from tests.pages.axe import appearance, faults, lock_names_no_host
from tests.programs import needs

pytestmark = needs("chromium", "npm")

PHONE, DESKTOP = (390, 844), (1300, 850)


@pytest.mark.parametrize(
    "path", ["/developers", "/cookies", "/sign-in?lang=en", "/sign-in?lang=fr", "/password/forgot"]
)
def test_pages_without_a_script_are_usable_by_everybody(demo: Demo, page: Page, axe: str, path: str) -> None:
    for size in (PHONE, DESKTOP):
        page.open(f"{demo.server.url}{path}", *size)
        for scheme in ("light", "dark"):
            appearance(page, scheme)
            assert faults(page, axe) == [], (path, size, scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_graphiql_is_usable_by_everybody(demo: Demo, page: Page, axe: str, scheme: str) -> None:
    """The bundled editors too: a refused question and its reason on the page."""
    for size in (DESKTOP, PHONE):
        page.open(demo.url, *size)
        appearance(page, scheme)
        page.until(
            "document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue().includes('post')"
        )
        page.choose("#example", "1")
        page.click(".graphiql-execute-button")
        page.until("document.querySelector('#note').textContent.startsWith('Refused (403): Customer.phone may not')")
        assert faults(page, axe) == [], size
    assert all("403 (Forbidden)" in each for each in page.complaints)


def test_what_nobody_can_use_is_found(demo: Demo, page: Page, axe: str) -> None:
    """What never fails proves nothing."""
    page.open(f"{demo.server.url}/sign-in")
    page.evaluate("document.querySelector('label').remove()")
    assert any("label" in each for each in faults(page, axe))


def test_the_lock_file_names_no_host() -> None:
    assert lock_names_no_host()
