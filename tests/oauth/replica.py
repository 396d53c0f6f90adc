"""The real gateway in a process of its own, with a sign-in that believes a header, and a clock that tests can turn.

Header `x-signed-in: CUSTOMER SESSION [seconds ago] [amr,amr] [platform] [shared]`. The file `clock` in the data folder
holds the seconds that this process is ahead of real time.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path

REAL_TIME = time.time


def turned(file: Path) -> float:
    """Real time, and what the file says beyond it."""
    try:
        return REAL_TIME() + float(file.read_text())
    except (OSError, ValueError):
        return REAL_TIME()


CLOCK = Path(os.environ["GATEWAY_DATA_DIR"]) / "clock"
time.time = lambda: turned(CLOCK)

from starlette.requests import Request  # noqa: E402 (the clock comes first)

from gateway.api.consent_receipts import list_routes as consent_routes  # noqa: E402
from gateway.api.evaluations import list_routes as evaluation_routes  # noqa: E402
from gateway.api.exports import list_routes as export_routes  # noqa: E402
from gateway.api.metrics import list_routes as metric_routes  # noqa: E402
from gateway.api.readiness import Readiness  # noqa: E402
from gateway.api.receipts import list_routes as receipt_routes  # noqa: E402
from gateway.commands.serving import actions, make_api, make_budgets  # noqa: E402
from gateway.config import logs, settings  # noqa: E402
from gateway.http import server  # noqa: E402
from gateway.run import serving  # noqa: E402
from gateway.run.app import Parts, build  # noqa: E402
from gateway.run.dependencies import make_means  # noqa: E402
from gateway.run.oauth_service import list_routes, make_authorization_server  # noqa: E402
from gateway.run.serving import open_services  # noqa: E402
from store.ledger.signing_keys import known_signers  # noqa: E402


@dataclass(frozen=True)
class SignedIn:
    """What the header says."""

    customer_id: int
    session_id: int
    authenticated_at: int
    amr: tuple[str, ...]
    platform: str
    shared: bool


async def believed(request: Request, wanted: str) -> SignedIn | None:
    """Whoever the header says is here, on the platform that it says."""
    words = request.headers.get("x-signed-in", "").split()
    if not words:
        return None
    customer, session, *rest = words
    ago, amr, platform, shared = [*rest, *["0", "pwd", "CLIENT_AREA", ""][len(rest) :]]
    at = int(time.time()) - int(ago)
    found = SignedIn(int(customer), int(session), at, tuple(amr.split(",")), platform, shared == "shared")
    return found if platform == wanted else None


async def main() -> None:
    """Serve until stopped."""
    found = settings.require_issuer(settings.read(os.environ))
    logs.configure("text")
    async with open_services(found) as works:
        budgets = make_budgets(found)
        api = make_api(works, found, budgets)
        signers = partial(known_signers, works.store.ledger_reader, works.store.keys.system)
        parts = Parts(
            settings=found,
            api=api,
            authenticator=works.authenticator,
            persons=works.persons,
            keys=works.keys,
            budgets=budgets,
            origins=works.clients.origins,
            ready=Readiness(works.store.ready, works.revocations.follow),
            rules=api.model.rules,
            routes=[
                *list_routes(
                    make_authorization_server(works, found, believed, make_means(found), api),
                    actions(api.model.rules.values()),
                ),
                *export_routes(works.store, works.authenticator, api.model, serving.now),
                *consent_routes(works.authenticator, api, serving.now, found.public_url, signers),
                *receipt_routes(works.store),
                *evaluation_routes(works.authenticator, api.model, works.clients, found.public_url, found.body_seconds),
                *metric_routes(works.store, api.counts, [ip_network("127.0.0.0/8")], serving.now),
            ],
        )
        listening = server.listen(found.host, found.port)
        await server.serve(build(parts), found, listening, lambda: None)


if __name__ == "__main__":
    server.run(main())
    sys.exit(0)
