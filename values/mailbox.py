"""An e-mail address in one form: local part in NFC and lower case, domain by its A-labels (RFC 5321, RFC 6531)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from messages.message import marked
from values import domain_name
from values.domain_name import DomainNameError, to_ascii, to_unicode
from values.lines import trimmed
from values.scripts import mixes_scripts

LONGEST = 254
"""Octets of an address as it is sent (RFC 5321 §4.5.3.1.3, less the angle brackets)."""
LONGEST_LOCAL = 64
"""Octets of its local part (RFC 5321 §4.5.3.1.1)."""
LONGEST_TYPED = 1000

_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]+")
_DOTS = (".", "\u3002", "\uff0e", "\uff61")
# The signs that make a spreadsheet calculate a cell (D7).
_FORMULA = ("=", "+", "-", "@")


class MailboxFault(Enum):
    """The reason why an e-mail address is rejected: the error code of the API, and a sentence."""

    NO_ADDRESS = "INVALID_EMAIL", marked("This is no e-mail address.")
    QUOTED = "INVALID_EMAIL", marked("Addresses with quotation marks before the @ are not taken: give another one.")
    LITERAL = "INVALID_EMAIL", marked("Addresses at an IP address are not taken: give one at a domain name.")
    NO_DOMAIN = "INVALID_EMAIL", marked("What follows the @ is no domain name, such as example.ch.")
    TOO_LONG = "INVALID_EMAIL", marked("This address is longer than mail servers take.")
    MIXED = (
        "MIXED_SCRIPTS",
        marked("The address mixes letters of several scripts, which could be taken for another one."),
    )

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence


class MailboxError(ValueError):
    """The e-mail address is rejected; the message says why and repeats nothing of it."""

    def __init__(self, fault: MailboxFault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


@dataclass(frozen=True, slots=True, repr=False)
class Mailbox:
    """One e-mail address in its forms. Its `repr` does not contain it."""

    local: str
    """In NFC, with its original case: the receiving server may distinguish it (RFC 5321 §2.4)."""
    domain: str
    """A-labels."""

    @property
    def canonical(self) -> str:
        """The form for comparisons and look-ups."""
        return f"{_lower(self.local)}@{self.domain}"

    @property
    def address(self) -> str:
        """The form for delivery: the domain in A-labels."""
        return f"{self.local}@{self.domain}"

    @property
    def display(self) -> str:
        """The form that is stored and shown: the domain in U-labels."""
        return f"{self.local}@{to_unicode(self.domain)}"


def read_mailbox(text: str) -> Mailbox:
    """Parse an address that cannot be confused with another one; MailboxError for anything else.

    A part that mixes scripts can look like another one, letter by letter (UTS #39 §5.2), also when its domain is given
    by A-labels.
    """
    mailbox = parse_mailbox(text)
    if trimmed(text).startswith(_FORMULA):
        raise MailboxError(MailboxFault.NO_ADDRESS)
    parts = [*mailbox.local.split("."), *to_unicode(mailbox.domain).split(".")]
    if any(mixes_scripts(each) for each in parts):
        raise MailboxError(MailboxFault.MIXED)
    return mailbox


def parse_mailbox(text: str) -> Mailbox:
    """Parse any address that mail can be sent to, also one that can be confused; MailboxError if it is none."""
    if len(text) > LONGEST_TYPED:
        raise MailboxError(MailboxFault.TOO_LONG)
    local, at, domain = unicodedata.normalize("NFC", trimmed(text)).rpartition("@")
    if not at or not local:
        raise MailboxError(MailboxFault.NO_ADDRESS)
    if '"' in local:
        raise MailboxError(MailboxFault.QUOTED)
    if domain.startswith("["):
        raise MailboxError(MailboxFault.LITERAL)
    if not _LOCAL.fullmatch(local) or not local.isprintable() or unicodedata.normalize("NFKC", local) != local:
        raise MailboxError(MailboxFault.NO_ADDRESS)
    if domain != domain.strip() or domain.endswith(_DOTS):  # Names may end with a dot, addresses may not (RFC 5321).
        raise MailboxError(MailboxFault.NO_DOMAIN)
    try:
        found = Mailbox(local, to_ascii(domain))
    except DomainNameError as error:
        at_address = error.fault is domain_name.DomainNameFault.IP_ADDRESS
        raise MailboxError(MailboxFault.LITERAL if at_address else MailboxFault.NO_DOMAIN) from None
    if len(local.encode()) > LONGEST_LOCAL or len(found.address.encode()) > LONGEST:
        raise MailboxError(MailboxFault.TOO_LONG)
    return found


def lookup_form(text: str) -> str:
    """Return the form of an address or login name for look-ups; a text that is no address never equals one."""
    text = text[: LONGEST_TYPED + 1]  # Nothing longer is an address, and normalising takes long for many marks.
    try:
        return parse_mailbox(text).canonical
    except MailboxError:
        folded = _lower(unicodedata.normalize("NFC", trimmed(text)))
        return f"\0{folded}" if "@" in folded else folded


def same_mailbox(one: str, other: str) -> bool:
    """Return whether both addresses are one mailbox, as far as their spelling tells."""
    return lookup_form(one) == lookup_form(other)


def _lower(text: str) -> str:
    # Not by `casefold`, which makes `ss` of `ß`: those are two mailboxes.
    return unicodedata.normalize("NFC", text.lower())
