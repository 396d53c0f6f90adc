"""A mail server in a process of its own: `python postmaster.py PORT FILE`; each letter becomes a line of the file."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Postmaster:
    """Writes down what it takes before it says so."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        letter = message_from_bytes(bytes(envelope.content or b""), policy=default)
        line = {"at": datetime.now(UTC).isoformat(), "to": envelope.rcpt_tos, "subject": letter["Subject"]}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line | {"text": letter.get_content()}) + "\n")  # type: ignore[attr-defined]
        return "250 OK"


async def main(port: int, file: Path) -> None:
    """Listen until killed."""
    loop, postmaster = asyncio.get_running_loop(), Postmaster(file)
    server = await loop.create_server(lambda: SMTP(postmaster, enable_SMTPUTF8=True), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
