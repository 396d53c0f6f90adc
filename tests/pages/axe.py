"""axe-core in a real browser: what would keep people from using a page, found as they would meet it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.gateway.browser import Page
from tests.programs import install_npm

HERE = Path(__file__).parent
WEIGHTY = ("serious", "critical")


def axe_script(folder: Path) -> str:
    """The checks, installed from the lock file."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    install_npm(folder)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def appearance(page: Page, scheme: str = "light", media: str = "") -> None:
    """Show the page as to somebody who prefers `light` or `dark`, or, with media `print`, as it is printed."""
    page.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])


def faults(page: Page, script: str, within: str = "document") -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, one line each; [] is what we want.

    `within` is an expression for the part to look at. The script comes through the debugger, so that the page's own
    policy can stay as strict as it is.
    """
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(f"{script}\n;0")
    found = page.evaluate(
        f"axe.run({within}, {{resultTypes: ['violations']}}).then((all) => all.violations.map((each) => ({{"
        "id: each.id, impact: each.impact, help: each.help,"
        "where: each.nodes.map((node) => node.target.join(' ') + ': ' + node.failureSummary)})))"
    )
    return [
        f"{each['impact']} {each['id']}: {each['help']}\n  " + "\n  ".join(each["where"])
        for each in found
        if each["impact"] in WEIGHTY
    ]


def findings(page: Page, script: str) -> list[str]:
    """What axe-core finds of any weight: impact, rule, and the first place of each."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(f"{script}\n;0")
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then((all) => all.violations.map((each) => "
        "`${each.impact} ${each.id} (${each.nodes[0].target.join(' ')})`))"
    )
    return [str(each) for each in found]


def lock_names_no_host() -> bool:
    """Packages come from whichever registry npm is set to, and their hashes say that they are the right ones."""
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    packages = [entry for place, entry in json.loads(lock)["packages"].items() if place]
    hashed = all(entry["integrity"].startswith("sha512-") for entry in packages)
    return hashed and "resolved" not in lock and "://" not in lock
