"""Letters by SMTP, received by a real server: whole, in UTF-8, known by their id, and with no header but ours."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import insert, select

from store.database.store import Store
from store.queue.messages import name_of
from store.sql.ids import new_id
from store.tables.outbox import outbox
from tests.outbox.receiving import Clock
from tests.outbox.test_deliveries import deliver, states
from tests.store.people import add_customers
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.smtp import Mailer, MailError, MailServerSettings, compose
from workers.outbox.worker import LEASE, Deliverer

pytestmark = pytest.mark.anyio
O = outbox.c  # noqa: E741  (the table's columns)
LETTER = {
    "to": "zoë@example.com",
    "language": "fr",
    "subject": "Vos données sont prêtes",
    "text": "Tout est prêt – jusqu'au 1er mars.\n\n.\nUne ligne avec un seul point précède celle-ci.\n" + "é" * 2000,
}


@dataclass
class Box:
    """A mail server that keeps what it takes; `refusal` is what it answers to a recipient instead."""

    port: int = 0
    refusal: str | None = None
    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.refusal or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    @property
    def letters(self) -> list[Any]:
        return [email.message_from_bytes(each.content, policy=default) for each in self.taken]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of the mail server at 127.0.0.1, which signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return file


def authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, given: LoginPassword) -> AuthResult:
    return AuthResult(success=given == LoginPassword(b"gateway", b"s3cret"))


@pytest.fixture
async def box(certificate: Path) -> AsyncIterator[Box]:
    """A mail server that wants STARTTLS and a password."""
    made = Box()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def connected() -> SMTP:
        return SMTP(
            made,
            enable_SMTPUTF8=True,
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


def terms(box: Box, **more: Any) -> MailServerSettings:
    given = {"security": "starttls", "user": "gateway", "password": "s3cret"} | more
    return MailServerSettings(
        host="127.0.0.1", port=box.port, sender="no-reply@shop.example", name="Café Zürich", **given
    )


def worker(store: Store, clock: Clock, box: Box, certificate: Path, **more: Any) -> Deliverer:
    mailer = Mailer(terms(box, **more), ssl.create_default_context(cafile=certificate))
    return Deliverer(store, Receivers(store, HttpClient(), mailer), clock, rng=lambda: 0.5)


async def leave(store: Store, clock: Clock, **changed: str) -> int:
    """A letter in the outbox; its id."""
    (customer,) = await add_customers(store, 1)
    (key,) = await store.keys.subjects([customer])
    assert key is not None
    id_ = new_id()
    payload = key.seal(O.payload, id_, orjson.dumps(LETTER | changed))
    row = {"id": id_, "customer_id": customer, "topic": "email", "payload": payload, "created_at": clock()}
    async with store.write() as connection:
        await connection.execute(insert(outbox).values(**row, next_attempt_at=clock()))
    return id_


async def test_a_letter_arrives_whole_over_tls_and_is_then_forgotten(store: Store, box: Box, certificate: Path) -> None:
    clock = Clock()
    id_ = await leave(store, clock)
    await deliver(worker(store, clock, box, certificate))
    (letter,) = box.letters
    assert box.encrypted == [True]
    assert box.taken[0].rcpt_tos == ["zoë@example.com"]
    assert letter["Subject"] == LETTER["subject"]
    assert letter["From"] == "Café Zürich <no-reply@shop.example>"
    assert letter["Message-ID"] == f"<{name_of(store.keys.system, id_)}@shop.example>"
    assert letter["Date"].datetime == clock.now
    assert (letter["Auto-Submitted"], letter["Content-Language"]) == ("auto-generated", "fr")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == LETTER["text"].splitlines()
    assert await states(store) == [("delivered", 1, None)]
    async with store.write() as connection:
        assert await connection.scalar(select(O.payload)) is None


async def test_a_second_attempt_has_the_id_of_the_first(store: Store, box: Box, certificate: Path) -> None:
    clock = Clock()
    await leave(store, clock)
    box.refusal = "450 Later"
    one = worker(store, clock, box, certificate)
    await deliver(one)
    assert await states(store) == [("waits", 1, "SMTP 450")]
    box.refusal = None
    clock.now += LEASE.length
    await deliver(one)
    assert len(box.letters) == 1
    assert await states(store) == [("delivered", 2, None)]


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_an_address_that_does_not_exist_is_given_up_at_once(store: Store, box: Box, certificate: Path) -> None:
    clock = Clock()
    await leave(store, clock)
    box.refusal = "550 No such person"
    await deliver(worker(store, clock, box, certificate))
    assert await states(store) == [("dead", 1, "SMTP 550")]


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ({"password": "wrong"}, ("SMTP 535", "CONNECTION")),
        ({"security": "tls"}, "TLS"),
        ({"security": "none"}, ""),
    ],
)
async def test_a_server_that_will_not_have_us_is_tried_again(
    store: Store, box: Box, certificate: Path, more: dict[str, str], trouble: str | tuple[str, ...]
) -> None:
    clock = Clock()
    await leave(store, clock)
    await deliver(worker(store, clock, box, certificate, **more))
    ((state, _, why),) = await states(store)
    assert state == "waits"
    assert (why or "").startswith(trouble or "SMTP")
    assert box.taken == []


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_certificate_of_somebody_else_is_not_believed(store: Store, box: Box) -> None:
    clock = Clock()
    await leave(store, clock)
    mailer = Mailer(terms(box))
    await deliver(Deliverer(store, Receivers(store, HttpClient(), mailer), clock, rng=lambda: 0.5))
    assert await states(store) == [("waits", 1, "TLS")]


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_without_a_mail_server_letters_wait(store: Store) -> None:
    clock = Clock()
    await leave(store, clock)
    await deliver(Deliverer(store, Receivers(store, HttpClient()), clock))
    assert await states(store) == [("waits", 0, None)]


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nBcc: b@example.com", "a@example.com\nX: y", "a@example.com, b@example.com", "a@b@c d", "",
        "nobody", "@example.com", "a@example.com\x00", "<a@example.com>", "a@example.com;b@example.com",
        "a@" + "ü" * 300 + ".example",
    ],
)  # fmt: skip
def test_no_address_becomes_another_header_or_recipient(to: str) -> None:
    with pytest.raises(MailError, match="ADDRESS") as caught:
        compose(terms(Box()), 1, orjson.dumps(LETTER | {"to": to}), datetime.now(UTC))
    assert caught.value.hopeless


def test_a_subject_stays_one_header() -> None:
    said = LETTER | {"subject": "Hello\r\nBcc: b@example.com"}
    letter = email.message_from_bytes(
        bytes(compose(terms(Box()), 1, orjson.dumps(said), datetime.now(UTC))), policy=default
    )
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Hello Bcc: b@example.com"


def test_a_domain_is_written_as_dns_has_it() -> None:
    """S14, H2: and what was taken by an earlier release goes where it went."""
    for to, sent in (
        ("a@zürich.example", "a@xn--zrich-kva.example"), ("Owner@FAß.de", "Owner@xn--fa-hia.de"),
        ("राम@मोहन.भारत", "राम@xn--l2bl7a9d.xn--h2brj9c"), ("a@a_b.example", "a@a_b.example"),
    ):  # fmt: skip
        letter = compose(terms(Box()), 1, orjson.dumps(LETTER | {"to": to}), datetime.now(UTC))
        assert letter["To"] == sent
