"""The audit log of operators: which commands are recorded in the ledger, before they run and with their result (G17).

The command line wraps every command by the table below, so that none can be forgotten; a command that is not in the
table does not run.
"""

from __future__ import annotations

import copy
import os
import pwd
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from gateway.commands.lazy import LazyGroup

LOOKS = "it only looks"
DEMO = "it is about invented customers"
OFFLINE = "it reads files and no store"


@dataclass(frozen=True, slots=True)
class Act:
    """A recorded command, and the arguments that its entry may name once a register has validated them."""

    target: str | None = None
    details: tuple[str, ...] = ()
    unless: str | None = None
    """A flag with which nothing is changed, so nothing is recorded."""
    starts: bool = False
    """It starts a process: recorded only if WIDENING settings are changed, and it starts even without the store."""
    makes: bool = False
    """It may create the ledger, so it is recorded only when it has succeeded."""


CLIENT = Act("client_id")
NAME = Act("name")
CASE = Act("case")
REFERENCE = Act("reference")
CODE = Act("code")

ACTS: Mapping[str, Act | str] = {
    "demo": DEMO,
    "serve": Act(starts=True),
    "worker": Act(starts=True),
    "token": DEMO,
    "customers import": Act(unless="dry_run"),
    "invoices import": Act(unless="dry_run"),
    "imports list": LOOKS,
    "imports release": Act("run"),
    "imports show": LOOKS,
    "imports undo": Act("run"),
    "clients create": Act("client_id", ("kind", "purposes", "actions", "customers", "over", "max_page", "keeps_days")),
    "clients check": LOOKS,
    "clients confirm": Act("client_id", ("purposes", "until")),
    "clients emergency": Act("client_id", ("purpose", "reference", "hours")),
    "clients end-emergency": Act("grant"),
    "clients review": Act("grant"),
    "clients list": LOOKS,
    "clients show": LOOKS,
    "clients rotate": CLIENT,
    "clients update": Act(
        "client_id", ("keeps_days", "refusal", "origins", "no_origins", "person", "logout_uri", "no_logout")
    ),
    "clients disable": CLIENT,
    "clients enable": CLIENT,
    "documents publish": Act("client_id", ("release", "purpose", "acting"), unless="check"),
    "documents list": LOOKS,
    "documents retire": Act("client_id", ("release",)),
    "documents observe": CLIENT,
    "documents enforce": CLIENT,
    "documents open": CLIENT,
    "consents verify": OFFLINE,
    "data sanitise": Act(),
    "db grants": "it prints what an administrator of the database runs",
    "db reindex": Act(),
    "db upgrade": Act(makes=True),
    "keys list": LOOKS,
    "keys rotate": Act(),
    "keys rotate-root": Act(),
    "keys make-root": "it writes a file that nothing uses yet",
    "keys destroy-old-root": Act(),
    "messages check": OFFLINE,
    "messages list": OFFLINE,
    "messages template": OFFLINE,
    "passwords build": "it reads files and makes one, which a setting may name",
    "schema diff": OFFLINE,
    "schema print": LOOKS,
    "ledger acts": LOOKS,
    "ledger checkpoint": LOOKS,
    "ledger export": LOOKS,
    "ledger prove": LOOKS,
    "ledger public-key": LOOKS,
    "ledger resume": Act(makes=True),
    "ledger rotate-key": Act(),
    "ledger seal": "it signs what is recorded already, as the gateway does by itself",
    "ledger verify": OFFLINE,
    "exports request": Act(),
    "requests answer": Act("request"),
    "requests carry-out": Act("request", ("ground", "when_services_end")),
    "requests correct": Act("request"),
    "requests digest": LOOKS,
    "requests extend": Act("request"),
    "requests list": LOOKS,
    "requests open": Act("reference", ("kind", "way", "purpose")),
    "requests pause": Act("request"),
    "requests refuse": Act("request"),
    "requests resume": Act("request"),
    "requests show": LOOKS,
    "requests verify": Act("request"),
    "requests withdraw": Act("request"),
    "erasures request": Act(details=("when_services_end",)),
    "erasures cancel": CASE,
    "erasures answered": Act("case", ("answer",)),
    "erasures doctor": LOOKS,
    "erasures give-up": CASE,
    "erasures letter": CASE,
    "erasures hold": Act("reference", ("days", "fields", "visible")),
    "erasures lift": REFERENCE,
    "erasures list": LOOKS,
    "erasures redo": Act(),
    "erasures retry": CASE,
    "erasures show": LOOKS,
    "erasures verify": OFFLINE,
    "erasures warned": CASE,
    "restrictions list": LOOKS,
    "restrictions restrict": REFERENCE,
    "restrictions lift": Act(details=("every_ground",)),
    "restrictions told": Act(),
    "objections list": LOOKS,
    "objections object": Act("reference", ("purpose",)),
    "objections decide": Act(None, ("purpose", "upheld")),
    "recipients notices": LOOKS,
    "recipients letter": Act("notice"),
    "recipients answered": Act("notice", ("answer",)),
    "recipients give-up": Act("notice"),
    "recipients contact": Act("name", ("kind",)),
    "recipients list": LOOKS,
    "recipients remove": Act("name", ("kind",)),
    "webhooks add": Act("name", ("wanted",)),
    "webhooks disable": NAME,
    "webhooks enable": NAME,
    "webhooks events": LOOKS,
    "webhooks list": LOOKS,
    "webhooks rotate": NAME,
    "webhooks test": "it sends a message about nobody, and changes nothing",
    "partners end": NAME,
    "partners list": LOOKS,
    "partners register": Act("name", ("country", "purpose", "fields")),
    "partners tie": Act("name", ("client_id",)),
    "partners undertake": NAME,
    "affiliates disable": NAME,
    "affiliates enable": NAME,
    "affiliates list": LOOKS,
    "affiliates register": Act("name", ("kind", "country")),
    "staff add": Act("code", ("role",)),
    "staff disable": CODE,
    "staff enable": CODE,
    "staff keys add": CODE,
    "staff keys list": LOOKS,
    "staff keys remove": CODE,
    "staff list": LOOKS,
    "legal answer": REFERENCE,
    "legal approve": REFERENCE,
    "legal digest": LOOKS,
    "legal fields": LOOKS,
    "legal file": REFERENCE,
    "legal list": LOOKS,
    "legal refuse": REFERENCE,
    "outbox dead": LOOKS,
    "outbox list": LOOKS,
    "outbox replay": Act(),
    "outbox show": LOOKS,
    "audit acts": LOOKS,
    "audit breach": Act("client", unless="example"),
    "audit clients": LOOKS,
    "audit consents": LOOKS,
    "audit erasures": LOOKS,
    "audit export": LOOKS,
    "audit ledger": LOOKS,
    "audit grants": LOOKS,
    "audit lint": OFFLINE,
    "audit matrix": OFFLINE,
    "audit dpia": LOOKS,
    "audit notice": LOOKS,
    "audit papers": LOOKS,
    "audit query": LOOKS,
    "audit record": LOOKS,
    "audit refusals": LOOKS,
    "audit use": LOOKS,
    "audit release": Act("kind", ("day", "code")),
    "settings": LOOKS,
    "doctor": LOOKS,
}
"""By command path: how it is recorded, or the reason why it is not."""

