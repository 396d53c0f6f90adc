"""Letters by SMTP (RFC 5321): plain text in UTF-8, over TLS, with an id that a second delivery has, too."""

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
"""How long the server may keep quiet."""

AT_ONCE = 4


class MailError(Exception):
    """The letter was not taken; the text is a word that says why, and holds no address."""

    def __init__(self, word: str, hopeless: bool = False) -> None:
        super().__init__(word)
        self.hopeless = hopeless
        """Whether it makes no sense to try again."""


@dataclass(frozen=True, slots=True)
class MailServerSettings:
    """The server that takes letters, and who they are from."""

    host: str
    port: int
    security: str
    """`starttls`, `tls`, or `none` (for a server on this machine)."""
    sender: str
    name: str
    user: str = ""
    password: str = field(default="", repr=False)


class Mailer:
    """Hands letters to the server; a few at once, each in a thread, as smtplib waits."""

    def __init__(self, terms: MailServerSettings, tls: ssl.SSLContext | None = None) -> None:
        self._terms = terms
        self._tls = tls or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(AT_ONCE, "mail")

    async def send(self, name: str, content: bytes, now: datetime) -> None:
        """Have the server take a letter of `resolvers.emails.emails`; MailError when it does not."""
        letter = compose(self._terms, name, content, now)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, letter)

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, letter: EmailMessage) -> None:
        terms = self._terms
        try:
            with self._connected() as server:
                if terms.security == "starttls":
                    server.starttls(context=self._tls)
                if terms.user:
                    server.login(terms.user, terms.password)
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _),) = refused.recipients.values()
            raise MailError(f"SMTP {code}", hopeless=code >= 500) from None
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
    """The letter. A header takes no line break, so nothing that somebody wrote can become another header or recipient:
    MailError for an address that is none."""
    said = orjson.loads(content)
    letter = EmailMessage(policy=SMTP)
    try:
        letter["From"] = Address(terms.name, addr_spec=terms.sender)
        letter["To"] = _recipient(said["to"])
        letter["Subject"] = " ".join(said["subject"].split())
    except (ValueError, IndexError, UnicodeError):
        raise MailError("ADDRESS", hopeless=True) from None
    except Exception as error:  # The parser's own defects are of many kinds, and each means the same.
        raise MailError("ADDRESS", hopeless=True) from error
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{name}@{terms.sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(said["text"], charset="utf-8")
    letter["Content-Language"] = said["language"]
    return letter


def _recipient(text: str) -> Address:
    """One address, its domain as DNS writes it; ValueError for anything else."""
    try:
        mailbox = parse_mailbox(text)
    except MailboxError:
        # What was taken by an earlier release, at a name that no registry gives, goes where DNS says, as it did.
        local, at, domain = text.rpartition("@")
        if not (text.isascii() and at and local and domain) or any(ord(e) < 33 or e in ',;<>"()\x7f' for e in text):
            raise
        return Address(username=local, domain=domain)
    return Address(username=mailbox.local, domain=mailbox.domain)
