"""Starts Python programs as forks of a process that has imported the gateway, which takes longer than most of them.

`ForkedPopen` is a `subprocess.Popen` of `python -W error -m MODULE ARGUMENT…`, and what it starts is a child of the
process that asked, as any other: it has its own environment, folder and streams, can be killed, and is waited for. It
begins as a process does that has imported some modules: the server runs no thread and no loop, opens no connection and
no file, and reads no setting. What a process keeps for itself (the lane of its identifiers, the prefix of its nonces,
the state of `random`) is made anew by what is registered with `os.register_at_fork`, as in any program that forks.

Start a process by its own interpreter where starting is what is tested, or its memory is measured.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import inspect
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[1]
AVAILABLE = sys.platform == "linux"
PR_SET_CHILD_SUBREAPER, PR_GET_CHILD_SUBREAPER = 36, 37
"""prctl(2): the orphans of this process's descendants become its children."""

IMPORTED = (
    "gateway.cli", "gateway.commands.serving", "gateway.commands.data", "gateway.commands.keys",
    "gateway.commands.ledger", "tests.erasure.house", "tests.ledger.logs", "tests.store.elsewhere",
)  # fmt: skip
"""What most of the programs import; they import the rest by themselves."""

MOST_BYTES = 1 << 18


class ForkedPopen(subprocess.Popen[Any]):
    """Runs `python -W error -m MODULE ARGUMENT…`; the arguments of the constructor begin with the module."""

    def __init__(self, arguments: Sequence[str], **options: Any) -> None:
        # Elsewhere the same program starts by itself.
        command = arguments if AVAILABLE else [sys.executable, "-W", "error", "-m", *arguments]
        super().__init__(command, **options)

    # Written for CPython 3.11 to 3.14; the parameters are taken by their names.
    def _execute_child(self, *given: Any) -> None:
        if not AVAILABLE:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        named = _parameters.bind(self, *given).arguments
        environment = os.environ if named["env"] is None else named["env"]
        with open(os.devnull, "rb") as nothing:
            streams = [
                nothing.fileno() if named["p2cread"] == -1 else named["p2cread"],
                1 if named["c2pwrite"] == -1 else named["c2pwrite"],
                2 if named["errwrite"] == -1 else named["errwrite"],
            ]
            self.pid = _Server.of_this_process().fork(list(named["args"]), environment, named["cwd"] or ".", streams)
        self._child_created = True
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        self._close_pipe_fds(*(named[each] for each in pipes))  # type: ignore[attr-defined]


_parameters = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]


def _bare_environment() -> dict[str, str]:
    """Nothing that is set for the tests: each process gets its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT)}


class _Server:
    """The process that forks, as the one knows it that asks."""

    _lock = threading.Lock()
    _one: _Server | None = None

    def __init__(self) -> None:
        self._asks, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # It ends when this process has: nobody is left at the other end of its socket.
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.fork_server", str(theirs.fileno())],
                cwd=ROOT, env=_bare_environment(), pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    @classmethod
    def of_this_process(cls) -> _Server:
        """Started when it is first needed."""
        with cls._lock:
            if cls._one is None or cls._one._process.poll() is not None:
                cls._one = cls()
                atexit.register(cls._one.end)
            return cls._one

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], folder: str, streams: list[int]) -> int:
        """Start a program; returns the number of the process, which is a child of this one."""
        told = orjson.dumps([arguments, dict(environment), os.path.abspath(folder)])
        with self._lock:
            # Only for as long as it takes: what else becomes an orphan is none of this process's business.
            before = ctypes.c_int()
            ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            try:
                socket.send_fds(self._asks, [told], streams)
                answer = self._asks.recv(32)
            finally:
                ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)
        if not answer:
            raise RuntimeError("the fork server has ended; what it said is above")
        return int(answer)

    def end(self) -> None:
        """Without anybody at the other end of its socket it ends."""
        self._asks.close()
        self._process.wait(60)


def _serve(asked: socket.socket) -> str:
    """Fork for whoever asks; returns in a new process alone, which then is the module that is named."""
    while True:
        told, streams, _, _ = socket.recv_fds(asked, MOST_BYTES, 3)
        if not told:
            sys.exit()
        number, tell = os.pipe()
        between = os.fork()
        if between == 0:
            forked = os.fork()
            if forked:
                os.write(tell, str(forked).encode())
                os._exit(0)
            asked.close()
            os.close(number)
            os.close(tell)
            return _become(*orjson.loads(told), streams)
        # When a parent has ended, its child belongs to the nearest ancestor that takes orphans: to the one that asked.
        os.waitpid(between, 0)
        asked.send(os.read(number, 32))
        for each in (number, tell, *streams):
            os.close(each)


def _become(arguments: list[str], environment: dict[str, str], folder: str, streams: list[int]) -> str:
    """Be as a process that was started with all this; returns the name of the module to run."""
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
    os.closerange(3, max(streams) + 1)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    module, *rest = arguments
    sys.path[0] = folder
    sys.argv[1:] = rest
    return module


if __name__ == "__main__":
    for each in IMPORTED:
        importlib.import_module(each)
    api = importlib.import_module("schema.api.api")
    api.served_model(api.core_schema())
    gc.collect()
    gc.freeze()
    assert threading.active_count() == 1, "a thread would be missing in every process that is forked"
    runpy.run_module(_serve(socket.socket(fileno=int(sys.argv[1]))), run_name="__main__", alter_sys=True)
