"""Pictures of the running product for the docs, and the table of what axe-core says about each page.

    python tools/pages.py pictures        writes docs/images/*.png
    python tools/pages.py accessibility   writes docs/accessibility.md; exit code 1 if anything was found

Needs Debian's chromium, and for the table npm. The demo is started for it, with a folder of its own, and ended again.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import programs  # noqa: E402
from tests.area.test_story import VIEWS, enter, go, tool_reads  # noqa: E402
from tests.gateway.browser import Page, browser  # noqa: E402
from tests.gateway.servers import running  # noqa: E402
from tests.pages.axe import appearance, axe_script, findings  # noqa: E402

IMAGES = ROOT / "docs" / "images"
TABLE = ROOT / "docs" / "accessibility.md"
PHONE, DESKTOP = (360, 780), (1280, 800)

PICTURES = (
    ("client-area", "payments", DESKTOP, "light", "en"),
    ("client-area-dark", "services", DESKTOP, "dark", "en"),
    ("client-area-phone", "mine", PHONE, "light", "fr"),
    ("readers", "readers", DESKTOP, "light", "en"),
    ("sign-in-security", "security", DESKTOP, "light", "en"),
    ("privacy-notice", "/privacy", DESKTOP, "light", "en"),
    ("data-map", "/audit", DESKTOP, "light", "en"),
    ("data-flow-dark", "/audit#flow", DESKTOP, "dark", "en"),
    ("data-map-phone", "/audit", PHONE, "light", "en"),
)
"""Name, view of the client area or address, size, colour scheme, language."""
OPEN = ("/sign-in", "/password/forgot", "/cookies", "/registrant", "/privacy", "/nowhere", "/developers", "/audit")
SIGNED_IN = ("/security", "/password")


@contextmanager
def signed_in() -> Iterator[tuple[str, Page]]:
    """The demo's address, and a browser that is signed in to its client area; its data was read by others, too."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as profile,
        running(["-m", "gateway", "demo"], Path(folder)) as server,
        browser(Path(profile)) as page,
    ):
        page.open(f"{server.url}/?lang=en", *DESKTOP)
        page.until("document.body.dataset.ready")
        page.click("#sign-in")
        enter(page)
        page.until("document.getElementById('profile-form')")
        tool_reads(server)
        yield server.url, page


def show(page: Page, url: str, place: str, language: str) -> None:
    """Open a view of the client area, or an address, in a language."""
    if place.startswith("/"):
        path, _, part = place.partition("#")
        page.open(f"{url}{path}?lang={language}{'#' + part if part else ''}", *DESKTOP)
        if path == "/tour":
            page.until("document.body.dataset.ready")
        if path == "/audit":
            page.until("document.querySelector('#content > *')")
        return
    if page.evaluate(f"!document.body.classList.contains('area') || document.documentElement.lang !== '{language}'"):
        page.open(f"{url}/?lang={language}", *DESKTOP)
        page.until("document.querySelector('#content.view') || document.getElementById('sign-in')")
        if page.evaluate("Boolean(document.getElementById('sign-in'))"):
            page.click("#sign-in")
            page.until("document.querySelector('#content.view')")
    go(page, place, "#content > *")


def sized(page: Page, size: tuple[int, int], scheme: str) -> None:
    """Look at the page as on a screen of this size, in a colour scheme."""
    width, height = size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    appearance(page, scheme)


def pictures() -> int:
    """Write every picture, at most 1,400 pixels high."""
    with signed_in() as (url, page):
        for name, place, size, scheme, language in PICTURES:
            show(page, url, place, language)
            sized(page, size, scheme)
            height = min(page.evaluate("document.documentElement.scrollHeight"), 1_400)
            part = place.partition("#")[2]
            top = page.evaluate(f"document.getElementById('{part}').offsetTop") if part else 0
            clip = {"x": 0, "y": top, "width": size[0], "height": height, "scale": 1}
            shot = page.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
            (IMAGES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))
            print(f"docs/images/{name}.png")
    return 0


def accessibility() -> int:
    """Write the table: what was found, of any weight, by page, language, scheme and width."""
    rows, found = [], 0
    with tempfile.TemporaryDirectory() as folder, signed_in() as (url, page):
        script = axe_script(Path(folder))
        for place in (*OPEN, *SIGNED_IN, *VIEWS):
            cells = []
            for language in ("en", "fr"):
                show(page, url, place, language)
                for scheme in ("light", "dark"):
                    told: list[str] = []
                    for size in (PHONE, DESKTOP):
                        sized(page, size, scheme)
                        told += findings(page, script)
                        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                            told.append(f"wider than {size[0]} px")
                    found += len(told)
                    cells.append("; ".join(dict.fromkeys(told)) or "0")
            name = f"`{place}`" if place.startswith("/") else f"`/#{place}`"
            rows.append(f"| {name} | {' | '.join(cells)} |")
            print(rows[-1])
    TABLE.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return 1 if found else 0


HEAD = """# Accessibility

What axe-core finds on each page, of every weight (minor to critical), at 360 and 1280 pixels, and whether anything
sticks out sideways. `make accessibility` writes this table from the running demo.

| page | English, light | English, dark | French, light | French, dark |
|---|---|---|---|---|
"""

if __name__ == "__main__":
    programs.running_trials = True
    sys.exit({"pictures": pictures, "accessibility": accessibility}[sys.argv[1]]())
