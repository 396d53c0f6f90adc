"""`gateway keys`: rotates signing keys and the root key while the gateway runs."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.http import server
from gateway.run.serving import open_services
from store.crypto.root_key import write_new
from store.crypto.system_keys import SigningKey

REPORTS = 5.0
"""Seconds between two progress messages."""


@click.group()
def keys() -> None:
    """List keys, and rotate them while the gateway runs."""


@keys.command("list")
def list_() -> None:
    """List the signing keys of access tokens, the oldest first, with the state of each.

    The newest signs once every replica knows it. A replaced key verifies until the last token that it signed has
    expired, and is then removed from the list.

    \b
        gateway keys list
    """
    settings = read_settings()
    with errors_as_sentences():
        for key, state in server.run(_listed(settings)):
            click.echo(f"{key.kid}  made {key.created_at:%Y-%m-%d %H:%M}Z  {state}")


async def _listed(settings: Settings) -> list[tuple[SigningKey, str]]:
    async with open_services(settings) as services:
        return await services.keys.listed()


@keys.command("rotate")
def rotate_signing() -> None:
    """Rotate the signing key of access tokens; the gateway does so itself every GATEWAY_SIGNING_KEY_DAYS days.

    The new key signs two minutes later, when every replica knows it; tokens of older keys stay valid until they expire.
    Run it as often as you like:

    \b
        gateway keys rotate
    """
    settings = read_settings()
    with errors_as_sentences():
        click.echo(f"New signing key: {server.run(_rotate_signing(settings))}")


async def _rotate_signing(settings: Settings) -> str:
    async with open_services(settings) as services:
        # First the existing keys: with none, `open` makes the first, which signs at once.
        await services.keys.open()
        return await services.keys.rotate()


@keys.command("rotate-root")
def rotate_root() -> None:
    """Rotate the root key: create a new one, and wrap all other keys under it.

    The number of re-encrypted look-ups is printed as it goes on. If it is interrupted, run it again. Afterwards back up
    the key store, and destroy the old version: this makes older backups of the key store unreadable.

    \b
        gateway keys rotate-root
    """
    settings = read_settings(maintains=True)
    with errors_as_sentences():
        counted = ProgressCounter()
        wrapped = server.run(_rotate_root(settings, counted))
    click.echo(
        f"{wrapped:,} keys are wrapped under a new root key, and {counted.total:,} look-ups marked under a new key."
    )


async def _rotate_root(settings: Settings, counted: ProgressCounter) -> int:
    async with open_services(settings) as services:
        return await services.store.keys.rotate(marked=counted)


class ProgressCounter:
    """Counts re-encrypted look-ups, and prints the count every few seconds: with three a customer it takes a while."""

    def __init__(self) -> None:
        self.total = 0
        self._reported_at = monotonic()

    def __call__(self, some: int) -> None:
        """Add `some` look-ups to the count."""
        self.total += some
        if monotonic() - self._reported_at >= REPORTS:
            self._reported_at = monotonic()
            click.echo(f"{self.total:,} look-ups are marked under a new key.", err=True)


@keys.command("make-root")
@click.argument("file", type=click.Path(path_type=Path))
def make_root(file: Path) -> None:
    """Write a new root key to FILE, which nothing uses until the file is named as the next version.

    For replicas that each have a copy of the root key: copy it to all of them, rename it there, then rotate on one.

    \b
        gateway keys make-root new-root.key.2
    """
    # An overwritten root key would make everything unreadable (D3).
    if not write_new(file):
        raise click.BadParameter("there is such a file, and no key is ever overwritten", param_hint="FILE")
    click.echo(f"{file} was written. Copy it to every replica before it is named as a version.", err=True)


@keys.command("destroy-old-root")
def destroy_old_root() -> None:
    """Destroy the files of older root keys on this machine, once nothing is wrapped under them.

    \b
        gateway keys destroy-old-root
    \b
    Exit codes: 0 none is left; 1 keys are still wrapped under one: run `gateway keys rotate-root`.
    """
    settings = read_settings()
    with errors_as_sentences():
        gone, waiting = server.run(_destroy_old_root(settings))
    click.echo(f"{len(gone)} old root keys were destroyed here. Destroy their copies, too.", err=True)
    if waiting:
        click.echo(f"{waiting} keys are still wrapped under an old root key: run `gateway keys rotate-root`.", err=True)
        raise SystemExit(1)


async def _destroy_old_root(settings: Settings) -> tuple[list[int], int]:
    async with open_services(settings) as services:
        return await services.store.keys.destroy_old_roots(), await services.store.keys.pending()
