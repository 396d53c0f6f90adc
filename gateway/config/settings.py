"""Every setting of the gateway: read once from the environment, validated, frozen, and passed down from here."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, tzinfo
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from gateway.config.database_urls import parse_database_url, parse_maintenance_url
from gateway.config.registrar import Registrar, read_registrar
from gateway.config.security_contact import read_contact
from policy.purposes import Purpose
from policy.references import USUAL, References
from policy.transport import LOOPBACK, is_encrypted
from resolvers.events.references import read_references
from schema.documents.memory import MOST
from values.hosts import host_to_ascii, url_to_ascii
from values.mailbox import MailboxError, parse_mailbox

DEMO_ISSUER = "https://gateway.localhost"
"""The issuer of demo tokens. It has no port, so that `gateway token` works for a server on any port."""


class SettingsError(Exception):
    """One or more settings are missing or wrong; the text says which, and what to do."""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _yes(value: str) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if value.lower() not in known:
        raise ValueError("use yes or no")
    return known[value.lower()]


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        # `isdigit` alone accepts digits of other scripts and superscripts.
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            raise ValueError(f"use a whole number from {low} to {high}")
        return int(value)

    return parse


def _choice(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in choices:
            raise ValueError(f"use one of: {', '.join(choices)}")
        return value

    return parse


def _zone(value: str) -> tzinfo:
    if value == "UTC":
        return UTC  # Also where the machine has no time zone database.
    try:
        return ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:  # No name, a folder, or a name that the database lacks.
        raise ValueError("use a name of the IANA time zone database, such as Europe/Zurich") from error


PATH = re.compile("(?:/[A-Za-z0-9_-]+)*")
"""The path of an issuer: it stands in pages, headers and cookies as it is, and no proxy writes it in another way."""


def _address(value: str) -> str:
    if not value:
        return value
    try:
        value = url_to_ascii(value)
    except ValueError as error:
        raise ValueError("use an address whose host is a domain name") from error
    if not is_encrypted(value):
        raise ValueError("use an https:// address (http:// only for localhost)")
    # Issuers are compared as strings (RFC 8414 §3.3, RFC 9207): one spelling only.
    if any(mark in value for mark in "?#") or value.endswith("/"):
        raise ValueError("leave out the closing slash, the query and the fragment")
    return value


def _head_place(value: str) -> str:
    if "://" in value:
        return _address(value)
    if value and not Path(value).is_absolute():
        raise ValueError("use the whole path of a file, or an https:// address")
    return value


def _hosts(value: str) -> tuple[str, ...]:
    names = tuple(value.replace(",", " ").lower().split())
    if any("/" in name or "*" in name or "@" in name or (":" in name and "]" not in name) for name in names):
        raise ValueError("use names such as data.internal, without a scheme and a port, with commas between")
    return tuple(name.strip("[]") for name in names)


def _words(value: str) -> frozenset[str]:
    return frozenset(value.lower().split())


def _scopes_of_claims(value: str) -> dict[str, dict[str, tuple[str, ...]]]:
    wanted = ValueError('use JSON such as {"groups": {"billing-team": ["purpose:invoicing"]}}')
    try:
        found = json.loads(value)
        rules = {claim: {name: tuple(scopes) for name, scopes in rule.items()} for claim, rule in found.items()}
    except (ValueError, AttributeError, TypeError):
        raise wanted from None
    for scope in (scope for rule in rules.values() for scopes in rule.values() for scope in scopes):
        if not isinstance(scope, str):
            raise wanted
        purpose = Purpose.of_scope(scope)
        # A misspelt purpose would silently give nothing, and one for one's own data is for customers' tokens only.
        if (purpose is None) is scope.startswith("purpose:") or (purpose is not None and purpose.own_data_only):
            raise ValueError(f"{scope} is no purpose that a tool can have")
    return rules


def _file(value: str) -> Path | None:
    return _path(value) if value else None


def _names_of_staff(value: str) -> Mapping[str, str]:
    if not value:
        return {}
    try:
        found = tomllib.loads(_path(value).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError('use a TOML file with lines such as LG-7 = "Dana Meyer"') from error
    if not all(isinstance(name, str) and name.strip() and name.isprintable() for name in found.values()):
        raise ValueError("give each code one name, in quotes")
    return found


def _logo(value: str) -> Path | None:
    path = _file(value)
    if path is None:
        return None
    if path.suffix.lower() not in (".svg", ".png") or not path.is_file() or path.stat().st_size > 100_000:
        raise ValueError("use the path of an .svg or .png file of at most 100 kB")
    return path


def _colour(value: str) -> str:
    if value and not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise ValueError("use a colour such as #1f5f5b")
    return value


def _links(value: str) -> dict[str, str]:
    wanted = ValueError('use JSON such as {"Help": "https://www.example.com/help"}')
    try:
        found = json.loads(value)
        if not all(name and is_encrypted(address) for name, address in found.items()):
            raise wanted
    except (ValueError, AttributeError, TypeError):
        raise wanted from None
    return dict(found)


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each) for each in value.replace(",", " ").split())
    except ValueError as error:
        raise ValueError("use addresses or networks such as 10.0.0.0/8, with commas between") from error


def _sender(value: str) -> str:
    local, at, domain = value.rpartition("@")
    with suppress(MailboxError):
        value = parse_mailbox(value).address
    if value and not (at and local and domain and value.isascii() and value.isprintable() and " " not in value):
        raise ValueError("use an address such as no-reply@example.com")
    return value


def _host(value: str) -> str:
    try:
        return host_to_ascii(value)
    except ValueError as error:
        raise ValueError("use a domain name or an IP address") from error


class Hidden(str):
    """A secret setting, whose `repr` does not show it."""

    def __repr__(self) -> str:
        return "****"


def setting(name: str, meaning: str, parse: Callable[[str], Any], default: str | None = None, shown: str = "") -> Any:
    """A setting: its environment variable, meaning, parser, and default as text.

    A default of None means that it is derived from other settings, which `shown` then says in words.
    """
    note = {"name": name, "meaning": meaning, "parse": parse, "default": default, "shown": shown or default}
    return field(metadata=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings; sizes are in bytes, times in seconds unless the name says otherwise. Made by `read`."""

    port: int = setting("PORT", "port to listen on", _number(1, 65535), "8000")
    host: str = setting("GATEWAY_HOST", "address to listen on", _text, "127.0.0.1")
    data_dir: Path = setting("GATEWAY_DATA_DIR", "folder of the databases and the root key", _path, "data")
    database_url: str = setting(
        "GATEWAY_DATABASE_URL", "where customers rest", parse_database_url, shown="a SQLite file in the data folder"
    )
    key_store_url: str = setting(
        "GATEWAY_KEY_STORE_URL",
        "where wrapped keys rest: never in the same database",
        parse_database_url,
        shown="a SQLite file in the data folder",
    )
    ledger_url: str = setting(
        "GATEWAY_LEDGER_URL",
        "where the ledger rests",
        parse_database_url,
        shown="a SQLite file in the data folder; with PostgreSQL, the database",
    )
    maintenance_url: str = setting(
        "GATEWAY_MAINTENANCE_URL",
        "PostgreSQL address with the role that owns the tables, for upgrades, sealing, pruning and VACUUM",
        parse_maintenance_url,
        "",
        shown="none: the role that serves does it all",
    )
    database_connections: int = setting(
        "GATEWAY_DATABASE_CONNECTIONS", "connections of this process to PostgreSQL at most", _number(10, 1_000), "30"
    )
    database_pooler: str = setting(
        "GATEWAY_DATABASE_POOLER",
        "what the PostgreSQL addresses lead to: none, or a pooler like PgBouncer in transaction mode",
        _choice("none", "transaction"),
        "none",
    )
    root_key_path: Path = setting(
        "GATEWAY_ROOT_KEY_PATH",
        "file of the root key that wraps all other keys",
        _path,
        shown="root.key in the data folder",
    )
    # Bounded, because the version is a single digit in each id (`store/crypto/global_ids.py`).
    id_key_version: int = setting(
        "GATEWAY_ID_KEY_VERSION",
        "version of the key that encrypts ids and cursors; raise it by one at a time if the key leaked",
        _number(1, 34),
        "1",
    )
    document_memory: int = setting(
        "GATEWAY_DOCUMENT_MEMORY",
        "bytes of memory for documents with their plans; three quarters of it for registered ones",
        _number(2**20, 2**40),
        str(MOST),
    )
    references: References = setting(
        "GATEWAY_REFERENCES",
        "what references to a case look like, by purpose, as JSON; * stands for the other purposes",
        read_references,
        f'{{"*": "{USUAL}"}}',
    )
    demo: bool = setting("GATEWAY_DEMO", "serve invented customers and hand out their tokens", _yes, "no")
    issuer: str = setting(
        "GATEWAY_ISSUER",
        "public https address that access tokens are issued under",
        _address,
        default="",
        shown=f"none: must be set to serve (the demo always has {DEMO_ISSUER})",
    )
    hosts: tuple[str, ...] = setting(
        "GATEWAY_HOSTS",
        "more names that the gateway answers under, besides the issuer's, such as one inside the company",
        _hosts,
        "",
        shown="none: the issuer's name, and this machine for itself",
    )
    audience: str = setting(
        "GATEWAY_AUDIENCE", "what an access token must be meant for", _address, shown="the issuer followed by /graphql"
    )
    # Ten minutes: revocation works at once here, but other resource servers may check only signature and expiry.
    token_seconds: int = setting("GATEWAY_TOKEN_SECONDS", "life of an access token", _number(60, 86_400), "600")
    # Idle timeout of a token family; `sign_in_days` is its absolute one.
    refresh_days: int = setting(
        "GATEWAY_REFRESH_DAYS", "days after which an unused refresh token ends", _number(1, 365), "30"
    )
    sign_in_days: int = setting(
        "GATEWAY_SIGN_IN_DAYS",
        "days after which a client sends its customer to sign in again",
        _number(1, 3_650),
        "180",
    )
    signing_key_days: int = setting(
        "GATEWAY_SIGNING_KEY_DAYS", "days after which a new key signs access tokens; 0: never", _number(0, 3_650), "30"
    )
    # From the first destruction on, with two days of overlap: then no backup of the key store opens erased data (D5).
    root_key_days: int = setting(
        "GATEWAY_ROOT_KEY_DAYS",
        "days after a key was destroyed by which the root key is replaced and its old version destroyed; 0: by hand",
        _number(0, 25),
        "25",
    )
    backup_days: int = setting(
        "GATEWAY_BACKUP_DAYS",
        "days after which archives and dumps of the databases end, as certificates of erasure say; 0: not said",
        _number(0, 3_650),
        "0",
    )
    demo_token_seconds: int = setting(
        "GATEWAY_DEMO_TOKEN_SECONDS", "life of a demo token", _number(60, 604_800), "86400"
    )
    # Only for `iat` and `nbf`: there is no leeway for `exp` (F3).
    clock_skew_seconds: int = setting(
        "GATEWAY_CLOCK_SKEW_SECONDS", "how far ahead a token's issuer may be", _number(0, 300), "5"
    )
    idp_issuer: str = setting(
        "GATEWAY_IDP_ISSUER",
        "identity provider whose access tokens are accepted, too",
        _address,
        default="",
        shown="none",
    )
    idp_audience: str = setting(
        "GATEWAY_IDP_AUDIENCE", "what its tokens must be meant for", _text, shown="the same as for our own tokens"
    )
    idp_client_claim: str = setting(
        "GATEWAY_IDP_CLIENT_CLAIM", "claim that names a client registered here", _text, "client_id"
    )
    idp_types: frozenset[str] = setting("GATEWAY_IDP_TYPES", "types (typ) of its access tokens", _words, "at+jwt")
    idp_scopes: dict[str, dict[str, tuple[str, ...]]] = setting(
        "GATEWAY_IDP_SCOPES",
        'which scopes its claims give, as JSON: {"groups": {"billing-team": ["purpose:invoicing"]}}',
        _scopes_of_claims,
        "{}",
    )
    staff_issuer: str = setting(
        "GATEWAY_STAFF_ISSUER",
        "OpenID provider of the company, at which staff sign in to /audit",
        _address,
        "",
        shown="none: /audit asks for a token",
    )
    staff_client_id: str = setting(
        "GATEWAY_STAFF_CLIENT_ID", "client id of this gateway there", _text, "", shown="none"
    )
    staff_client_secret: Hidden = setting("GATEWAY_STAFF_CLIENT_SECRET", "the secret for it", Hidden, "", shown="none")
    staff_claim: str = setting(
        "GATEWAY_STAFF_CLAIM", "claim of its ID tokens with the code of `gateway staff`", _text, "sub"
    )
    staff_acr: str = setting(
        "GATEWAY_STAFF_ACR",
        "level of authentication (acr) that its ID tokens must state, for two factors or more",
        _text,
        "",
        shown="none: amr must state mfa",
    )
    site_name: str = setting(
        "GATEWAY_SITE_NAME",
        "what customers know us by: in messages, authenticator apps, sign-in pages",
        _text,
        "Customer data gateway",
    )
    staff_names: Mapping[str, str] = setting(
        "GATEWAY_STAFF_NAMES",
        'TOML file with names of staff by code (LG-7 = "Dana Meyer"), which customers then see beside readings',
        _names_of_staff,
        "",
        shown="none: customers see role and code",
    )
    site_logo: Path | None = setting(
        "GATEWAY_SITE_LOGO", "its logo, an .svg or .png file", _logo, "", shown="none: that of the gateway"
    )
    site_colour: str = setting(
        "GATEWAY_SITE_COLOUR",
        "its colour, such as #1f5f5b: links and buttons; made darker or lighter until everybody can read it",
        _colour,
        "",
        shown="none: that of the gateway",
    )
    site_links: dict[str, str] = setting(
        "GATEWAY_SITE_LINKS",
        'links below every page of the client area, as JSON: {"Help": "https://www.example.com/help"}',
        _links,
        "{}",
    )
    site_domain: str = setting(
        "GATEWAY_SITE_DOMAIN",
        "domain of the company's web site, such as example.com: its pages share the choice of cookies by /consent.js",
        _host,
        "",
        shown="none: the choice is for the gateway's own pages",
    )
    languages: Path | None = setting(
        "GATEWAY_LANGUAGES",
        "folder of further translations, each LANGUAGE/LC_MESSAGES/gateway.po (`gateway messages template`)",
        _file,
        "",
        shown="none: those that ship",
    )
    time_zone: tzinfo = setting(
        "GATEWAY_TIME_ZONE",
        "the controller's time zone, such as Europe/Zurich: deadlines end with its days, and e-mails name them",
        _zone,
        "UTC",
    )
    session_seconds: int = setting(
        "GATEWAY_SESSION_SECONDS", "the longest a customer stays signed in", _number(300, 2_592_000), "43200"
    )
    session_idle_seconds: int = setting(
        "GATEWAY_SESSION_IDLE_SECONDS", "time after which an unused session ends", _number(60, 2_592_000), "3600"
    )
    password_minimum: int = setting(
        "GATEWAY_PASSWORD_MINIMUM",
        "characters of a new password; fewer than 15 are enough only where a second factor is on",
        _number(12, 64),
        "15",
    )
    password_classes: bool = setting(
        "GATEWAY_PASSWORD_CLASSES",
        "ask for upper case, lower case, digit and sign in each new password; if not, they are recommended",
        _yes,
        "no",
    )
    password_list: Path | None = setting(
        "GATEWAY_PASSWORD_LIST",
        "file of compromised passwords to refuse, made by `gateway passwords build`",
        _file,
        "",
        shown="none: the common ones that come with the gateway",
    )
    proxies: tuple[IPv4Network | IPv6Network, ...] = setting(
        "GATEWAY_PROXIES",
        "networks of the proxies in front of us (and of nobody else), whose word for a client's address is believed",
        _networks,
        "",
        shown="none",
    )
    proxy_header: str = setting(
        "GATEWAY_PROXY_HEADER",
        "header in which they say it: x-forwarded-for, forwarded (RFC 7239), or either, if both then agree",
        _choice("either", "x-forwarded-for", "forwarded"),
        "either",
    )
    geo_database: Path | None = setting(
        "GATEWAY_GEO_DATABASE",
        ".mmdb file that tells the country of an IP address, to notice unusual sign-ins",
        _file,
        "",
        shown="none: countries are not worked out",
    )
    # Only a fallback: a change is announced with the revocations, and seen at the next request.
    client_seconds: int = setting(
        "GATEWAY_CLIENT_SECONDS", "how long a client's registration may be kept in memory", _number(0, 60), "2"
    )
    # 256 KiB: a document of `max_tokens` with its variables; nothing is uploaded by GraphQL.
    max_body_bytes: int = setting(
        "GATEWAY_MAX_BODY_BYTES", "largest request body", _number(1_024, 16_777_216), "262144"
    )
    head_seconds: int = setting(
        "GATEWAY_HEAD_SECONDS", "time a request's head may take to arrive", _number(1, 300), "10"
    )
    body_seconds: int = setting(
        "GATEWAY_BODY_SECONDS", "time a request's body may take to arrive", _number(1, 300), "10"
    )
    request_seconds: int = setting("GATEWAY_REQUEST_SECONDS", "time an answer may take", _number(1, 600), "10")
    idle_seconds: int = setting("GATEWAY_IDLE_SECONDS", "time a connection may stay idle", _number(1, 600), "15")
    shutdown_seconds: int = setting(
        "GATEWAY_SHUTDOWN_SECONDS", "time running requests get when the server stops", _number(1, 600), "20"
    )
    # None by default, since only a proxy that asks /readyz gains by it.
    drain_seconds: int = setting(
        "GATEWAY_DRAIN_SECONDS",
        "time for which a server that stops still takes connections, while /readyz says 503 already",
        _number(0, 300),
        "0",
    )
    max_requests: int = setting("GATEWAY_MAX_REQUESTS", "requests answered at once", _number(1, 100_000), "512")
    # A quarter of all slots, so that no client alone can exhaust them (G13).
    max_client_requests: int = setting(
        "GATEWAY_MAX_CLIENT_REQUESTS", "requests of one client answered at once", _number(1, 100_000), "128"
    )
    max_customer_requests: int = setting(
        "GATEWAY_MAX_CUSTOMER_REQUESTS",
        "requests of one customer, through one client, answered at once",
        _number(1, 100_000),
        "16",
    )
    max_bodies: int = setting("GATEWAY_MAX_BODIES", "request bodies waited for at once", _number(1, 1_000_000), "1024")
    max_network_bodies: int = setting(
        "GATEWAY_MAX_NETWORK_BODIES",
        "request bodies of one address (IPv6: one /64) waited for at once",
        _number(1, 1_000_000),
        "64",
    )
    max_tokens: int = setting("GATEWAY_MAX_TOKENS", "tokens of a GraphQL document", _number(10, 100_000), "4000")
    max_depth: int = setting("GATEWAY_MAX_DEPTH", "levels of fields in an operation", _number(2, 100), "15")
    max_fields: int = setting(
        "GATEWAY_MAX_FIELDS", "fields of an operation, its fragments written out", _number(1, 100_000), "1000"
    )
    # Aliases multiply a field, such as a hundred guesses of a code in one request (S10).
    max_aliases: int = setting("GATEWAY_MAX_ALIASES", "aliases in an operation", _number(0, 10_000), "60")
    max_root_fields: int = setting("GATEWAY_MAX_ROOT_FIELDS", "root fields of an operation", _number(1, 1_000), "20")
    max_cost: int = setting("GATEWAY_MAX_COST", "objects that an operation may read", _number(1, 10_000_000), "20000")
    client_budget: int = setting(
        "GATEWAY_CLIENT_BUDGET", "objects a client may read in a minute", _number(1, 1_000_000_000), "1000000"
    )
    customer_budget: int = setting(
        "GATEWAY_CUSTOMER_BUDGET",
        "objects a customer may read of their own in a minute, through one client",
        _number(1, 1_000_000_000),
        "40000",
    )
    # An agent repeats itself cheaply, and reads what it is shown: it needs little, and should read little.
    agent_budget: int = setting(
        "GATEWAY_AGENT_BUDGET",
        "objects a client may read in a minute at /mcp, and of a customer's own at most",
        _number(1, 1_000_000_000),
        "5000",
    )
    # Against bulk reading with a stolen tool's token; beyond it the tool is stopped or an alarm raised.
    customers_per_hour: int = setting(
        "GATEWAY_CUSTOMERS_PER_HOUR",
        "customers that a tool may read in an hour, unless registered otherwise; 0: any",
        _number(0, 1_000_000_000),
        "5000",
    )
    grant_days: int = setting(
        "GATEWAY_GRANT_DAYS",
        "days after which somebody confirms again that a client needs each of its purposes, or it ends; 0: never",
        _number(0, 3_650),
        "365",
    )
    unused_grant_days: int = setting(
        "GATEWAY_UNUSED_GRANT_DAYS",
        "days after which a client that does not use a purpose is warned that it ends; 0: never",
        _number(0, 3_650),
        "180",
    )
    rdap_per_minute: int = setting(
        "GATEWAY_RDAP_PER_MINUTE",
        "RDAP look-ups that one network may make in a minute, in each process; 0: any",
        _number(0, 100_000),
        "60",
    )
    registrar: Registrar | None = setting(
        "GATEWAY_REGISTRAR",
        "TOML file of what RDAP says of the registrar for generic endings (docs/sharing.md names its lines)",
        read_registrar,
        "",
        shown="none: RDAP names no registrar",
    )
    security_contact: str = setting(
        "GATEWAY_SECURITY_CONTACT",
        "e-mail or https:// address for reports of vulnerabilities, published at /.well-known/security.txt",
        read_contact,
        "",
        shown="none: nothing is published there",
    )
    seal_ledger: bool = setting(
        "GATEWAY_SEAL_LEDGER", "seal the ledger while serving; if not, `gateway ledger seal --watch` does", _yes, "yes"
    )
    work: bool = setting(
        "GATEWAY_WORK", "erase, export and deliver while serving; if not, `gateway worker` does", _yes, "yes"
    )
    checkpoint_entries: int = setting(
        "GATEWAY_CHECKPOINT_ENTRIES", "new entries after which the ledger is signed", _number(1, 1_000_000), "1000"
    )
    checkpoint_seconds: int = setting(
        "GATEWAY_CHECKPOINT_SECONDS", "time after which new entries are signed", _number(1, 86_400), "60"
    )
    ledger_head: str = setting(
        "GATEWAY_LEDGER_HEAD",
        "a file or an https address that only takes additions, where signed heads of the ledger are kept, too",
        _head_place,
        "",
        shown="none: the key store alone",
    )
    # Private addresses must be named: a webhook's URL could otherwise reach internal services (SSRF).
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = setting(
        "GATEWAY_WEBHOOK_NETWORKS",
        "private networks with systems that receive events, or with the identity provider, such as 10.0.0.0/8",
        _networks,
        "",
        shown="none: public addresses and this machine only",
    )
    outbox_hours: int = setting(
        "GATEWAY_OUTBOX_HOURS", "hours after which a message that nobody takes is given up", _number(1, 720), "72"
    )
    smtp_host: str = setting(
        "GATEWAY_SMTP_HOST", "SMTP server for e-mails to customers", _host, "", shown="none: e-mails wait"
    )
    smtp_port: int = setting("GATEWAY_SMTP_PORT", "its port", _number(1, 65535), "587")
    smtp_security: str = setting(
        "GATEWAY_SMTP_SECURITY",
        "how it is spoken to: starttls, tls, or none (on this machine only)",
        _choice("starttls", "tls", "none"),
        "starttls",
    )
    smtp_user: str = setting("GATEWAY_SMTP_USER", "who we are to it", _text, "", shown="nobody")
    smtp_password: Hidden = setting("GATEWAY_SMTP_PASSWORD", "the password for it", Hidden, "", shown="none")
    smtp_from: str = setting(
        "GATEWAY_SMTP_FROM", "sender address of e-mails", _sender, "", shown="none: needed to send e-mails"
    )
    # This machine only by default: metrics tell of load, backlogs and refused clients.
    metrics: tuple[IPv4Network | IPv6Network, ...] = setting(
        "GATEWAY_METRICS",
        "networks that may read /metrics, by the address that connects; nobody behind a proxy may",
        _networks,
        "127.0.0.0/8, ::1",
    )
    status_codes: str = setting(
        "GATEWAY_STATUS_CODES",
        "of GraphQL responses: draft (422, 294), or older for clients that expect 400 and 200",
        _choice("draft", "older"),
        "draft",
    )
    graphiql: bool = setting(
        "GATEWAY_GRAPHIQL",
        "show the GraphiQL page to browsers at /graphql",
        _yes,
        shown="yes in the demo, otherwise no",
    )
    developers: bool = setting(
        "GATEWAY_DEVELOPERS",
        "show the page for developers at /developers: addresses, code to begin with, codes of errors",
        _yes,
        shown="yes in the demo, otherwise no",
    )
    log: str = setting("GATEWAY_LOG", "form of log lines: text or json", _choice("text", "json"), "text")
    traces: str = setting(
        "GATEWAY_TRACES",
        "OTLP/HTTP address of an OpenTelemetry collector, such as http://127.0.0.1:4318/v1/traces",
        _address,
        "",
        shown="none: no traces are made",
    )
    # Off by default: who read what is in the ledger; a second trace would be one more copy to protect.
    access_log: bool = setting("GATEWAY_ACCESS_LOG", "log one line for each answered request", _yes, "no")

    @property
    def max_bodies_bytes(self) -> int:
        """The most bytes of incomplete request bodies, all together."""
        return max(64 * 1024 * 1024, 4 * self.max_body_bytes)

    @property
    def only_https(self) -> bool:
        """True if browsers must use HTTPS, by the public address."""
        return self.public_url.startswith("https:")

    @property
    def agent_audience(self) -> str:
        """The audience of access tokens for /mcp: its address, by which clients find the metadata."""
        return f"{self.public_url}/mcp"

    @property
    def path(self) -> str:
        """The path of the public address, such as `/account`; empty at the root of a host."""
        return urlsplit(self.public_url).path

    @property
    def public_url(self) -> str:
        """The base address for browsers and clients; the demo's issuer is a name only, so it has this machine's."""
        return f"http://127.0.0.1:{self.port}" if self.issuer == DEMO_ISSUER else self.issuer


