"""Asking for a WebSocket, which there is none here, leaves no line in the log: anybody may ask without end (G14)."""

from __future__ import annotations

import logging

import pytest

from gateway.config import logs


def test_g14_upgrades_that_are_not_supported_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("text")
        told = logging.getLogger("uvicorn.error")
        told.warning("Unsupported upgrade request.")
        told.warning("No supported WebSocket library detected.")
        told.warning("Something else.")
        assert [line.split("warning ")[1] for line in capsys.readouterr().err.splitlines()] == ["Something else."]
    finally:
        root.handlers[:], root.level = before, level
        logging.getLogger("uvicorn.error").filters.clear()
