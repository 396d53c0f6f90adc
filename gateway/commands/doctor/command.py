"""The command `gateway doctor`."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click
import orjson

from gateway.commands.doctor.complaints import Complaint, Level, Topic, error
from gateway.commands.doctor.configured import configured
from gateway.commands.doctor.reached import reached
from gateway.config import logs, settings
from gateway.http import server

FOUND = 1
MATTERS = 2


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one object a line: check, severity, message.")
def doctor(as_json: bool) -> None:
    """Look at settings, keys, databases, machine, mail, proxies and certificates; say what to do.

    \b
    With the settings of the process that serves, as its user:
        gateway doctor
        gateway doctor --json | jq -r 'select(.severity == "error") | .message'
    \b
    Exit codes: 0 nothing was found; 1 warnings; 2 errors.
    """
    found = _found()
    for each in found:
        if as_json:
            line = {"check": each.check.value, "severity": each.severity.value, "message": each.message}
            click.echo(orjson.dumps(line).decode())
        else:
            click.echo(f"{each.severity.value:<8}{each.check.value:<12} {each.message}")
    if any(each.severity is Level.ERROR for each in found):
        raise SystemExit(MATTERS)
    if found:
        raise SystemExit(FOUND)
    click.echo("Nothing was found.", err=True)


def _found() -> list[Complaint]:
    try:
        read = settings.read(os.environ)
    except settings.SettingsError as wrong:
        # Nothing else can be looked at: where things are is what is wrong.
        return [error(Topic.SETTINGS, each) for each in str(wrong).splitlines()]
    logs.configure(read.log)
    local = list(configured(read, os.environ, _now()))
    return sorted([*local, *server.run(reached(read, _now))], key=lambda each: each.severity.value)


def _now() -> datetime:
    return datetime.now(UTC)