def read(environment: Mapping[str, str], demo: bool | None = None) -> Settings:
    """Read the settings from environment variables; SettingsError names all wrong ones at once.

    `demo` overrides GATEWAY_DEMO, for the commands of the demo.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for each in fields(Settings):
        name, parse = each.metadata["name"], each.metadata["parse"]
        given = environment.get(name, "").strip() or each.metadata["default"]
        try:
            values[each.name] = None if given is None else parse(given)
        except ValueError as error:
            shown = "" if "://" in (given or "") else f" is {given!r}"  # A URL may contain a password.
            problems.append(f"{name}{shown}: {error}.")
    if demo is not None:
        values["demo"] = demo
    if not problems:
        problems = _fill(values)
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(**values)


def require_issuer(settings: Settings) -> Settings:
    """The settings if they have an issuer; SettingsError otherwise."""
    if settings.issuer:
        return settings
    raise SettingsError(
        "GATEWAY_ISSUER is not set: set it to the public address of this gateway, such as https://data.example.com. "
        "To try things out: `gateway demo`."
    )


def require_sessions(settings: Settings) -> Settings:
    """The settings if sessions of the server are the process's own; SettingsError behind a pooler in transaction mode.

    What works rather than serves sets times for single statements, waits for locks of whole sets of tables, and runs
    longer than the times of the serving role allow.
    """
    if settings.database_pooler == "none":
        return settings
    raise SettingsError(
        "GATEWAY_DATABASE_POOLER is set, and this command needs sessions of the server's own, which a pooler in "
        "transaction mode does not keep. Run it without this setting, with the addresses of the server itself: "
        "GATEWAY_DATABASE_POOLER=none GATEWAY_DATABASE_URL=… GATEWAY_KEY_STORE_URL=…"
    )


def unknown(environment: Mapping[str, str]) -> list[str]:
    """A warning for each unknown GATEWAY_ variable: a misspelt limit would silently not hold."""
    known = {each.metadata["name"] for each in fields(Settings)}
    strange = sorted(name for name in environment if name.startswith("GATEWAY_") and name not in known)
    return [f"{name} is not a setting and does nothing: `gateway settings` lists those there are." for name in strange]


def _fill(values: dict[str, Any]) -> list[str]:
    """Derive the settings that were not given, and return the problems of how they fit together."""
    folder: Path = values["data_dir"]
    database = values["database_url"] = values["database_url"] or f"sqlite:///{folder / 'data.db'}"
    values["key_store_url"] = values["key_store_url"] or f"sqlite:///{folder / 'keys.db'}"
    shared = database if database.startswith("postgresql:") else f"sqlite:///{folder / 'ledger.db'}"
    values["ledger_url"] = values["ledger_url"] or shared
    values["root_key_path"] = values["root_key_path"] or folder / "root.key"
    if values["graphiql"] is None:
        values["graphiql"] = values["demo"]
    if values["developers"] is None:
        values["developers"] = values["demo"]
    problems = []
    # Crypto-shredding rests on this: a backup of the data must not contain the keys.
    if values["key_store_url"] == database:
        problems.append(
            "GATEWAY_KEY_STORE_URL is the same as GATEWAY_DATABASE_URL: keys need a database of their own, "
            "or a backup of the data could be read without them."
        )
    if values["demo"] and not values["issuer"].startswith("http://"):
        # Only this name, or an http address of this machine: a demo token must be worthless at any real gateway.
        values["issuer"] = DEMO_ISSUER
    if not PATH.fullmatch(urlsplit(values["issuer"]).path):
        problems.append(
            "GATEWAY_ISSUER has a path that is no plain one: use letters, digits, - and _, as in "
            "https://www.example.com/account."
        )
    values["audience"] = values["audience"] or f"{values['issuer']}/graphql"
    values["idp_audience"] = values["idp_audience"] or values["audience"]
    if values["idp_issuer"] and values["idp_issuer"] == values["issuer"]:
        problems.append("GATEWAY_IDP_ISSUER is this gateway itself: leave it out, its own tokens are accepted anyway.")
    if values["staff_issuer"] and not (values["staff_client_id"] and values["staff_client_secret"]):
        problems.append("GATEWAY_STAFF_ISSUER needs GATEWAY_STAFF_CLIENT_ID and GATEWAY_STAFF_CLIENT_SECRET.")
    if values["database_pooler"] != "none" and (values["work"] or values["seal_ledger"]):
        problems.append(
            "GATEWAY_DATABASE_POOLER is set, and this process works or seals the ledger, which needs sessions of its "
            "own: set GATEWAY_WORK=no and GATEWAY_SEAL_LEDGER=no, and let `gateway worker` and `gateway ledger seal "
            "--watch` reach the server itself."
        )
    host, site = urlsplit(values["issuer"]).hostname or "", values["site_domain"]
    if site and not f".{host}".endswith(f".{site}"):
        problems.append(
            "GATEWAY_SITE_DOMAIN is not the gateway's own domain, nor one above it: browsers refuse its cookie then."
        )
    problems += _check_smtp(values)
    # Lowering one limit lowers the narrower ones with it: nobody should have to set three.
    if values["max_client_requests"] > values["max_requests"]:
        values["max_client_requests"] = values["max_requests"]
    if values["max_customer_requests"] > values["max_client_requests"]:
        values["max_customer_requests"] = values["max_client_requests"]
    return problems


def _check_smtp(values: Mapping[str, Any]) -> list[str]:
    """The problems of the settings for sending e-mail."""
    if not values["smtp_host"]:
        return []
    problems = []
    if not values["smtp_from"]:
        problems.append("GATEWAY_SMTP_FROM is not set: set the sender address of e-mails.")
    if values["smtp_security"] == "none" and values["smtp_host"] not in LOOPBACK:
        problems.append("GATEWAY_SMTP_SECURITY is 'none': use starttls or tls, e-mails must not be sent unencrypted.")
    return problems


def masked(value: object) -> str:
    """The text of a setting's value without passwords: neither a secret setting nor that of a database URL."""
    text = str(value)
    if isinstance(value, Hidden):
        return "****" if value else ""
    if not text.startswith("postgresql://"):
        return text
    parts = urlsplit(text)
    credentials, at, host = parts.netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    shown = f"{user}:****@{host}" if colon else f"{user}{at}{host}"
    return parts._replace(netloc=shown, query="").geturl()  # `?password=` works in libpq, too.


@dataclass(frozen=True, slots=True)
class Described:
    """One line of `gateway settings`."""

    name: str
    meaning: str
    default: str
    value: str


def describe(settings: Settings) -> list[Described]:
    """Every setting with its meaning, default and current value, passwords masked."""
    return [
        Described(note["name"], note["meaning"], note["shown"], _shown(getattr(settings, each.name)))
        for each in fields(Settings)
        for note in [each.metadata]
    ]


def _shown(value: object) -> str:
    if isinstance(value, frozenset):
        return " ".join(sorted(value))
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, References):
        return json.dumps({name: each.text for name, each in value.patterns.items()})
    if value is None:
        return ""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else masked(value)
