"""The page for developers: its code runs as it stands, its addresses answer, and each code has an anchor."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import httpx
import pytest

from gateway.api.developing import EXAMPLES, MEANINGS, PLACES
from schema.core.errors import ErrorCode
from tests.gateway.conftest import Demo
from tests.gateway.servers import command, running

RUN = {"curl": ["sh", "-c"], "Python": [sys.executable, "-c"], "JavaScript": ["node", "--input-type=module", "-e"]}
"""What runs an example as it stands; the others are parts of a program."""


def examples(demo: Demo) -> dict[str, str]:
    """The code on the page, by name."""
    page = httpx.get(f"{demo.server.url}/developers").text
    found = re.findall(r'<pre data-example="([^"]+)"[^>]*><code>(.*?)</code></pre>', page, re.S)
    return {name: unescape(text) for name, text in found}


@pytest.mark.parametrize("name", RUN)
def test_an_example_runs_as_it_stands(demo: Demo, name: str) -> None:
    program, *options = RUN[name]
    if shutil.which(program) is None or (name == "curl" and shutil.which("curl") is None):
        pytest.skip(f"{program} is not installed")
    run = [program, *options, examples(demo)[name]]
    told = os.environ | {"TOKEN": demo.tokens["billing"]}
    done = subprocess.run(run, capture_output=True, text=True, check=True, env=told, timeout=120)
    assert json.loads(done.stdout) == {"data": {"grant": {"client": "billing"}}}


def test_every_example_names_this_gateway(demo: Demo) -> None:
    shown = examples(demo)
    assert list(shown) == list(EXAMPLES) and all(f"{demo.server.url}/graphql" in text for text in shown.values())


@pytest.mark.parametrize("path", [path for path, _ in PLACES])
def test_an_address_of_the_page_is_there(demo: Demo, http: httpx.Client, path: str) -> None:
    assert http.get(f"{demo.server.url}{path}").status_code != 404


def test_every_code_has_its_anchor(demo: Demo) -> None:
    page = httpx.get(f"{demo.server.url}/developers").text
    assert set(MEANINGS) == set(ErrorCode)
    assert [each for each in ErrorCode if f'<div id="{each.value}">' not in page] == []


def test_it_is_shown_outside_the_demo_only_where_it_is_set(tmp_path: Path, http: httpx.Client) -> None:
    settings = {"GATEWAY_ISSUER": "https://data.example"}
    assert command(["db", "upgrade"], tmp_path).returncode == 0
    for given, status in (({}, 404), ({"GATEWAY_DEVELOPERS": "yes"}, 200)):
        with running(["-m", "gateway", "serve"], tmp_path, **settings, **given) as server:
            assert http.get(f"{server.url}/developers").status_code == status
