"""`gateway db` and `gateway token`: databases and demo tokens."""

from __future__ import annotations

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.config.settings import Settings
from gateway.demo.tokens import DemoTokens
from gateway.http import server
from gateway.run.stores import store_config
from store.database.grants import Roles, by_database, grants_sql, roles_sql
from store.upgrade.lacking_keys import KeysLackingError
from store.upgrade.reindexing_writing import Collision
from store.upgrade.upgrade import customer_ids, reindex_all, upgrade_all

COLLISIONS = 4
KEYS_LACKING = 5
SAID = {"EMAIL": "e-mail address", "LOGIN": "login name", "DOMAIN": "domain name", "NUMBER": "customer number",
        "EXTERNAL_ID": "external id", "PHONE": "telephone number", "SERVICE_NAME": "name of a service"}  # fmt: skip


@click.group()
def db() -> None:
    """Upgrade and check the databases."""


@db.command("upgrade")
@click.option("--accept-loss", is_flag=True, help="Empty values that only keys missing from the key store could open.")
def db_upgrade(accept_loss: bool) -> None:
    """Create the databases, or migrate them to this release's version.

    Values whose stored form changes with this release are rewritten, with progress messages; no gateway of this release
    serves before. If this release normalises addresses in another way, rows are found by the new form afterwards.
    Customers whose values become equal in it are listed: each keeps the look-up it has, and one that has none cannot be
    found by that value.

    A key store without rows of some customers does not belong to this data; it may be an older copy. Then no value that
    needs their keys is changed: restore the right key store, or give those values up with --accept-loss.

    \b
    Exit codes: 0 done; 3 it could not be done; 4 done, and customers share values; 5 the key store lacks customers.

    \b
    Safe to run from every replica at once, and again:
        gateway db upgrade
    """
    settings = read_settings(maintains=True)
    with errors_as_sentences():
        try:
            work = upgrade_all(store_config(settings), click.echo, accept_loss=accept_loss)
            _, collisions = server.run(work)
        # An exit code of its own: a deployment must stop here, and an operator decide.
        except KeysLackingError as error:
            click.echo(str(error), err=True)
            raise SystemExit(KEYS_LACKING) from error
    click.echo("The databases are at this release's version.")
    _report_collisions(collisions)


@db.command("reindex")
def db_reindex() -> None:
    """Check every row that is found by a fingerprint (blind index), and bring it to this release's form.

    Run it once after the last replica of an earlier release has ended, since it may have written rows in the earlier
    form; and after the data or the key store was restored from a backup, when a start asks for it because the two
    differ. Values that two customers share are listed, with exit code 4.

    \b
        gateway db reindex
    """
    settings = read_settings(maintains=True)
    with errors_as_sentences():
        _, collisions = server.run(reindex_all(store_config(settings), click.echo))
    _report_collisions(collisions)


def _report_collisions(collisions: list[Collision]) -> None:
    """Print the collisions by customers' ids only, since the shared values are personal data; exit with COLLISIONS."""
    ids = server.run(customer_ids(store_config(read_settings()), collisions)) if collisions else {}
    for each in collisions:
        who = ids[each.customer]
        others = ", ".join(ids[other] for other in each.others) or "nobody any more"
        lost = "" if each.found else "; this one is found by nothing"
        click.echo(f"  {SAID[each.lookup]} of customer {who}: also of {others}{lost}", err=True)
    if collisions:
        click.echo(
            f"{len(collisions)} values are one with another row's value. Until one of the two is changed or its "
            "customer erased, each row is found by the form it had, and one that had no look-up by nothing. Then run "
            "`gateway db upgrade` again.",
            err=True,
        )
        raise SystemExit(COLLISIONS)


@db.command("grants")
@click.option("--owner", default="gateway_owner", show_default=True, help="The role that has the tables.")
@click.option("--serving", default="gateway", show_default=True, help="The role that serves.")
@click.option("--database", "only", help="Only what is to be run in the database of this name.")
def db_grants(owner: str, serving: str, only: str | None) -> None:
    """Print the SQL that limits the serving role to least privilege; PostgreSQL only.

    \b
    Run it as the server's administrator, before the first upgrade and after each; it may be run again:
        gateway db grants --database customers | psql customers
        gateway db grants --database keys | psql keys
        gateway db upgrade
    Give both roles a password, and serve as one with the address of the other:
        GATEWAY_DATABASE_URL=postgresql://gateway@db/customers?sslmode=verify-full
        GATEWAY_MAINTENANCE_URL=postgresql://gateway_owner@db/customers?sslmode=verify-full
    """
    settings = read_settings()
    try:
        roles = Roles(owner, serving)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    found = {str(address.url.database): schemas for address, schemas in by_database(store_config(settings)).items()}
    if not found or (only is not None and only not in found):
        raise click.UsageError(f"The databases on PostgreSQL are: {', '.join(found) or 'none; SQLite has no roles'}.")
    for name, schemas in found.items():
        if only in (None, name):
            click.echo(f"-- In the database {name} ({', '.join(schema.name for schema in schemas)}):")
            click.echo("\n".join((*roles_sql(roles), *grants_sql(schemas, roles))))


@click.command()
@click.argument("name")
def token(name: str) -> None:
    """Print an access token for the demo.

    NAME is billing, support, noc, newsletter, auditor, or the e-mail address of a demo customer.

    \b
        gateway token billing
        curl -H "Authorization: Bearer $(gateway token support)" ...
    """
    # demo=True: the demo's issuer, so that the token is worthless at any other gateway.
    settings = read_settings(demo=True)
    with errors_as_sentences():
        click.echo(server.run(_mint(settings, name)))


async def _mint(settings: Settings, name: str) -> str:
    from gateway.run.serving import open_services  # Late: what serves takes a second, and upgrades do not need it.

    async with open_services(settings) as services:
        return await DemoTokens(services.store, services.tokens, settings.demo_token_seconds).mint(name)
