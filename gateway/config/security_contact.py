"""The contact for reports of vulnerabilities, as a URI (RFC 9116)."""

from __future__ import annotations

from urllib.parse import urlsplit

from values.mailbox import MailboxError, read_mailbox


def read_contact(value: str) -> str:
    """Return the contact as a URI: a mailbox becomes `mailto:`, an https:// or tel: address stays (RFC 9116, section
    2.5.3); ValueError for anything else. Empty stays empty: then nothing is published."""
    if not value or (urlsplit(value).scheme == "https" and urlsplit(value).hostname) or value.startswith("tel:+"):
        return value
    try:
        return f"mailto:{read_mailbox(value.removeprefix('mailto:')).address}"
    except MailboxError as error:
        raise ValueError("use an e-mail address, an https:// address or tel:+…") from error
