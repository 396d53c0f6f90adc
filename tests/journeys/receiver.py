"""A system that is told of events: verifies each, and notes it on the disk before it says so.

`python receiver.py PORT SECRET FILE`. It may be killed at any moment and started again.
"""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError


def main() -> None:
    port, secret, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    webhook = Webhook(secret)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                event = webhook.verify(body.decode(), {name.lower(): value for name, value in self.headers.items()})
            except WebhookVerificationError:
                self.send_response(401)
                self.end_headers()
                return
            line = json.dumps({"id": self.headers["webhook-id"], "type": event["type"], "data": event["data"]})
            with open(file, "a", encoding="utf-8") as notes:
                notes.write(line + "\n")
                notes.flush()
                os.fsync(notes.fileno())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    HTTPServer(("127.0.0.1", port), Receiver).serve_forever()


if __name__ == "__main__":
    main()
