"""`gateway recipients`: registers how recipients of customers' data are notified of erasures (GDPR Art. 19)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from gateway.commands.common import errors_as_sentences, read_settings
from gateway.http import server
from gateway.run.stores import store_config
from policy.restricting import NoticeReply
from store.database.store import Store, open_store
from workers.recipients.by_hand import KINDS, RecipientError, Recipients
from workers.recipients.notices_by_hand import MOST, Notices

Result = TypeVar("Result")
KIND = click.Choice(KINDS)
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def recipients() -> None:
    """Register how recipients of customers' data are notified that they must erase it, too.

    A payment affiliate is notified where it takes payments, unless you name another way. A recipient without any way
    gets a letter: `gateway erasures letter`.

    \b
        gateway recipients contact PARTNER Printers --email privacy@printers.example
        gateway recipients contact TOOL billing --webhook billing
    """


@recipients.command("contact")
@click.argument("kind", type=KIND)
@click.argument("name")
@click.option("--webhook", help="The name of a system of `gateway webhooks list`.")
@click.option("--email", help="A mailbox of the company's.")
def contact(kind: str, name: str, webhook: str | None, email: str | None) -> None:
    """Notify a recipient by webhook or e-mail. A tool's NAME is its client id, a registry's the one in disclosures.

    \b
        gateway recipients contact REGISTRY AFNIC --email rgpd@registry.example
    """
    with_recipients(lambda register: register.set_contact(kind, name, webhook, email, datetime.now(UTC)))
    click.echo(f"{name} is told of erasures by {'webhook' if webhook else 'e-mail'}.")


@recipients.command("remove")
@click.argument("kind", type=KIND)
@click.argument("name")
def remove(kind: str, name: str) -> None:
    """Remove the registered way of a recipient.

    \b
        gateway recipients remove PARTNER Printers
    """
    with_recipients(lambda register: register.remove_contact(kind, name))
    click.echo(f"{name} has no way of its own any more.")


@recipients.command("list")
def list_() -> None:
    """List the registered ways.

    \b
        gateway recipients list
    """
    for row in with_recipients(lambda register: register.contacts()):
        way = f"webhook {row.webhook}" if row.webhook else row.email
        click.echo(f"{row.kind:<18} {row.name:<28} {way}")


@recipients.command("notices")
@click.option("--all", "every", is_flag=True, help="Those that are settled, too.")
def notices(every: bool) -> None:
    """List unanswered notices to recipients about restrictions, their end, and corrections (Art. 19).

    \b
        gateway recipients notices --all
    """
    found = _with_notices(lambda register: register.listed(every))
    for row in found:
        said = row.answer or row.trouble or ""
        click.echo(f"{row.id:<20} {row.about:<14} {row.kind:<18} {row.name:<28} {row.state} {said}".rstrip())
    if len(found) >= MOST:
        click.echo(f"… and more: these are the first {MOST}.", err=True)


@recipients.command("letter")
@click.argument("notice", type=int)
@click.option("--posted-on", type=DAY, help="The day on which it was posted: from then on it is on record.")
def letter(notice: int, posted_on: datetime | None) -> None:
    """Print the letter of a NOTICE to a recipient without webhook or mailbox, or record that it was posted.

    \b
        gateway recipients letter 4711 --posted-on 2027-03-01
    """
    if posted_on is None:
        click.echo(_with_notices(lambda register: register.letter(notice)))
        return
    on, zone = posted_on.date(), read_settings().time_zone
    _with_notices(lambda register: register.posted(notice, on, zone, datetime.now(UTC)))
    click.echo("Recorded; its answer is waited for.", err=True)


@recipients.command("answered")
@click.argument("notice", type=int)
@click.option("--answer", type=click.Choice(list(NoticeReply.__members__)), default="DONE", show_default=True)
def answered(notice: int, answer: str) -> None:
    """Record what the recipient of a NOTICE answered.

    \b
        gateway recipients answered 4711
    """
    _with_notices(lambda register: register.answered(notice, NoticeReply[answer], datetime.now(UTC)))


@recipients.command("give-up")
@click.argument("notice", type=int)
def give_up(notice: int) -> None:
    """Stop waiting for the recipient of a NOTICE; after 30 days that happens by itself.

    \b
        gateway recipients give-up 4711
    """
    _with_notices(lambda register: register.give_up(notice, datetime.now(UTC)))


def _with_notices(work: Callable[[Notices], Awaitable[Result]]) -> Result:
    return _with_store(lambda store: work(Notices(store)))


def with_recipients(work: Callable[[Recipients], Awaitable[Result]]) -> Result:
    """Run `work` on the register of recipients; RecipientError is printed as a sentence."""
    return _with_store(lambda store: work(Recipients(store)))


def _with_store(work: Callable[[Store], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def run() -> Result:
        store = await open_store(store_config(settings))
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        with errors_as_sentences():
            return server.run(run())
    except RecipientError as refused:
        raise click.ClickException(str(refused)) from None
