"""`gateway keys`: replacing the keys of the house while it is open."""

from __future__ import annotations

import click

from gateway import server
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.serving import open_works
from gateway.settings import Settings


@click.group()
def keys() -> None:
    """Replace keys while the gateway runs."""


@keys.command("rotate-signing")
def rotate_signing() -> None:
    """Make a new key for access tokens.

    It signs two minutes later, when every replica knows it; what older keys signed stays good until it expires. Run it
    as often as you like:

    \b
        gateway keys rotate-signing
    """
    settings = read_settings()
    with told_in_a_sentence():
        click.echo(f"New signing key: {server.run(_rotate_signing(settings))}")


async def _rotate_signing(settings: Settings) -> str:
    async with open_works(settings) as works:
        await works.keys.open()
        return await works.keys.rotate()


@keys.command("rotate-root")
def rotate_root() -> None:
    """Make a new root key and wrap all other keys under it.

    If it is interrupted, run it again. The old root key file may be removed, and its copies, once this has succeeded:

    \b
        gateway keys rotate-root
    """
    settings = read_settings()
    with told_in_a_sentence():
        click.echo(f"{server.run(_rotate_root(settings))} keys are wrapped under a new root key.")


async def _rotate_root(settings: Settings) -> int:
    async with open_works(settings) as works:
        return await works.store.keys.rotate()
