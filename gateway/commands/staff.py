"""`gateway staff`: registers members of staff by codes, and the SSH keys with which they sign."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.stores import store_config
from resolvers.registers.staff import Staff, StaffError
from store.database.store import open_store
from store.registers.staff import STAFF_ROLES

Result = TypeVar("Result")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def staff() -> None:
    """Register members of staff and their SSH keys.

    \b
        gateway staff add LG-7 --role officer --key ~/.ssh/id_ed25519.pub
        gateway staff keys add LG-7 yubikey.pub
        gateway staff disable LG-7

    Codes stand in the ledger and beside what somebody signed: give codes that name nobody, and keep the list of names
    elsewhere. A code, and a key, are one person's for ever.
    """


@staff.command("add")
@click.argument("code")
@click.option("--role", type=click.Choice([each.lower() for each in STAFF_ROLES]), required=True, help="What they do.")
@click.option("--key", "key_file", type=FILE, required=True, help="Their public key (a file .pub of ssh-keygen).")
def add(code: str, role: str, key_file: Path) -> None:
    """Register a person under a CODE, with the first of their keys.

    \b
        gateway staff add LG-7 --role officer --key id_ed25519.pub
    """
    found = _with(lambda register: register.add(code, role.upper(), _text(key_file), _now()))
    click.echo(f"{code} is registered with the key {found}.")


@staff.command("list")
def list_() -> None:
    """List members of staff: code, role, date, and the code under which customers see them.

    \b
        gateway staff list
    """
    shown = _with(lambda register: register.shown_codes())
    for row in _with(lambda register: register.listed()):
        state = f"disabled {row.disabled_at:%Y-%m-%d}" if row.disabled_at else f"since {row.added_at:%Y-%m-%d}"
        click.echo(f"{row.code:<16} {row.role.lower():<8} {state:<20} {shown[row.code]}")


@staff.command("disable")
@click.argument("code")
def disable(code: str) -> None:
    """Disable somebody who has left: their keys are no longer accepted.

    \b
        gateway staff disable LG-7
    """
    _with(lambda register: register.set_disabled(code, _now()))
    click.echo(f"{code} is disabled.")


@staff.command("enable")
@click.argument("code")
def enable(code: str) -> None:
    """Enable somebody who is back.

    \b
        gateway staff enable LG-7
    """
    _with(lambda register: register.set_disabled(code, None))
    click.echo(f"{code} is enabled.")


@staff.group()
def keys() -> None:
    """Add, list and remove somebody's keys.

    \b
        gateway staff keys list LG-7
    """


@keys.command("add")
@click.argument("code")
@click.argument("key_file", metavar="KEY", type=FILE)
def keys_add(code: str, key_file: Path) -> None:
    """Register a further public key of somebody.

    \b
        gateway staff keys add LG-7 yubikey.pub
    """
    found = _with(lambda register: register.add_key(code, _text(key_file), _now()))
    click.echo(f"{code} has the key {found}, too.")


@keys.command("list")
@click.argument("code")
def keys_list(code: str) -> None:
    """List somebody's keys, including removed ones.

    \b
        gateway staff keys list LG-7
    """
    for row in _with(lambda register: register.keys(code)):
        state = f"removed {row.removed_at:%Y-%m-%d}" if row.removed_at else f"since {row.added_at:%Y-%m-%d}"
        click.echo(f"{row.fingerprint}  {row.public.partition(' ')[0]:<20} {state}")


@keys.command("remove")
@click.argument("code")
@click.argument("fingerprint")
def keys_remove(code: str, fingerprint: str) -> None:
    """Remove a lost or replaced key of somebody, by its FINGERPRINT.

    \b
        gateway staff keys remove LG-7 SHA256:…
    """
    _with(lambda register: register.remove_key(code, fingerprint, _now()))
    click.echo(f"{fingerprint} proves nothing any more.")


def _text(path: Path) -> str:
    # A public key has a few hundred bytes; the register refuses what is none.
    return path.read_bytes()[:20_000].decode("utf-8", "replace")


def _with(work: Callable[[Staff], Awaitable[Result]]) -> Result:
    settings = read_settings()
    try:
        with errors_as_sentences():
            return server.run(_on_store(settings, work))
    except StaffError as refused:
        raise click.ClickException(str(refused)) from None


async def _on_store(settings: Settings, work: Callable[[Staff], Awaitable[Result]]) -> Result:
    store = await open_store(store_config(settings))
    try:
        return await work(Staff(store))
    finally:
        await store.close()


def _now() -> datetime:
    return datetime.now(UTC)
