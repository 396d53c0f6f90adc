"""Time on the CPU of each part of the server, measured inside the real process; what it calls counts for the called.

Only the thread of the event loop is looked at, by its own CPU clock, so what else runs on the machine does not count.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from threading import get_ident
from time import process_time_ns, thread_time_ns
from typing import Any

Clock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the way, and the functions that are it: `module:name` or `module:Class.method`."""

    name: str
    functions: tuple[str, ...]


OUTSIDE = "outside: HTTP server (uvicorn, httptools), event loop, sockets, PostgreSQL's protocol"
BESIDE = "other threads: commits on SQLite, of the ledger and of its tree"
REQUEST = "layers around the endpoint, and its own code"
SHAPING = "opening sealed values and shaping the answer"

PARTS = (
    Part(REQUEST, ("gateway.middleware:SecurityHeaders.__call__",)),
    Part("who asks: from the token to the grant", ("gateway.door:Door.admit",)),
    Part("reading the question", ("gateway.graphql_http:GraphQLEndpoint._question",)),
    Part("watching for clients that leave", ("gateway.graphql_http:attended",)),
    Part("document, purpose, decision", ("schema.api:Api._authorize",)),
    Part("variables and plan look-up", ("schema.variables:Variables.coerce", "schema.api:Api._prepared")),
    Part("the rest of the operation", ("schema.api:Api.execute",)),
    Part("statements", ("store.reading_sqlite:SqliteReader.fetch", "store.reading_postgresql:PostgresReader.fetch")),
    Part("customers' keys", ("store.keystore:KeyStore.subjects",)),
    Part("the ledger entry, and waiting for it", ("schema.api:Api._record", "store.ledger:Ledger._flush")),
    Part("sealing the ledger meanwhile", ("workers.sealing:Sealer.step",)),
    Part("JSON", ("schema.answers:answered",)),
    Part("writing the response", ("gateway.graphql_http:_send",)),
)
WHOLE = frozenset({"customers' keys"})
"""Parts that keep the time of what they call."""


class Spans:
    """Exclusive CPU time by part; `begin` sets everything to zero."""

    def __init__(self, clock: Clock = thread_time_ns) -> None:
        self._clock = clock
        self._stack: list[str] = []
        self._since = 0
        self._thread = get_ident()
        self.missing: list[str] = []
        self.begin()
        self.inside, self.around = calibrated(self)
        """Nanoseconds that watching adds to a part each time it is called, and to whoever calls it."""
        self.begin()

    def begin(self) -> None:
        """Forget what was measured so far."""
        self.nanoseconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.callers: Counter[str] = Counter()
        """How often each part called another one."""
        self._began = self._ended = thread_time_ns(), process_time_ns()

    def end(self) -> None:
        """What comes from here on does not count; `report` tells of what came before."""
        self._ended = thread_time_ns(), process_time_ns()

    def install(self, parts: tuple[Part, ...] = PARTS) -> None:
        """Put a watch around each function; names that are not there any more are noted in `missing`."""
        for part in parts:
            for function in part.functions:
                try:
                    owner, name = _find(function)
                except (ImportError, AttributeError):
                    self.missing.append(function)
                    continue
                setattr(owner, name, self.watched(getattr(owner, name), part.name))

    def watched(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """The function, with its time counted for the part."""
        if inspect.iscoroutinefunction(function):

            async def drive(coroutine: Any) -> Any:
                return await _Watched(self, part, coroutine)

            # Not a coroutine function itself: uvicorn calls its application without arguments to see it refuse.
            @wraps(function)
            def watch_awaited(*given: Any, **named: Any) -> Any:
                return drive(function(*given, **named))

            return watch_awaited

        @wraps(function)
        def watch(*given: Any, **named: Any) -> Any:
            entered = self.enter(part)
            try:
                return function(*given, **named)
            finally:
                self.leave(entered)

        return watch

    def enter(self, part: str, counted: bool = True) -> bool:
        """The time from here on is the part's; returns what `leave` is to be given."""
        stack = self._stack
        if get_ident() != self._thread or (stack and stack[-1] in WHOLE):
            return False
        now = self._clock()
        if stack:
            self.nanoseconds[stack[-1]] += now - self._since
        if counted:
            self.calls[part] += 1
            self.callers[stack[-1] if stack else OUTSIDE] += 1
        stack.append(part)
        self._since = now
        return True

    def leave(self, entered: bool) -> None:
        """The time from here on is the caller's again."""
        if not entered:
            return
        now = self._clock()
        self.nanoseconds[self._stack.pop()] += now - self._since
        self._since = now

    def report(self) -> dict[str, Any]:
        """Microseconds of each part per request, with what is outside and beside the parts."""
        requests = max(self.calls[REQUEST], 1)
        thread, process = (end - began for end, began in zip(self._ended, self._began, strict=True))
        spent = dict(self.nanoseconds)
        spent[OUTSIDE] = thread - sum(self.nanoseconds.values())
        spent[BESIDE] = process - thread
        watching = {name: self.calls[name] * self.inside + self.callers[name] * self.around for name in spent}
        spent = {name: max(0, total - watching[name]) for name, total in spent.items()}
        return {
            "requests": requests,
            "us": {name: total / requests / 1000 for name, total in spent.items()},
            "watching_us": sum(watching.values()) / requests / 1000,
            "missing": self.missing,
        }


class _Watched:
    """A coroutine whose steps are counted, and whose waits are not."""

    def __init__(self, spans: Spans, part: str, coroutine: Any) -> None:
        self._spans, self._part, self._coroutine = spans, part, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        step, value = self._coroutine.send, None
        counted = True
        while True:
            entered = self._spans.enter(self._part, counted)
            counted = False
            try:
                waiting = step(value)
            except StopIteration as done:
                return done.value
            finally:
                self._spans.leave(entered)
            try:
                step, value = self._coroutine.send, (yield waiting)
            except BaseException as error:  # noqa: BLE001  (handed on to the coroutine, whatever it is)
                step, value = self._coroutine.throw, error


def shaping(spans: Spans, compiled_or_none: Callable[..., Any]) -> Callable[..., Any]:
    """`compiled_or_none`, giving functions whose own time is counted as opening and shaping."""

    def watched(*given: Any) -> Callable[..., Awaitable[Any]] | None:
        compiled = compiled_or_none(*given)
        return None if compiled is None else spans.watched(compiled, SHAPING)

    return watched


def _find(function: str) -> tuple[Any, str]:
    module, _, path = function.partition(":")
    owner: Any = import_module(module)
    *above, name = path.split(".")
    for each in above:
        owner = getattr(owner, each)
    getattr(owner, name)
    return owner, name


def calibrated(spans: Spans, rounds: int = 5_000) -> tuple[int, int]:
    """What watching a function that does nothing adds: to the part that it is, and around it."""

    async def nothing() -> None:
        return

    watched = spans.watched(nothing, "nothing")

    async def call(function: Callable[[], Awaitable[None]]) -> int:
        began = thread_time_ns()
        for _ in range(rounds):
            await function()
        return thread_time_ns() - began

    async def measure() -> tuple[int, int]:
        bare = min([await call(nothing) for _ in range(3)])
        spans.begin()
        whole = await call(watched)
        inside = spans.nanoseconds["nothing"]
        return inside // rounds, max(0, whole - inside - bare) // rounds

    return asyncio.run(measure())
