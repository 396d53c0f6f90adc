"""Checks of the settings, the files that they name, and this machine; nothing is connected to."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from gateway.commands.doctor.complaints import Complaint, Topic, error, warning
from gateway.config.settings import Settings, unknown
from gateway.run.head_places import same_server
from gateway.run.machine import machine_complaints
from gateway.run.stores import store_config
from policy.transport import LOOPBACK
from resolvers.commands.places import Places

OLDEST_PLACES = timedelta(days=180)
"""Age from which a database of places is too old: networks move between countries each month."""


def configured(settings: Settings, environment: Mapping[str, str], now: datetime) -> Iterator[Complaint]:
    """Every finding of the settings."""
    yield from (warning(Topic.SETTINGS, each) for each in unknown(environment))
    yield from _served(settings)
    yield from _root_key(settings.root_key_path)
    yield from _separated(settings)
    yield from _proxies(settings)
    yield from (warning(Topic.MACHINE, f"{each}.") for each in machine_complaints())
    yield from _places(settings.geo_database, now)
    yield from _retained(settings)


def _served(settings: Settings) -> Iterator[Complaint]:
    if not settings.issuer:
        yield error(Topic.SETTINGS, "GATEWAY_ISSUER is not set: set it to the public https address of this gateway.")
    elif settings.issuer.startswith("http://"):
        yield warning(Topic.TLS, "GATEWAY_ISSUER is an http address, for trials on this machine: use an https one.")
    if settings.demo:
        yield error(Topic.SETTINGS, "GATEWAY_DEMO hands out tokens to anybody: leave it out.")


def _root_key(path: Path) -> Iterator[Complaint]:
    """The root key and its folder: whoever may write the folder may put another key there."""
    if not path.exists():
        yield error(
            Topic.KEY_FILES,
            f"The root key {path} is not there: restore its copy, or, at a new installation, run `gateway db upgrade`.",
        )
        return
    if (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        yield error(Topic.KEY_FILES, f"The root key {path} has mode {mode:04o}: `chmod 0600 {path}`.")
    if (mode := stat.S_IMODE(path.parent.stat().st_mode)) & 0o022:
        yield error(
            Topic.KEY_FILES,
            f"Others may write the folder {path.parent} (mode {mode:04o}): `chmod 0700 {path.parent}`.",
        )


def _separated(settings: Settings) -> Iterator[Complaint]:
    config = store_config(settings)
    data, keys = config.database, config.key_store
    together = data.is_sqlite and keys.is_sqlite and data.path.parent == keys.path.parent
    if together:
        yield warning(
            Topic.SEPARATION,
            f"Data and key store are in one folder, {data.path.parent}: a backup of it opens everything. Set "
            "GATEWAY_KEY_STORE_URL to another place, and back it up elsewhere.",
        )
    elif not data.is_sqlite and not keys.is_sqlite and set(data.hosts) & set(keys.hosts):
        yield warning(
            Topic.SEPARATION,
            "Data and key store are on one server: a base backup of it opens everything with the root key, and a "
            "restore brings destroyed keys back. Set GATEWAY_KEY_STORE_URL to another server.",
        )
    folders = {each.path.parent for each in (data, keys) if each.is_sqlite}
    if settings.root_key_path.parent in folders:
        yield warning(
            Topic.SEPARATION,
            f"The root key is in the folder of a database, {settings.root_key_path.parent}: a backup of it holds "
            "both. Set GATEWAY_ROOT_KEY_PATH to another folder, and leave that out of backups.",
        )
    if not settings.ledger_head and same_server(config):
        yield warning(
            Topic.SEPARATION,
            "The ledger's head is remembered where the ledger is, and restored with it: move the key store elsewhere, "
            "or set GATEWAY_LEDGER_HEAD.",
        )


def _proxies(settings: Settings) -> Iterator[Complaint]:
    if any(each.prefixlen == 0 for each in settings.proxies):
        yield error(
            Topic.PROXIES,
            "GATEWAY_PROXIES names every address, so anybody chooses the address that is recorded and limited: name "
            "the proxies alone.",
        )
    if settings.proxies and settings.proxy_header == "either":
        yield warning(
            Topic.PROXIES,
            "GATEWAY_PROXY_HEADER is not set: a client that sends the header which the proxy does not write makes its "
            "address unknown. Set it to x-forwarded-for or forwarded.",
        )
    if settings.only_https and not settings.proxies:
        yield warning(
            Topic.PROXIES,
            "GATEWAY_PROXIES is not set, and TLS ends at a proxy: every client then has the proxy's address, in limits "
            "and in sign-ins. Name the proxy's network.",
        )
    if settings.metrics and any(each.prefixlen == 0 for each in settings.metrics):
        yield error(Topic.PROXIES, "GATEWAY_METRICS shows /metrics to every address: name those of the monitoring.")
    if settings.host not in LOOPBACK and not settings.proxies:
        yield warning(
            Topic.PROXIES,
            f"GATEWAY_HOST {settings.host} takes connections from other machines, in plain HTTP: listen on 127.0.0.1, "
            "or put a proxy with TLS in front and name it in GATEWAY_PROXIES.",
        )


def _places(path: Path | None, now: datetime) -> Iterator[Complaint]:
    places = Places(path)
    if why := places.why_not():
        yield warning(Topic.PLACES, why)
    elif (built := places.built()) is not None and now - built > OLDEST_PLACES:
        yield warning(
            Topic.PLACES,
            f"The file of GATEWAY_GEO_DATABASE is of {built:%Y-%m-%d}: replace it; no restart is needed.",
        )


def _retained(settings: Settings) -> Iterator[Complaint]:
    if not settings.backup_days:
        yield warning(
            Topic.RETENTION,
            "Certificates cannot say when archives and dumps end: set GATEWAY_BACKUP_DAYS to the days.",
        )
    if not settings.root_key_days:
        yield warning(
            Topic.RETENTION,
            "GATEWAY_ROOT_KEY_DAYS is 0: older backups of the key store open what was erased until `gateway keys "
            "rotate-root` and `gateway keys destroy-old-root` were run by hand.",
        )
