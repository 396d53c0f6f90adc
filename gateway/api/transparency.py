"""Public transparency endpoints of the ledger: checkpoints, keys and Merkle proofs, without personal data."""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import orjson
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from gateway.http import problems
from store.ledger.proofs import Prover
from store.ledger.signed_checkpoints import Checkpoints, Signed
from store.ledger.signing_keys import KnownKeys
from store.sql.reading import Reader

# 18 digits fit into the 63-bit integers of both databases.
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)

ASK_AGAIN = {"cache-control": "no-cache"}
NEVER_CHANGES = {"cache-control": "public, max-age=31536000, immutable"}

KEPT_SECONDS = 1.0

Query = Mapping[str, str]


def list_routes(reader: Reader) -> list[Route]:
    """The routes, over a reader of the ledger."""
    endpoints = Transparency(reader)
    return [
        Route("/ledger/checkpoint", Queried(endpoints.checkpoint)),
        Route("/ledger/public-key", Queried(endpoints.public_key)),
        Route("/ledger/proof/inclusion", Queried(endpoints.inclusion, "index", "hash", "size")),
        Route("/ledger/proof/consistency", Queried(endpoints.consistency, "from", "to")),
    ]


class Queried:
    """An endpoint for GET with a fixed set of query parameters."""

    def __init__(self, respond: Callable[[Query], Awaitable[Response]], *names: str) -> None:
        self._respond = respond
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD; Problem 405 for other methods, 400 for unknown or repeated parameters."""
        if scope["method"] not in ("GET", "HEAD"):
            raise problems.method_not_allowed(b"GET, HEAD")
        response = await self._respond(self._read(scope["query_string"]))
        await response(scope, receive, send)

    def _read(self, text: bytes) -> Query:
        try:
            pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, max_num_fields=8)
        except ValueError:
            raise problems.malformed("The query cannot be read.") from None
        query = dict(pairs)
        # A misspelt or repeated parameter is refused: an ignored one would give a proof of something else.
        if len(query) != len(pairs) or not query.keys() <= set(self._names):
            known = ", ".join(self._names) or "nothing"
            raise problems.malformed(f"The query may have, each once: {known}.")
        return query


class Transparency:
    """Answers from the Merkle tree, for signed sizes only, so that nobody learns of unsigned entries."""

    def __init__(self, reader: Reader) -> None:
        self._prover = Prover(reader)
        self._checkpoints = Checkpoints(reader)
        self._keys = KnownKeys(reader)
        self._kept: Signed | None = None
        self._kept_until = 0.0

    async def checkpoint(self, _: Query) -> Response:
        """The latest checkpoint (C2SP tlog-checkpoint)."""
        return PlainTextResponse((await self._latest()).note, headers=ASK_AGAIN)

    async def public_key(self, _: Query) -> Response:
        """The verifier keys of checkpoints, one a line, the newest first (C2SP signed-note)."""
        keys = await self._keys.all()
        if not keys:
            raise _nothing_signed()
        return PlainTextResponse("".join(f"{key.verifier}\n" for key in keys), headers=ASK_AGAIN)

    async def inclusion(self, query: Query) -> Response:
        """The inclusion proof of an entry, found by its index or leaf hash (RFC 9162 §2.1.3); Problem 400 or 404."""
        if ("index" in query) == ("hash" in query):
            raise problems.malformed("Ask by `index` or by `hash`, the leaf's in hexadecimal.")
        signed = await self._latest()
        size = _number(query, "size", signed.size)
        index = _number(query, "index", 0) if "index" in query else await self._find(query["hash"])
        if size > signed.size or index >= size:
            raise problems.ProblemError(
                404, "NO_SUCH_ENTRY", f"There is no such entry among the {signed.size} signed ones."
            )
        (proof,) = await self._prover.inclusions([index], size)
        facts = {"index": index, "size": size, "leaf": _text(proof.leaf), "path": [_text(each) for each in proof.path]}
        return await self._under_checkpoint(facts, size, signed, fixed="size" in query)

    async def consistency(self, query: Query) -> Response:
        """The consistency proof between two sizes of the ledger (RFC 9162 §2.1.4); Problem 400 or 404."""
        signed = await self._latest()
        first, second = _number(query, "from"), _number(query, "to", signed.size)
        if second > signed.size:
            raise problems.ProblemError(404, "NO_SUCH_SIZE", f"The ledger has {signed.size} signed entries.")
        if first > second:
            raise problems.malformed("`from` is more than `to`: a ledger only grows.")
        path = await self._prover.consistency(first, second)
        facts = {"from": first, "to": second, "path": [_text(each) for each in path]}
        return await self._under_checkpoint(facts, second, signed, fixed="to" in query)

    async def _latest(self) -> Signed:
        """The latest checkpoint, read from the store at most once a second (G14); Problem 404 without one."""
        now = time.monotonic()
        if self._kept is None or now >= self._kept_until:
            self._kept, self._kept_until = await self._checkpoints.latest(), now + KEPT_SECONDS
        if self._kept is None:
            raise _nothing_signed()
        return self._kept

    async def _find(self, text: str) -> int:
        if not HASH.fullmatch(text):
            raise problems.malformed("`hash` is 64 hexadecimal digits, in lower case.")
        index = await self._prover.find(bytes.fromhex(text))
        if index is None:
            raise problems.ProblemError(404, "NO_SUCH_ENTRY", "No entry that is kept here has this hash, or not yet.")
        return index

    async def _under_checkpoint(self, facts: Mapping[str, object], size: int, latest: Signed, fixed: bool) -> Response:
        """The proof with its root, and with the signed checkpoint of this size if there is one."""
        signed = latest if size == latest.size else await self._checkpoints.at(size)
        root = signed.root if signed else await self._prover.root(size)
        body = orjson.dumps({**facts, "root": _text(root), "checkpoint": signed and signed.note})
        # Immutable only with a size in the query: without one the same address proves more tomorrow.
        headers = NEVER_CHANGES if fixed and signed else ASK_AGAIN
        return Response(body, media_type="application/json", headers=headers)


def _number(query: Query, name: str, default: int | None = None) -> int:
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None or not NUMBER.fullmatch(text):
        raise problems.malformed(f"`{name}` is a whole number, without a sign and without leading zeros.")
    return int(text)


def _text(content: bytes) -> str:
    return b64encode(content).decode()


def _nothing_signed() -> problems.ProblemError:
    return problems.ProblemError(404, "NOTHING_SIGNED", "Nothing of this ledger was signed yet.")
