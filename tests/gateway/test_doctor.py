"""`gateway doctor` finds each fault where it really is, says what to do, and finds nothing where there is none."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.commands.doctor.complaints import Complaint, Level, Topic
from gateway.commands.doctor.configured import configured
from gateway.commands.doctor.reached import reached
from gateway.config.settings import read
from store.database.config import StoreConfig
from tests.gateway.servers import environment, free_port, typed
from tests.signin.mmdb import write as write_places
from tests.stores import Databases

WORLD = {"198.51.100.0/24": {"country": {"iso_code": "CH"}}}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def sound(tmp_path: Path) -> dict[str, str]:
    """The settings of an installation on this machine without a fault that `configured` could find."""
    for name in ("data", "keys", "secret"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "secret" / "root.key").touch(mode=0o600)
    places = tmp_path / "places.mmdb"
    write_places(places, WORLD, int(now().timestamp()))
    return {
        "GATEWAY_ISSUER": "https://data.example.com",
        "GATEWAY_DATABASE_URL": f"sqlite:///{tmp_path / 'data/data.db'}",
        "GATEWAY_LEDGER_URL": f"sqlite:///{tmp_path / 'data/ledger.db'}",
        "GATEWAY_KEY_STORE_URL": f"sqlite:///{tmp_path / 'keys/keys.db'}",
        "GATEWAY_LEDGER_HEAD": str(tmp_path / "heads"),
        "GATEWAY_ROOT_KEY_PATH": str(tmp_path / "secret/root.key"),
        "GATEWAY_GEO_DATABASE": str(places),
        "GATEWAY_PROXIES": "127.0.0.1",
        "GATEWAY_PROXY_HEADER": "x-forwarded-for",
        "GATEWAY_BACKUP_DAYS": "30",
    }


def found(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """The findings of settings, but for those of this very machine, whose swap is its own business."""
    all_ = configured(read(environment), environment, now())
    return [(each.check.value, each.severity.value) for each in all_ if each.check is not Topic.MACHINE]


def test_a_sound_installation_has_no_finding(sound: dict[str, str]) -> None:
    assert found(sound) == []


FAULTS: list[tuple[dict[str, str], str, str]] = [
    ({"GATEWAY_ISSUER": ""}, "settings", "error"),
    ({"GATEWAY_DEMO": "yes"}, "settings", "error"),
    ({"GATEWAY_MAX_REQUEST": "5"}, "settings", "warning"),
    ({"GATEWAY_ISSUER": "http://localhost:8000"}, "tls", "warning"),
    ({"GATEWAY_ROOT_KEY_PATH": "/nowhere/root.key"}, "key-files", "error"),
    ({"GATEWAY_KEY_STORE_URL": "sqlite:///{folder}/data/keys.db"}, "separation", "warning"),
    ({"GATEWAY_LEDGER_HEAD": ""}, "separation", "warning"),
    ({"GATEWAY_PROXIES": "0.0.0.0/0"}, "proxies", "error"),
    ({"GATEWAY_METRICS": "0.0.0.0/0"}, "proxies", "error"),
    ({"GATEWAY_PROXY_HEADER": "either"}, "proxies", "warning"),
    ({"GATEWAY_PROXIES": ""}, "proxies", "warning"),
    ({"GATEWAY_PROXIES": "", "GATEWAY_HOST": "0.0.0.0"}, "proxies", "warning"),
    ({"GATEWAY_GEO_DATABASE": ""}, "places", "warning"),
    ({"GATEWAY_BACKUP_DAYS": "0"}, "retention", "warning"),
    ({"GATEWAY_ROOT_KEY_DAYS": "0"}, "retention", "warning"),
]


@pytest.mark.parametrize(("given", "check", "severity"), FAULTS, ids=[f"{'+'.join(f[0])}-{f[2]}" for f in FAULTS])
def test_a_fault_of_the_settings_is_found(
    sound: dict[str, str], tmp_path: Path, given: dict[str, str], check: str, severity: str
) -> None:
    faulty = sound | {name: value.format(folder=tmp_path) for name, value in given.items()}
    assert (check, severity) in found(faulty)


def test_modes_of_the_root_key_and_of_its_folder_are_found(sound: dict[str, str]) -> None:
    path = Path(sound["GATEWAY_ROOT_KEY_PATH"])
    path.chmod(0o640)
    assert found(sound) == [("key-files", "error")]
    path.parent.chmod(0o777)
    assert found(sound) == [("key-files", "error")] * 2
    path.chmod(0o600)
    path.parent.chmod(0o700)
    assert found(sound | {"GATEWAY_ROOT_KEY_PATH": str(path.parent.parent / "data/root.key")})[0][0] == "key-files"


def test_a_root_key_beside_a_database_is_found(sound: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys" / "root.key").touch(mode=0o600)
    assert found(sound | {"GATEWAY_ROOT_KEY_PATH": str(tmp_path / "keys/root.key")}) == [("separation", "warning")]


def test_an_old_database_of_places_is_found(sound: dict[str, str]) -> None:
    write_places(Path(sound["GATEWAY_GEO_DATABASE"]), WORLD, int((now() - timedelta(days=200)).timestamp()))
    assert found(sound) == [("places", "warning")]


# ---- what is connected to ----


def reach(folder: Path, clock: Callable[[], datetime] = now, **given: str) -> list[Complaint]:
    """The findings of databases, mail server and address, for a store that is there."""
    return asyncio.run(reached(read(environment(folder) | given), clock))


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """A folder with a new store."""
    assert typed(["db", "upgrade"], tmp_path).returncode == 0
    return tmp_path


def words(findings: list[Complaint], check: Topic) -> list[str]:
    return [each.message for each in findings if each.check is check]


def test_a_store_without_tables_is_found(tmp_path: Path) -> None:
    assert "db upgrade" in words(reach(tmp_path), Topic.STORE)[0]


def test_a_clock_that_was_set_back_is_found(upgraded: Path) -> None:
    done = typed(["keys", "rotate"], upgraded)  # An act, which is an entry of the ledger.
    assert done.returncode == 0, done.stderr
    assert words(reach(upgraded), Topic.CLOCK) == []
    (said,) = words(reach(upgraded, lambda: now() - timedelta(hours=1)), Topic.CLOCK)
    assert "behind" in said and "NTP" in said


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_clock_beside_the_server_s_and_its_log_are_looked_at(
    store_config: StoreConfig, databases: Databases
) -> None:
    given = environment(store_config.root_key_path.parent) | {
        "GATEWAY_DATABASE_URL": store_config.database_url,
        "GATEWAY_KEY_STORE_URL": store_config.key_store_url,
        "GATEWAY_ROOT_KEY_PATH": str(store_config.root_key_path),
    }
    name = str(store_config.database.url.database)
    await databases.administer(f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
    try:
        findings = await reached(read(given), lambda: now() + timedelta(minutes=5))
    finally:
        await databases.administer(f'ALTER DATABASE "{name}" RESET log_statement')
    assert "ahead of" in words(findings, Topic.CLOCK)[0]
    assert "log_parameter_max_length" in words(findings, Topic.SERVER_LOGS)[0]
    assert "superuser" in words(findings, Topic.GRANTS)[0]


def test_a_mail_server_that_is_not_there_or_does_not_encrypt_is_found(upgraded: Path) -> None:
    mail = {"GATEWAY_SMTP_HOST": "127.0.0.1", "GATEWAY_SMTP_FROM": "no-reply@example.com"}
    closed = reach(upgraded, GATEWAY_SMTP_PORT=str(free_port()), **mail)
    assert "CONNECTION" in words(closed, Topic.SMTP)[0]
    with mail_server() as port:
        plain = reach(upgraded, GATEWAY_SMTP_PORT=str(port), GATEWAY_SMTP_SECURITY="starttls", **mail)
        assert "NOT_SUPPORTED" in words(plain, Topic.SMTP)[0]
        fine = reach(upgraded, GATEWAY_SMTP_PORT=str(port), GATEWAY_SMTP_SECURITY="none", **mail)
        assert words(fine, Topic.SMTP) == []
    assert "wait" in words(reach(upgraded), Topic.SMTP)[0]


@contextmanager
def mail_server() -> Iterator[int]:
    """A server that takes letters without encryption."""
    from aiosmtpd.controller import Controller

    controller = Controller(object(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.mark.parametrize(("days", "count"), [(60, 0), (5, 1), (-1, 1)])
def test_a_certificate_that_ends_soon_or_has_ended_is_found(
    upgraded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, count: int
) -> None:
    certificate = make_certificate(tmp_path / "tls.pem", now() + timedelta(days=days))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with https_server(certificate) as port:
        said = words(reach(upgraded, GATEWAY_ISSUER=f"https://localhost:{port}"), Topic.TLS)
    assert len(said) == count and all("localhost" in each for each in said)


def test_a_certificate_that_nobody_knows_is_found(upgraded: Path, tmp_path: Path) -> None:
    with https_server(make_certificate(tmp_path / "tls.pem", now() + timedelta(days=60))) as port:
        (said,) = words(reach(upgraded, GATEWAY_ISSUER=f"https://localhost:{port}"), Topic.TLS)
    assert "refuse" in said


def make_certificate(path: Path, ends: datetime) -> Path:
    """A certificate for localhost with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem))
    return path


@contextmanager
def https_server(certificate: Path) -> Iterator[int]:
    """A server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign, misc]  # A refused handshake is expected.
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def test_the_command_prints_json_and_exits_by_severity(upgraded: Path) -> None:
    done = typed(["doctor", "--json"], upgraded)
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 2 and {each["severity"] for each in lines} == {"error", "warning"}
    assert all(set(each) == {"check", "severity", "message"} for each in lines)
    assert {each["check"] for each in lines} <= {each.value for each in Topic}
    wrong = typed(["doctor", "--json"], upgraded, GATEWAY_MAX_REQUESTS="many")
    assert wrong.returncode == 2 and json.loads(wrong.stdout)["check"] == "settings"
    assert Level.ERROR.value in typed(["doctor"], upgraded).stdout
