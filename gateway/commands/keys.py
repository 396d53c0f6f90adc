"""`gateway keys`: replacing the keys of the house while it is open."""

from __future__ import annotations

import click

from gateway import server
from gateway.commands.common import read_settings, told_in_a_sentence
from gateway.serving import open_works
from gateway.settings import Settings
from store.housekeys import SigningKey


@click.group()
def keys() -> None:
    """List keys, and replace them while the gateway runs."""


@keys.command("list")
def list_() -> None:
    """List the keys that access tokens verify with, the oldest first, and what each does.

    The newest signs once every replica knows it. A key that was replaced goes on verifying until the last token that
    it signed has expired, and is gone from the list then.

    \b
        gateway keys list
    """
    settings = read_settings()
    with told_in_a_sentence():
        for key, state in server.run(_listed(settings)):
            click.echo(f"{key.kid}  made {key.created_at:%Y-%m-%d %H:%M}Z  {state}")


async def _listed(settings: Settings) -> list[tuple[SigningKey, str]]:
    async with open_works(settings) as works:
        return await works.keys.listed()


@keys.command("rotate")
def rotate_signing() -> None:
    """Make a new key for access tokens; the gateway does so by itself every GATEWAY_SIGNING_KEY_DAYS days.

    It signs two minutes later, when every replica knows it; what older keys signed stays good until it expires. Run it
    as often as you like:

    \b
        gateway keys rotate
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
