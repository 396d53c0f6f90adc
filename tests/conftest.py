"""What every test shares: one event loop for the whole run, so that pools and stores may outlive a test."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
from hypothesis import HealthCheck, settings

from tests import compiled, programs, variants
from tests.cpu_seconds import CpuSeconds
from tests.stores import bare_config, databases, postgres_server, store, store_config, store_kind

# A busy machine is no finding: inputs that are made slowly, and an example that takes long, fail no test.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

__all__ = ["anyio_backend", "bare_config", "databases", "postgres_server", "store", "store_config", "store_kind"]

MEMORY, ROOM = "/dev/shm", 4 << 30
"""Where a commit need not wait for a disk, and how many bytes of it must be free."""

if "TMPDIR" not in os.environ and os.path.isdir(MEMORY) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = MEMORY


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run on asyncio, as the server does; session scope lets fixtures of any scope be asynchronous."""
    return "asyncio"


ALLOWED_SKIPS: dict[str, str] = {}
"""Tests that may be skipped in a run with `--no-skips`, by their id without parameters, and why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--trials` for `make trials`, `--thorough` and `--no-skips` for continuous integration."""
    parser.addoption("--trials", action="store_true", help="run the tests that need programs of Debian's and npm's")
    parser.addoption("--thorough", action="store_true", help="run every variant of every test (tests/variants.py)")
    parser.addoption("--no-skips", action="store_true", help="fail when a test is skipped, but for ALLOWED_SKIPS")
    parser.addoption("--cpu-seconds", action="store_true", help="tell what each test file takes (tests/cpu_seconds.py)")


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means, that programs may be looked for, and which authorities are trusted."""
    config.addinivalue_line("markers", "needs(*programs): a trial, which needs programs of Debian's or npm's")
    programs.running_trials = config.getoption("--trials")
    compiled.share()
    if config.getoption("--cpu-seconds"):
        config.pluginmanager.register(CpuSeconds(config), "cpu-seconds")
    if not config.getoption("--trials"):
        config.add_cleanup(_trust_one_authority())


def _trust_one_authority() -> Callable[[], None]:
    """Reading all that a machine trusts takes 30 ms for each HTTP client, and no test meets one; returns a clean-up."""
    first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition("-----END CERTIFICATE-----\n")
    with tempfile.NamedTemporaryFile("w", prefix="gateway-authority-", suffix=".pem", delete=False) as file:
        file.write(first + end)
    changed = pytest.MonkeyPatch()
    changed.setenv("SSL_CERT_FILE", file.name)  # Of OpenSSL, and of httpx; processes that tests start inherit it.

    def clean_up() -> None:
        changed.undo()
        os.unlink(file.name)

    return clean_up


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Either the tests or the trials; of the tests the variants that are taken."""
    by_kind: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        by_kind[item.get_closest_marker("needs") is not None].append(item)
    items[:] = by_kind.pop(config.getoption("--trials"))
    for left_out in by_kind.values():
        config.hook.pytest_deselected(items=left_out)
    if not config.getoption("--thorough"):
        taken = variants.chosen(items)
        kept = set(map(id, taken))
        config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
        items[:] = taken


def pytest_collection_finish() -> None:
    """What was imported and collected is there to stay: the collector of garbage need not look at it again."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, what it needs, and, with `--no-skips`, what was skipped all the same."""
    if not config.getoption("--trials"):
        lacking = programs.missing_packages()
        more = f" They need first: apt-get install {' '.join(lacking)}" if lacking else ""
        terminalreporter.write_line(f"Tests in a browser, with npm's and with other programs: make trials.{more}")
    for each in _forbidden(terminalreporter, config):
        terminalreporter.write_line(f"SKIPPED, which --no-skips does not allow: {each}", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run with `--no-skips` in which something was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and _forbidden(reporter, session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _forbidden(reporter: pytest.TerminalReporter, config: pytest.Config) -> list[str]:
    if not config.getoption("--no-skips"):
        return []
    skipped = {report.nodeid for report in reporter.stats.get("skipped", [])}
    return sorted(each for each in skipped if each.partition("[")[0] not in ALLOWED_SKIPS)
