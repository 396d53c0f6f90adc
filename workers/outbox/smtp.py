"""Sends e-mail by SMTP (RFC 5321): plain text in UTF-8, over TLS, with the same Message-ID in every attempt."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import orjson

from values.mailbox import MailboxError, parse_mailbox

SECONDS = 15.0
"""Timeout for each answer of the server, in seconds."""

AT_ONCE = 4


class MailError(Exception):
    """The e-mail was not accepted; the text is a code for the reason, without the address."""

    def __init__(self, word: str, hopeless: bool = False) -> None:
        super().__init__(word)
        self.hopeless = hopeless
        """True if a retry is useless."""


@dataclass(frozen=True, slots=True)
class MailServerSettings:
    """The settings of the mail server, and the sender."""

    host: str
    port: int
    security: str
    """`starttls`, `tls`, or `none` (for a server on this machine)."""
    sender: str
    name: str
    user: str = ""
    password: str = field(default="", repr=False)


class Mailer:
    """Submits e-mails to the server, a few at once, each in a thread, since smtplib blocks."""

    def __init__(self, terms: MailServerSettings, tls: ssl.SSLContext | None = None) -> None:
        self._terms = terms
        self._tls = tls or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(AT_ONCE, "mail")

    async def send(self, name: str, content: bytes, now: datetime) -> None:
        """Have the server take a letter of `resolvers.emails.emails`; MailError when it does not."""
        letter = compose(self._terms, name, content, now)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, letter)

    async def check(self) -> None:
        """Connect, encrypt and sign in as for a letter, and send none; MailError when the server does not take us."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, None)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, letter: EmailMessage | None) -> None:
        terms = self._terms
        try:
            with self._connected() as server:
                if terms.security == "starttls":
                    # Raises if the server does not offer it: never falls back to plain text.
                    server.starttls(context=self._tls)
                if terms.user:
                    server.login(terms.user, terms.password)
                if letter is not None:
                    server.send_message(letter)
                else:
                    server.noop()
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _),) = refused.recipients.values()
            # 5yz is a permanent failure (RFC 5321 §4.2.1).
            raise MailError(f"SMTP {code}", hopeless=code >= 500) from None
        # `from None` here and below: the server's reply may contain the address.
        except smtplib.SMTPResponseException as refused:
            raise MailError(f"SMTP {refused.smtp_code}") from None
        except smtplib.SMTPNotSupportedError:
            raise MailError("SMTP NOT_SUPPORTED") from None
        except ssl.SSLError:
            raise MailError("TLS") from None
        except (smtplib.SMTPException, OSError):
            raise MailError("CONNECTION") from None

    def _connected(self) -> smtplib.SMTP:
        terms = self._terms
        if terms.security == "tls":
            return smtplib.SMTP_SSL(terms.host, terms.port, timeout=SECONDS, context=self._tls)
        return smtplib.SMTP(terms.host, terms.port, timeout=SECONDS)


def compose(terms: MailServerSettings, name: str, content: bytes, now: datetime) -> EmailMessage:
    """Compose the e-mail. Headers refuse line breaks, so that no input can add a header or a recipient; MailError for
    an invalid address."""
    said = orjson.loads(content)
    letter = EmailMessage(policy=SMTP)
    try:
        letter["From"] = Address(terms.name, addr_spec=terms.sender)
        letter["To"] = _recipient(said["to"])
        letter["Subject"] = " ".join(said["subject"].split())
    except (ValueError, IndexError, UnicodeError):
        raise MailError("ADDRESS", hopeless=True) from None
    except Exception as error:  # The parser of `email` raises many types for malformed addresses.
        raise MailError("ADDRESS", hopeless=True) from error
    letter["Date"] = format_datetime(now)
    # The same in every attempt, so that mail servers and readers can detect a duplicate.
    letter["Message-ID"] = f"<{name}@{terms.sender.rpartition('@')[2]}>"
    # Keeps vacation responders from answering (RFC 3834).
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(said["text"], charset="utf-8")
    letter["Content-Language"] = said["language"]
    return letter


def _recipient(text: str) -> Address:
    """Parse one address, its domain in A-labels; ValueError for anything else."""
    try:
        mailbox = parse_mailbox(text)
    except MailboxError:
        # Earlier releases accepted domains that are invalid today; their e-mails are still delivered as DNS resolves.
        local, at, domain = text.rpartition("@")
        if not (text.isascii() and at and local and domain) or any(ord(e) < 33 or e in ',;<>"()\x7f' for e in text):
            raise
        return Address(username=local, domain=domain)
    return Address(username=mailbox.local, domain=mailbox.domain)
