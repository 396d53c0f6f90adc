"""Checks of everything that the gateway reaches: the databases, the mail server and its own public address."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from gateway.commands.doctor.complaints import Complaint, Topic, error, warning
from gateway.config.settings import Settings
from gateway.run.deliveries import make_mailer
from gateway.run.stores import store_config
from store.crypto.root_key import RootKeyError
from store.database.config import StoreConfig
from store.database.doctor import clock_offset, server_complaints
from store.database.privileges import complaints
from store.database.store import Store, StoreUnavailableError, open_store
from workers.erasure.backlog import ErasureBacklogs
from workers.keys.lacking import LackingKeys
from workers.outbox.smtp import MailError

SECONDS = 5.0
"""Time for one connection."""
LEAST = timedelta(days=14)
"""Remaining validity of a certificate below which its renewal is late."""


async def reached(settings: Settings, now: Callable[[], datetime]) -> list[Complaint]:
    """Every finding of databases, mail server and public address."""
    found = [each async for each in _stores(store_config(settings), settings.clock_skew_seconds, now)]
    found += [each async for each in _mail(settings)]
    found += await asyncio.to_thread(_certificate, settings.issuer, now())
    return found


async def _stores(config: StoreConfig, skew: int, now: Callable[[], datetime]) -> AsyncIterator[Complaint]:
    try:
        for each in await complaints(config):
            yield error(Topic.GRANTS, each)
        for each in await server_complaints(config):
            yield warning(Topic.SERVER_LOGS, f"{each}.")
        for address in (config.database, config.key_store, config.ledger):
            query = address.url.query
            if not address.is_sqlite and query.get("sslmode") in ("require", "prefer", "allow"):
                yield warning(
                    Topic.TLS,
                    f"The connection to {address.url.database} does not verify its server: use sslmode=verify-full.",
                )
        store = await open_store(config)
    except (StoreUnavailableError, RootKeyError) as problem:
        yield error(Topic.STORE, str(problem))
        return
    try:
        for finding in [*await _clock(config, store, skew, now), *await _backlog(store, now())]:
            yield finding
    except StoreUnavailableError as problem:
        yield error(Topic.STORE, str(problem))
    finally:
        await store.close()


async def _clock(config: StoreConfig, store: Store, skew: int, now: Callable[[], datetime]) -> list[Complaint]:
    """The clock beside those of the servers, and beside what was recorded last: a clock that was set back."""
    offset = await clock_offset(config, store.ledger_reader, now)
    if abs(offset) <= timedelta(seconds=max(skew, 2)):
        return []
    seconds = round(abs(offset).total_seconds())
    where = "behind" if offset > timedelta() else "ahead of"
    return [
        error(
            Topic.CLOCK,
            f"The clock of this machine is {seconds} s {where} the database's or its last entry: set it by NTP on all "
            "machines.",
        )
    ]


async def _backlog(store: Store, now: datetime) -> list[Complaint]:
    found = []
    backlog = await ErasureBacklogs(store).read(now)
    if backlog.overdue:
        found.append(
            error(Topic.RETENTION, f"{backlog.overdue} erasures are past their deadline: `gateway erasures list`.")
        )
    if lacking := await LackingKeys(store).count():
        found.append(
            error(
                Topic.STORE,
                f"The key store lacks {lacking} customers: restore its newest copy, then `gateway db reindex`.",
            )
        )
    return found


async def _mail(settings: Settings) -> AsyncIterator[Complaint]:
    mailer = make_mailer(settings)
    if mailer is None:
        if not settings.demo:
            yield warning(Topic.SMTP, "GATEWAY_SMTP_HOST is not set: e-mails to customers wait, and are then given up.")
        return
    try:
        await mailer.check()
    except MailError as problem:
        yield error(
            Topic.SMTP,
            f"The mail server {settings.smtp_host}:{settings.smtp_port} does not take us ({problem}): look at "
            "GATEWAY_SMTP_HOST, _PORT, _SECURITY, _USER and _PASSWORD.",
        )
    finally:
        mailer.close()


def _certificate(issuer: str, now: datetime) -> list[Complaint]:
    parts = urlsplit(issuer)
    if parts.scheme != "https" or not parts.hostname:
        return []
    host, port = parts.hostname, parts.port or 443
    try:
        with (
            socket.create_connection((host, port), SECONDS) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection,
        ):
            certificate = connection.getpeercert() or {}
    except ssl.SSLError as problem:
        reason = getattr(problem, "verify_message", "") or problem.reason
        return [error(Topic.TLS, f"Browsers refuse the certificate of {host}:{port} ({reason}): replace it.")]
    except OSError:
        return [warning(Topic.TLS, f"{host}:{port} cannot be reached from here, so its certificate was not looked at.")]
    with suppress(KeyError):
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
        if ends - now < LEAST:
            return [error(Topic.TLS, f"The certificate of {host}:{port} ends on {ends:%Y-%m-%d}: renew it.")]
    return []
