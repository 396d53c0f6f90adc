"""Another company that is told by Standard Webhooks: `python company.py PORT SECRET NOTES MOOD`.

It verifies each message with the reference library and notes it, and what it answered, before it answers. MOOD is a
file with JSON: by event the status, and for `customer.erase` what it says of its copy.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


def handler(webhook: Webhook, notes: Path, mood: Path) -> type[BaseHTTPRequestHandler]:
    """What answers each message."""

    class Company(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived = datetime.now(UTC)
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer, event = 401, None, {}
            try:
                event = webhook.verify(body.decode(), {name.lower(): value for name, value in self.headers.items()})
                told = json.loads(mood.read_text()).get(event["type"], {})
                status, answer = told.get("status", 204), told.get("answer")
            except WebhookVerificationError:
                pass
            said = {"at": arrived.isoformat(), "id": self.headers["webhook-id"], "event": event}
            self.note(said | {"status": status, "answer": answer})
            self.send_response(status)
            if answer is not None:
                self.send_header("Erasure-Answer", answer)
            self.send_header("content-length", "0")
            self.end_headers()

        def note(self, line: dict[str, Any]) -> None:
            with notes.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

        def log_message(self, *_: object) -> None:
            pass

    return Company


def main(port: int, secret: str, notes: Path, mood: Path) -> None:
    """Listen until killed."""
    HTTPServer(("127.0.0.1", port), handler(Webhook(secret), notes, mood)).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
