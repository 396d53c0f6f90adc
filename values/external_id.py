"""Ids of customers in other systems: the name of the system, a colon, and the id there, such as `crm:0047-A`."""

from __future__ import annotations

import re

from values.lines import LineError, read_line

LONGEST_SYSTEM = 32
LONGEST_ID = 100
LONGEST = LONGEST_SYSTEM + 1 + LONGEST_ID
"""Maximum characters of the whole."""

_SYSTEM = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{LONGEST_SYSTEM - 1}}}")


class ExternalIdError(ValueError):
    """The text is no id in another system; the message repeats nothing of it."""


def read_external_id(text: str, system: str | None = None) -> str:
    """Return the id in its one form: the system in lower case, and the id exactly as it is there, in NFC.

    With a `system` the text is the id alone, whatever colons it has. ExternalIdError if the text has not the form.
    """
    named, colon, own = text.partition(":") if system is None else (system, ":", text)
    named = named.strip().lower()
    if not colon or not _SYSTEM.fullmatch(named):
        raise ExternalIdError("It begins with the name of a system and a colon, such as `crm:0047-A`.")
    try:
        found = read_line(own, LONGEST_ID)
    except LineError as error:
        raise ExternalIdError(str(error)) from None
    if not found:
        raise ExternalIdError("After the colon comes the id of the customer in that system.")
    return f"{named}:{found}"


def lookup_form(text: str) -> str:
    """Return the form by which ids are compared; a text that has not the form matches no id.

    Upper and lower case differ: ids of some systems do so in nothing else.
    """
    try:
        return read_external_id(text)
    except ExternalIdError:
        return "\0" + text[: 4 * LONGEST]
