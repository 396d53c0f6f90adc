"""A real browser, driven over its debugging pipe: no package, no port, ended by its process number."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.programs import program

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe", "--hide-scrollbars",
)  # fmt: skip

# A browser reads commands from descriptor 3 and answers on 4.
LAUNCH = """
import os, sys
commands, answers = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]))
for source, target in ((commands, 3), (answers, 4)):
    os.dup2(source, target)
    os.set_inheritable(target, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Page:
    """One tab. `complaints` are errors and warnings of the console, refusals of the security policy among them."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._out, self._in = to_browser, from_browser
        self._pending = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requested: list[str] = []

    def open(self, url: str, width: int = 1300, height: int = 850) -> None:
        """Open an address and wait until it is loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 90) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.evaluate(f"Boolean({script})"):
            assert time.monotonic() < deadline, f"never true: {script}; complaints: {self.complaints}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click on what a selector finds."""
        self.until(f"document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def choose(self, selector: str, value: str) -> None:
        """Choose an option, as a hand would."""
        found = f"document.querySelector({json.dumps(selector)})"
        change = "dispatchEvent(new Event('change', {bubbles: true}))"
        self.evaluate(f"{found}.value = {json.dumps(value)}; {found}.{change}")

    def screenshot(self, path: Path) -> None:
        """Keep a picture, for people."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the Chrome DevTools protocol."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._pending:
            piece = os.read(self._in, 1 << 20)
            assert piece, "the browser has gone"
            self._pending += piece
        text, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        if event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        if event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.complaints.append(str(parameters["args"]))
        if event.get("method") == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """A browser with an empty profile."""
    chromium = program("chromium")
    read_out, write_out = os.pipe()
    read_in, write_in = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(read_out), str(write_in), chromium, *FLAGS, f"--user-data-dir={folder}"],
        pass_fds=(read_out, write_in),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_out)
    os.close(write_in)
    try:
        yield Page(write_out, read_in)
    finally:
        os.close(write_out)
        process.terminate()
        process.wait(20)
        os.close(read_in)
