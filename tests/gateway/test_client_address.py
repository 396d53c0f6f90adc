"""One function tells whose connection it is, from the headers of trusted proxies in every legal form (O11)."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.http import client_address as told
from gateway.http.client_address import Unclear, client_address, network_of
from tests.gateway.servers import ROOT, Running, running

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48")]
CLIENT = "198.51.100.8"


def scope(*headers: tuple[str, str], peer: str | None = "10.0.0.1") -> dict[str, Any]:
    """A connection from a proxy, unless another peer is given."""
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "headers": raw, "client": None if peer is None else (peer, 4711)}


XFF, FORWARDED = "X-Forwarded-For", "Forwarded"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(XFF, CLIENT)], CLIENT),
        ([(XFF, f"{CLIENT}:51234")], CLIENT),  # H8
        ([(XFF, f" {CLIENT} ,")], CLIENT),
        ([(XFF, f"{CLIENT}, , ,10.9.9.9,")], CLIENT),
        ([(XFF, f"6.6.6.6, {CLIENT}, 10.1.1.1")], CLIENT),
        ([(XFF, f"{CLIENT}"), (XFF, "10.1.1.1"), (XFF, "10.2.2.2")], CLIENT),
        ([(XFF, "unknown, " + CLIENT)], CLIENT),
        ([(XFF, "2001:db8::1")], "2001:db8::1"),
        ([(XFF, "[2001:db8::1]")], "2001:db8::1"),
        ([(XFF, "[2001:db8::1]:51234")], "2001:db8::1"),
        ([(XFF, '"[2001:db8::1]:51234"')], "2001:db8::1"),
        ([(XFF, "::ffff:198.51.100.8")], CLIENT),
        ([(XFF, "[::ffff:198.51.100.8]:80")], CLIENT),
        ([(XFF, "fe80::1%eth0")], "fe80::1"),
        ([(XFF, f"{CLIENT}, 2001:db8:ffff::5")], CLIENT),
        ([(FORWARDED, f"for={CLIENT}")], CLIENT),
        ([(FORWARDED, f"For={CLIENT}:47011;proto=https;by=10.0.0.1")], CLIENT),
        ([(FORWARDED, 'proto=https; FOR = "[2001:db8:cafe::17]:4711" ;host="a,b"')], "2001:db8:cafe::17"),
        ([(FORWARDED, 'for="[2001:db8::1]:_port"')], "2001:db8::1"),
        ([(FORWARDED, 'for="1\\98.51.100.8", for=10.0.0.9')], CLIENT),
        ([(FORWARDED, f"for=6.6.6.6, for={CLIENT}, for=10.0.0.9")], CLIENT),
        ([(FORWARDED, f"for=6.6.6.6;proto=http, for={CLIENT}"), (FORWARDED, "for=10.0.0.9")], CLIENT),
        ([(FORWARDED, f'for="6.6.6.6, for={CLIENT}')], CLIENT),  # a quotation mark left open swallows nothing
        ([(FORWARDED, f"for=_hidden, for={CLIENT}")], CLIENT),
        ([(XFF, CLIENT), (FORWARDED, f"for={CLIENT}:1")], CLIENT),
    ],
)
def test_every_legal_form_is_read(headers: list[tuple[str, str]], expected: str) -> None:
    assert str(client_address(scope(*headers), PROXIES)) == expected


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], Unclear.MISSING),
        ([(XFF, "")], Unclear.MISSING),
        ([(XFF, " , ,")], Unclear.MISSING),
        ([(XFF, "unknown")], Unclear.HIDDEN),
        ([(XFF, f"{CLIENT}, unknown")], Unclear.HIDDEN),
        ([(XFF, "customer@example.com")], Unclear.HIDDEN),
        ([(XFF, "[198.51.100.8]")], Unclear.HIDDEN),
        ([(XFF, "[2001:db8::1")], Unclear.HIDDEN),
        ([(XFF, "198.51.100.008")], Unclear.HIDDEN),
        ([(FORWARDED, "for=unknown")], Unclear.HIDDEN),
        ([(FORWARDED, f"for={CLIENT}, for=_SEVKISEK")], Unclear.HIDDEN),
        ([(FORWARDED, "proto=https;by=10.0.0.1")], Unclear.HIDDEN),
        ([(FORWARDED, f"for={CLIENT};for=6.6.6.6")], Unclear.HIDDEN),
        ([(XFF, "10.0.0.7, 10.0.0.8")], Unclear.PROXIES_ONLY),
        ([(XFF, ", ".join(["10.0.0.7"] * 40))], Unclear.PROXIES_ONLY),
        ([(XFF, "6.6.6.6"), (FORWARDED, f"for={CLIENT}")], Unclear.DISAGREE),
    ],
)
def test_what_cannot_be_told_is_said_once_and_is_never_the_proxy(
    headers: list[tuple[str, str]], why: Unclear, caplog: pytest.LogCaptureFixture
) -> None:
    told._logged.clear()
    with caplog.at_level(logging.WARNING, "gateway"):
        for _ in range(3):
            assert client_address(scope(*headers), PROXIES) is None
    assert [each.__dict__["reason"] for each in caplog.records] == [why.value]
    assert "example.com" not in caplog.text


def test_only_a_proxy_of_ours_is_believed() -> None:
    forged = [(XFF, "6.6.6.6"), (FORWARDED, "for=6.6.6.6")]
    assert str(client_address(scope(*forged, peer=CLIENT), PROXIES)) == CLIENT
    assert str(client_address(scope(*forged, peer="::ffff:198.51.100.8"), PROXIES)) == CLIENT
    assert str(client_address(scope((XFF, CLIENT), peer="::ffff:10.0.0.1"), PROXIES)) == CLIENT
    assert client_address(scope(peer=None), PROXIES) is None


def test_an_operator_may_name_the_header_and_then_the_other_one_says_nothing() -> None:
    both = scope((XFF, CLIENT), (FORWARDED, "for=6.6.6.6"))
    assert str(client_address(both, PROXIES, "x-forwarded-for")) == CLIENT
    assert str(client_address(both, PROXIES, "forwarded")) == "6.6.6.6"


def test_limits_count_a_subscriber_and_put_those_nobody_can_tell_together() -> None:
    assert network_of("198.51.100.8") == network_of("::ffff:198.51.100.8") == "198.51.100.8"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of(None) == network_of("nonsense") == "unknown"


def test_no_other_place_reads_an_address_from_a_connection() -> None:
    """`scope["client"]`, `request.client` and the headers of proxies are read in one module only."""
    words = {"x-forwarded-for", "forwarded"}
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        if path.name in ("client_address.py", "settings.py", "metrics.py"):
            continue  # the settings name the headers; metrics refuse whoever comes with one
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
                text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
                assert text.lower() not in words, path
            if isinstance(node, ast.Attribute) and node.attr == "client" and isinstance(node.value, ast.Name):
                assert node.value.id not in ("request", "connection"), path
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                assert node.slice.value != "client" or ast.unparse(node.value) != "scope", path


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A demo that takes this machine for its proxy."""
    folder: Path = tmp_path_factory.mktemp("behind")
    with running(["-m", "gateway", "demo"], folder, GATEWAY_PROXIES="127.0.0.1") as server:
        yield server


def guess(server: Running, **headers: str) -> httpx.Response:
    """A wrong secret."""
    form = {"grant_type": "client_credentials"}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{server.url}/oauth/token", data=form, auth=("billing", "wrong"), headers=sent)


def test_wrong_secrets_of_one_address_slow_no_other_behind_the_same_proxy(behind: Running) -> None:
    answers = [guess(behind, x_forwarded_for="203.0.113.5:1000").status_code for _ in range(8)]
    assert answers[0] == 401 and answers[-1] == 429
    assert guess(behind, x_forwarded_for="203.0.113.6").status_code == 401
    assert guess(behind, forwarded='for="[2001:db8::1]:80"').status_code == 401
    assert guess(behind, forwarded="for=203.0.113.5").status_code == 429


def test_those_nobody_can_tell_are_not_locked_out_by_each_other(behind: Running) -> None:
    assert {guess(behind, x_forwarded_for="unknown").status_code for _ in range(9)} == {401}
    assert "reason=" in behind.log() or "unknown" in behind.log()
