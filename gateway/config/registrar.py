"""The registrar's facts for RDAP, from a TOML file: identity, abuse contact, terms, and the way to reach an owner."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from values.mailbox import MailboxError, read_mailbox
from values.telephone import TelephoneError, read_telephone

PLACE = "{domain}"
"""Where the contact address takes the name of the domain."""


@dataclass(frozen=True, slots=True)
class Registrar:
    """The registrar that RDAP names for a generic top-level domain (ICANN's response profile, section 2.4)."""

    name: str
    iana_id: str
    """The number in IANA's registry of registrars, in digits."""
    abuse_email: str
    abuse_phone: str
    """E.164."""
    terms: str
    """The address of the terms of service of the RDAP service."""
    contact: str
    """The address of a form or page that reaches a domain's owner without telling who they are; may contain PLACE."""


def read_registrar(value: str) -> Registrar | None:
    """Return the registrar of this TOML file, None for an empty path; ValueError that says what to mend.

    The file is read at start, so that a mistake stops the start and not an answer.
    """
    if not value:
        return None
    path = Path(value)
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:  # TOML and encoding errors are ValueErrors.
        raise ValueError(f"the file cannot be read as TOML ({error})") from error
    wanted = [each.name for each in fields(Registrar)]
    if missing := [name for name in wanted if not isinstance(given.get(name), str) or not given[name].strip()]:
        raise ValueError(f"the file lacks {', '.join(missing)}, each a text")
    if strange := sorted(set(given) - set(wanted)):
        raise ValueError(f"the file has {', '.join(strange)}, which nothing reads; it may have {', '.join(wanted)}")
    if not (given["iana_id"].isascii() and given["iana_id"].isdigit()):
        raise ValueError("iana_id is a number of IANA's registry of registrars, in digits")
    for name in ("terms", "contact"):
        if urlsplit(given[name].replace(PLACE, "example.com")).scheme != "https":
            raise ValueError(f"{name} is an https:// address")
    try:
        read_mailbox(given["abuse_email"])
        given["abuse_phone"] = read_telephone(given["abuse_phone"])
    except (MailboxError, TelephoneError) as error:
        raise ValueError(f"abuse_email or abuse_phone: {error}") from error
    return Registrar(**{name: given[name] for name in wanted})
