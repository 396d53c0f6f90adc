"""`gateway messages`: what people are told, and in which languages."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.commands.common import read_settings
from messages.catalogue import file_of, languages, read
from messages.extraction import extract
from messages.lint import check
from messages.po import template, written

PACKAGES = ("gateway", "schema", "resolvers", "workers", "audits", "store", "values", "messages")
FAULTY = 1


@click.group()
def messages() -> None:
    """Look at the languages that people are told things in."""


@messages.command("list")
def list_() -> None:
    """List the languages, and how many messages each lacks.

    \b
        gateway messages list
    """
    read_settings()
    wanted = extract(_roots())
    click.echo(f"en  {len(wanted)} messages")
    for language in languages()[1:]:
        lacking = sum(each.fault == "missing" for each in check(language, read(file_of(language)), wanted))
        click.echo(f"{language}  {lacking} missing  {file_of(language)}")


@messages.command("check")
@click.argument("language", required=False)
def check_(language: str | None) -> None:
    """Name every message that a catalogue lacks, has for nothing, or would show wrongly; exit with 1 if there is one.

    \b
        gateway messages check
        gateway messages check nl
    """
    wanted, problems = extract(_roots()), 0
    for each in languages()[1:] if language is None else (_there(language),):
        for fault in check(each, read(file_of(each)), wanted):
            click.echo(str(fault))
            problems += 1
    if problems:
        raise SystemExit(FAULTY)


@messages.command("template")
@click.argument("language")
def template_(language: str) -> None:
    """Print the catalogue of a language with all messages: what is translated already, and what is to be.

    \b
        gateway messages template nl > nl/LC_MESSAGES/gateway.po
    """
    read_settings()
    there = read(file_of(language)) if language in languages() else None
    click.echo(written(template(extract(_roots()), language, there), language), nl=False)


def _there(language: str) -> str:
    read_settings()
    if language not in languages()[1:]:
        raise click.UsageError(f"there is no catalogue for {language}; there are {', '.join(languages()[1:])}")
    return language


def _roots() -> Iterator[Path]:
    for name in PACKAGES:
        (place,) = importlib.import_module(name).__path__
        yield Path(place)
