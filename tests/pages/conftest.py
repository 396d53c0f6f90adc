"""What the tests of pages share: the demo, a browser, and the checks of axe-core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.browser import Page, browser
from tests.gateway.conftest import demo, http
from tests.pages.axe import axe_script

__all__ = ["demo", "http"]


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core."""
    return axe_script(tmp_path_factory.mktemp("axe"))


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """A browser of one's own."""
    with browser(tmp_path) as found:
        yield found