ID = "gateway.act"
"""The key of the act's id in click's context."""

WIDENING = (
    "GATEWAY_CLIENT_BUDGET",
    "GATEWAY_CUSTOMERS_PER_HOUR",
    "GATEWAY_IDP_ISSUER",
    "GATEWAY_IDP_SCOPES",
    "GATEWAY_MAX_COST",
    "GATEWAY_METRICS",
    "GATEWAY_WEBHOOK_NETWORKS",
)
"""The settings that, changed from their defaults, allow more reading or admit others."""


def recorded(path: str, command: click.Command) -> click.Command:
    """The command, wrapped so that its runs are recorded; KeyError if it is not in ACTS."""
    # A copy: tests and other groups hold the same command objects, which must not be wrapped twice.
    wrapped = copy.copy(command)
    if isinstance(wrapped, LazyGroup):
        wrapped.wrapped = lambda name, each: recorded(f"{path} {name}", each)
        return wrapped
    if isinstance(command, click.Group) and isinstance(wrapped, click.Group):
        wrapped.commands = {name: recorded(f"{path} {name}", each) for name, each in command.commands.items()}
        return wrapped
    act, callback = ACTS[path], command.callback
    if isinstance(act, Act) and callback is not None:
        wrapped.callback = _recording(path, act, callback)
    return wrapped


def _recording(path: str, act: Act, callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(**given: Any) -> Any:
        # A dry run changes nothing, so it leaves no entry.
        if act.unless is not None and given[act.unless]:
            return callback(**given)
        with _entries(path, act, given):
            return callback(**given)

    return run


@contextmanager
def _entries(path: str, act: Act, given: Mapping[str, Any]) -> Iterator[None]:
    """Record the run before and after the block. If the first entry cannot be written, the command does not run."""
    # Imported late: it loads the rest of the gateway, for which `--help` should not wait.
    from gateway.commands.act_entries import ActRecorder

    recorder = ActRecorder(path, staff_code(), signed_in(), secrets.token_hex(8))
    click.get_current_context().meta[ID] = recorder.id
    if act.starts:
        recorder.started(WIDENING)
        yield
        return
    if not act.makes:
        recorder.append("BEGUN")
    try:
        yield
    except BaseException:  # SystemExit and Ctrl-C are failures, too.
        if not act.makes:
            recorder.append("FAILED")
        raise
    recorder.append("DONE", _target(act, given), _details(act, given))


def act_id() -> str:
    """The id of the running command, which all of its entries share."""
    found: str = click.get_current_context().meta[ID]
    return found


def staff_code() -> str | None:
    """The staff code given with `--as`, not validated yet; None without one."""
    found: str | None = (click.get_current_context().find_root().obj or {}).get("as")
    return found


def signed_in() -> str:
    """The operating system's user, also behind `sudo`; it leaves this process only as a pseudonym."""
    # SUDO_UID is believed only of root: anybody else could set it to another's number.
    number = int(os.environ.get("SUDO_UID") or os.getuid()) if os.getuid() == 0 else os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = ""
    return f"{number}:{name}@{socket.gethostname()}"


def _target(act: Act, given: Mapping[str, Any]) -> str | None:
    """The object of the command. An order's reference is validated here, as no register does so for a hold."""
    from resolvers.legal.orders import (
        is_order_number,  # The rest of the house, which looking at help need not wait for.
    )

    found = _said(given.get(act.target or ""))
    if act.target == "reference" and found is not None and not is_order_number(found):
        return None
    return found


def _details(act: Act, given: Mapping[str, Any]) -> tuple[str, ...]:
    found = ((name, given.get(name)) for name in act.details)
    return tuple(f"{name}={_said(value)}" for name, value in found if value not in (None, (), ""))


def _said(value: Any) -> str | None:
    """A validated argument as text; None for what could be personal data, which must not get into the ledger (D1)."""
    if value is None:
        return None
    text = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    # "@": an e-mail address typed as a name must not get into a ledger that forgets nothing.
    return text if len(text) <= 1000 and text.isprintable() and "@" not in text else None
