"""`gateway erasures letter`, `answered` and `give-up`: notifies recipients by hand (GDPR Art. 19)."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from gateway.commands.common import read_settings
from gateway.commands.requests.recipients import with_recipients
from policy.erasing import RecipientAnswer

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("case", type=int)
@click.argument("recipient")
@click.option("--posted-on", type=DAY, help="The day on which it was posted: from then on it is on record.")
def letter(case: int, recipient: str, posted_on: datetime | None) -> None:
    """Print the letter to a RECIPIENT that has no webhook or mailbox, or record that it was posted.

    \b
        gateway erasures letter 4711 "Example Registry" > letter.txt
        gateway erasures letter 4711 "Example Registry" --posted-on 2027-03-01
    """
    if posted_on is None:
        click.echo(with_recipients(lambda register: register.letter(case, recipient)))
        return
    on, zone = posted_on.date(), read_settings().time_zone
    with_recipients(lambda register: register.posted(case, recipient, on, zone, datetime.now(UTC)))
    click.echo("Recorded; its answer is waited for.", err=True)


@click.command()
@click.argument("case", type=int)
@click.argument("recipient")
@click.option("--answer", type=click.Choice(list(RecipientAnswer.__members__)), default="ERASED", show_default=True)
def answered(case: int, recipient: str, answer: str) -> None:
    """Record what a RECIPIENT answered (GDPR Art. 19); the time is now, when you know it.

    \b
        gateway erasures answered 4711 "Example Payments"
    """
    with_recipients(lambda register: register.answered(case, recipient, RecipientAnswer[answer], datetime.now(UTC)))


@click.command("give-up")
@click.argument("case", type=int)
@click.argument("recipient")
def give_up(case: int, recipient: str) -> None:
    """Stop waiting for a RECIPIENT that has not answered; after 30 days that happens by itself.

    \b
        gateway erasures give-up 4711 "Example Payments"
    """
    with_recipients(lambda register: register.give_up(case, recipient, datetime.now(UTC)))
