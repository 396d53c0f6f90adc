"""`gateway passwords`: builds the operator's own list of refused passwords."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import click

from gateway.commands.common import errors_as_sentences, read_settings
from resolvers.passwords.building import build
from resolvers.passwords.lists import PasswordListError


@click.group()
def passwords() -> None:
    """Build the list of passwords that are refused."""


@passwords.command("build")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="The list to write, if not GATEWAY_PASSWORD_LIST."
)
def build_(files: Sequence[str], target: Path | None) -> None:
    """Build the list of compromised passwords that new ones are compared with, without any network.

    Each line of the files is a password, or its SHA-1 in hexadecimal with an optional `:count`, as in public lists of
    compromised passwords. `-` is standard input. Any number of lines takes the same memory. The list replaces the
    earlier one at once, also for a running gateway:

    \b
        export GATEWAY_PASSWORD_LIST=/var/lib/gateway/compromised.bin
        gateway passwords build pwned-passwords-sha1.txt our-own-words.txt
    """
    wanted = target or read_settings().password_list
    with errors_as_sentences(), ExitStack() as stack:
        if wanted is None:
            raise PasswordListError("Say where to write the list: set GATEWAY_PASSWORD_LIST, or use --to.")
        count = build([_opened(each, stack) for each in files], wanted)
        click.echo(f"{count} passwords are refused now: {wanted}")
        if target is not None and target.absolute() != read_settings().password_list:
            click.echo("Note: GATEWAY_PASSWORD_LIST does not name this file.", err=True)


def _opened(name: str, stack: ExitStack) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except OSError as error:
        raise PasswordListError(f"{name} cannot be read: {error.strerror}.") from error
