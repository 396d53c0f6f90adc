"""`gateway data`: copies of the store for development, with invented people."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.database_urls import parse_database_url
from gateway.config.settings import Settings
from gateway.demo.copies.copying import Copy, Sanitiser
from gateway.demo.copies.invented import SignInSecrets
from gateway.demo.copies.place import prepare
from gateway.demo.copies.reading import number_of_customers
from gateway.demo.copies.rules import LEFT_OUT
from gateway.http import server
from gateway.run.stores import store_config
from policy.platforms import NAMES
from store.database.config import StoreConfig
from store.database.schemas import MAIN
from store.database.store import open_store
from store.database.versions import check_version
from store.sql.engines import make_reader

READ_DEADLINE = 600.0
"""Seconds that one read of the source may take: nobody waits for it."""
EVERY = 5.0
"""Seconds between two lines of progress."""


@click.group()
def data() -> None:
    """Make copies for development, with nobody's data in them."""


def _url(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else parse_database_url(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@data.command("sanitise")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--database", callback=_url, metavar="URL", help="PostgreSQL database of the copy.")
@click.option("--keys", callback=_url, metavar="URL", help="PostgreSQL database of the copy's keys: never the same.")
def sanitise(folder: Path, database: str | None, keys: str | None) -> None:
    """Make a copy of the same shape in a new FOLDER, in which every person is invented.

    The copy has as many customers as the store of the settings, and as many services, invoices, sign-ins and consents
    of each, of the same kinds and in the same states. Whatever is personal is invented, by its category: names,
    addresses, numbers, texts. Dates are shifted by up to 30 days, the same for all of a customer's, and cut to the
    day; amounts keep their size alone. No value of the store is decrypted for it, so the keys stay where they are; the
    copy has keys of its own, and an empty ledger. Left out are letters, exports, sessions, proofs of erasures, and
    everything that leads out of the copy: webhooks, contacts, secrets of programs, staff.

    All customers of the copy have one password for each platform, and one authenticator secret. They are printed once.
    A copy says how many customers there are and how they are spread: it is no publication, and counts of a very small
    store may still point to somebody.

    The FOLDER, or the two databases, must be new or empty; the root key is made in the FOLDER. A copy that was
    interrupted is thrown away, and made anew.

    \b
    Exit codes: 0 done; 2 the settings or options are wrong; 3 it could not be done.

    \b
        gateway data sanitise ~/copy
        GATEWAY_DATA_DIR=~/copy GATEWAY_ISSUER=http://localhost:8000 gateway serve
        gateway data sanitise ~/copy --database postgresql://db/dev --keys postgresql://db/dev_keys
    """
    if (database is None) != (keys is None):
        raise click.UsageError("Give --database and --keys together: keys never rest beside the data.")
    settings = read_settings()
    with errors_as_sentences():
        made = server.run(_copy(settings, _target(folder, database, keys)))
    _report(made)


def _target(folder: Path, database: str | None, keys: str | None) -> StoreConfig:
    place = folder.expanduser().absolute()
    if database is None or keys is None:
        return StoreConfig.local(place)
    try:
        return StoreConfig(database_url=database, key_store_url=keys, root_key_path=place / "root.key")
    except ValueError as error:
        raise click.UsageError(str(error)) from error


async def _copy(settings: Settings, target: StoreConfig) -> Copy:
    now = datetime.now(UTC)
    reader = make_reader(store_config(settings).database, size=2, deadline=READ_DEADLINE)
    try:
        await check_version(reader, MAIN)
        shown = _Lines(await number_of_customers(reader))
        await prepare(target)
        store = await open_store(target)
        try:
            return await Sanitiser(reader, store, await SignInSecrets.made(), now).run(shown)
        finally:
            await store.close()
    finally:
        await reader.close()


class _Lines:
    """Progress as lines on stderr, which a log shows as well as a terminal."""

    def __init__(self, total: int) -> None:
        self._total, self._last = total, time.monotonic()

    def __call__(self, done: int) -> None:
        if done >= self._total or time.monotonic() - self._last >= EVERY:
            self._last = time.monotonic()
            click.echo(f"{done:,} of {self._total:,} customers", err=True)


def _report(made: Copy) -> None:
    """Print what the copy has, what it lacks and why, and how to sign in."""
    for table, count in sorted(made.rows.items()):
        click.echo(f"{count:>12,} {table}")
    reasons = dict.fromkeys(LEFT_OUT.values())
    for reason in reasons:
        click.echo(f"Left out, {reason}: {', '.join(name for name, why in LEFT_OUT.items() if why == reason)}")
    click.echo("\nPasswords of everybody in the copy, printed only now:")
    for platform, password in made.signing.passwords.items():
        click.echo(f"  {NAMES[platform]}: {password}")
    click.echo(f"  authenticator app (TOTP): {made.signing.totp_secret}")
    if made.example is not None:
        click.echo(f"Sign in to the client area as {made.example}, for example.")
