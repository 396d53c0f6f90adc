"""Shared by all commands: reading the settings, and printing expected errors as sentences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from babel.messages.pofile import PoFileError

from gateway.config import logs, settings
from gateway.config.settings import Settings, SettingsError
from gateway.demo import NotADemoStoreError
from gateway.demo.copies.place import PlaceNotEmptyError
from gateway.demo.tokens import NoDemoError, UnknownNameError
from gateway.http.server import ListenError
from messages.catalogue import FILE, read, use
from resolvers.clients.registration import RegistrationError
from resolvers.inputs.report import ImportFileError
from resolvers.passwords.lists import PasswordListError
from store.crypto.root_key import RootKeyError
from store.database.store import StoreUnavailableError
from workers.outbox.register import WebhookError

WRONG_SETTINGS = 2
CANNOT_START = 3


def read_settings(demo: bool | None = None, to_serve: bool = False, maintains: bool = False) -> Settings:
    """Read the settings and configure logging; a wrong setting ends the process with exit code 2.

    A command that `maintains` the store needs sessions of the server's own (`settings.require_sessions`).
    """
    try:
        found = settings.read(os.environ, demo)
        if to_serve:
            settings.require_issuer(found)
        if maintains:
            settings.require_sessions(found)
        _speak(found)
    except SettingsError as error:
        click.echo(f"{error}\n`gateway settings` lists all settings.", err=True)
        raise SystemExit(WRONG_SETTINGS) from error
    logs.configure(found.log)
    for warning in settings.unknown(os.environ):
        click.echo(f"Note: {warning}", err=True)
    return found


def _speak(found: Settings) -> None:
    """Read the further catalogues, so that a broken one is found at the start; SettingsError says which."""
    if found.languages is None:
        return
    use(found.languages)
    for path in found.languages.glob(f"*/{FILE}"):
        try:
            read(path)
        except (PoFileError, OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"GATEWAY_LANGUAGES: {path}: {error}") from error


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print expected errors as a sentence, without a stack trace, and exit with code 3."""
    try:
        yield
    except (
        RootKeyError,
        ListenError,
        NotADemoStoreError,
        NoDemoError,
        UnknownNameError,
        ImportFileError,
        RegistrationError,
        WebhookError,
        PasswordListError,
        PlaceNotEmptyError,
        SettingsError,
    ) as error:
        click.echo(str(error).replace("{command}", click.get_current_context().command_path), err=True)
        raise SystemExit(CANNOT_START) from error
    except StoreUnavailableError as error:
        click.echo(f"{error.reason}", err=True)
        raise SystemExit(CANNOT_START) from error
