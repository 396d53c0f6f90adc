"""Where a message may go: never to a network that was not named, whatever a name turns out to mean."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from policy.transport import is_encrypted
from tests.outbox.receiving import receiver
from workers.http.client import HttpClient
from workers.http.destinations import Destinations
from workers.http.errors import HttpRequestError
from workers.outbox.backoff import asked_for, pause

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://u:p@example.com/", "https://ex ample.com/",
        "https://example.com/\r\nHost: x", "https://exämple.com/", "https://example.com:99999/", "//example.com", "",
    ],
)  # fmt: skip
async def test_unsafe_addresses_are_not_posted_to(url: str) -> None:
    assert not is_encrypted(url)
    with pytest.raises(HttpRequestError, match="ADDRESS"):
        await HttpClient().post(url, {}, b"")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "fe80::1%eth0", "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "0.0.0.0", "100.64.0.1", "fd00::1", "224.0.0.1",
        # Forms of IPv6 behind which an address of ours may stand (issue 16, item 21).
        "64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "64:ff9b:1:ffff::1", "2002:a00:1::", "2002:7f00:1::1",
        "2001:0:5ef5:79fb::1", "::10.0.0.1", "::127.0.0.1", "::a00:1", "::", "::ffff:192.168.0.1", "::ffff:8.8.8.8",
        "::ffff:0:10.0.0.1", "fec0::1", "feff::1", "fc00::1", "192.88.99.1", "2606:4700::5efe:a00:1", "ff02::1",
    ],
)  # fmt: skip
async def test_names_of_private_addresses_are_not_connected_to(address: str) -> None:
    async def look_up(_: str, __: int) -> Sequence[str]:
        return [address]

    with pytest.raises(HttpRequestError, match="FORBIDDEN"):
        await HttpClient(look_up=look_up).post("https://internal.example/", {}, b"")


def test_a_private_network_that_was_named_may_be_connected_to() -> None:
    named = Destinations([ip_network("10.0.0.0/8"), ip_network("fd12::/16")])
    judged = {
        "10.1.2.3": True, "::ffff:10.1.2.3": True, "fd12::1": True, "8.8.8.8": True, "2606:4700::1111": True,
        "192.168.0.1": False, "::1": False, "fd13::1": False, "64:ff9b::a01:203": False,
    }  # fmt: skip
    assert {each: named.allow(each, "internal.example") for each in judged} == judged


async def test_the_address_that_was_judged_is_the_one_that_is_connected_to() -> None:
    """A name that turns to another address in between (DNS rebinding) is looked up once."""
    looked: list[str] = []

    async def rebinding(host: str, _: int) -> Sequence[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["10.0.0.1"]

    async with receiver() as there:
        port = there.url.rpartition(":")[2]
        answer = await HttpClient(look_up=rebinding).post(f"http://localhost:{port}", {}, b"{}")
    assert answer.status == 204 or answer.status == 200
    assert looked == ["localhost"]


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x16\x03\x03\xff\xff" + bytes(range(256)) * 8])
async def test_garbage_instead_of_tls_is_a_failure(said: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        with pytest.raises(HttpRequestError, match=r"TLS|CONNECTION"):
            await HttpClient(seconds=5).post(f"https://localhost:{server.sockets[0].getsockname()[1]}/", {}, b"{}")


async def test_who_answers_nothing_is_left_in_time() -> None:
    async with receiver() as silent:
        silent.answer = lambda _: None
        with pytest.raises(HttpRequestError, match="TIMEOUT"):
            await HttpClient(seconds=0.2).post(silent.url, {}, b"{}")


async def test_nobody_there_is_a_failure() -> None:
    async with receiver() as gone:
        url = gone.url
    with pytest.raises(HttpRequestError, match="CONNECTION"):
        await HttpClient(seconds=5).post(url, {}, b"{}")


def test_certificates_are_verified() -> None:
    tls = HttpClient()._tls
    assert tls.verify_mode is ssl.CERT_REQUIRED
    assert tls.check_hostname


def test_attempts_grow_apart_up_to_hours_and_never_fall_together() -> None:
    middle = [pause(attempt, lambda: 0.5) for attempt in range(1, 60)]
    assert middle[0] == timedelta(seconds=5)
    assert middle == sorted(middle)
    assert middle[-1] == timedelta(hours=4)
    assert pause(1, lambda: 0.0) < middle[0] < pause(1, lambda: 0.999)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0), ("120", 120), ("Mon, 01 Mar 2027 12:01:00 GMT", 60), ("Mon, 01 Mar 2027 11:00:00 GMT", 0),
        ("99999999999999999999", 86_400), ("soon", 0), ("-5", 0), ("٣", 0), ("", 0), ("1e3", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ],
)  # fmt: skip
def test_retry_after_is_believed_within_reason(said: str | None, seconds: int) -> None:
    now = datetime(2027, 3, 1, 12, 0, 0, tzinfo=UTC)
    assert asked_for(said, now) == timedelta(seconds=seconds)
