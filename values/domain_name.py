"""A domain name in one form: A-labels in lower case, by UTS #46 non-transitional and IDNA 2008 (RFC 5891, RFC 5893)."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

import idna

from messages.message import marked
from values.lines import trimmed

LONGEST = 253
"""Octets of a whole name as DNS has it, without the last dot (RFC 1035 §2.3.4)."""
LONGEST_LABEL = 63
"""Octets of a label as DNS has it (RFC 1035 §2.3.4); an A-label is never shorter than its U-label has characters."""
MOST_LABELS = 127
"""Labels of the longest name: one octet each, and the dots."""
LONGEST_TYPED = 1000
"""Maximum characters of the input, more than any name needs in any script; longer texts are refused unparsed."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_ACE = "xn--"


class DomainNameFault(Enum):
    """The reason why a text is no domain name, as a sentence."""

    NO_NAME = marked("This is no domain name, such as example.ch.")
    ENDING = marked("A domain name has an ending, such as .ch.")
    LABEL = marked("Between its dots a domain name has letters of one script or digits, with hyphens only inside.")
    TOO_LONG = marked("A domain name has at most 63 characters between its dots and 253 in all, as DNS writes it.")
    IP_ADDRESS = marked("An IP address is no domain name.")


class DomainNameError(ValueError):
    """The text is no domain name; the message says why and never repeats the text."""

    def __init__(self, fault: DomainNameFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def to_ascii(text: str) -> str:
    """Return the name in A-labels, as in DNS, certificates and RDAP (`ldhName`); DomainNameError if it is no domain
    name.

    1. UTS #46 maps case, width and the dots of other scripts; `ß`, `ς` and joiners stay what they are. 2. One final dot
    is dropped. 3. Each label is letters, digits and hyphens, or a U-label that is converted to its A-label; an A-label
    must be the one of its own U-label. 4. If one label is written from right to left, all labels must follow the rules
    for such names. 5. The lengths fit DNS, and there are two labels at least.
    """
    name = trimmed(text)
    if not name:
        raise DomainNameError(DomainNameFault.NO_NAME)
    if len(name) > LONGEST_TYPED:
        raise DomainNameError(DomainNameFault.TOO_LONG)
    if name.startswith("["):
        raise DomainNameError(DomainNameFault.IP_ADDRESS)
    try:
        mapped = idna.uts46_remap(name, std3_rules=True)  # 1
    except idna.IDNAError:
        raise DomainNameError(DomainNameFault.IP_ADDRESS if ":" in name else DomainNameFault.LABEL) from None
    labels = mapped.removesuffix(".").split(".")  # 2
    if len(labels) > MOST_LABELS or max(map(len, labels)) > LONGEST_LABEL:  # Before labels are encoded one by one.
        raise DomainNameError(DomainNameFault.TOO_LONG)
    found = [_to_a_label(each) for each in labels]  # 3
    _check_direction(found)  # 4
    name = ".".join(found)
    if len(found) < 2:
        raise DomainNameError(DomainNameFault.ENDING)
    if len(name) > LONGEST:  # 5
        raise DomainNameError(DomainNameFault.TOO_LONG)
    if all(each.isdigit() for each in found):
        raise DomainNameError(DomainNameFault.IP_ADDRESS)
    if not _TOP.fullmatch(found[-1]):
        raise DomainNameError(DomainNameFault.NO_NAME)
    return name


def to_unicode(name: str) -> str:
    """Return the name as people read it, in U-labels; a label that does not decode stays as it is."""
    return ".".join(_to_u_label(each) for each in name.split("."))


def lookup_form(text: str) -> str:
    """Return the form for look-ups and comparisons: the A-labels; a text that is no name never equals one."""
    try:
        return to_ascii(text)
    except DomainNameError:
        # No domain name contains NUL, so that an invalid text is equal to itself only.
        return "\0" + trimmed(text).lower()


def _to_a_label(label: str) -> str:
    # Not by idna alone: it refuses names such as "r3---sn-1" that DNS has, by a rule for names yet to be registered.
    if label.isascii() and not label.startswith(_ACE):
        if not _LABEL.fullmatch(label):
            raise DomainNameError(DomainNameFault.LABEL)
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError as error:
        raise DomainNameError(
            DomainNameFault.TOO_LONG if error.code in ("label_too_long", "input_too_long") else DomainNameFault.LABEL
        ) from None


def _to_u_label(label: str) -> str:
    if not label.startswith(_ACE) or len(label) > LONGEST_LABEL:
        return label
    try:
        return idna.ulabel(label)
    except idna.IDNAError:
        return label


def _check_direction(labels: list[str]) -> None:
    """Check the bidi rule (RFC 5893 §2) for every label: idna checks only labels that are written from right to
    left."""
    if not any(each.startswith(_ACE) for each in labels):
        return
    shown = [_to_u_label(each) for each in labels]
    if not any(unicodedata.bidirectional(each) in ("R", "AL", "AN") for label in shown for each in label):
        return
    try:
        for label in shown:
            idna.check_bidi(label, check_ltr=True)
    except idna.IDNAError:
        raise DomainNameError(DomainNameFault.LABEL) from None
