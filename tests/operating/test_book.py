"""The operator's book: its commands, settings, metrics and links are those there are."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

import click
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.cli import gateway
from gateway.config.settings import describe, read
from gateway.http.latencies import Latencies
from tests.operating.events import ROOT, listed

BOOK = ROOT / "docs" / "operating"
TEXTS = sorted(path for path in BOOK.iterdir() if path.suffix != ".json")
COMMAND = re.compile(r"(?:^|`|&& |/opt/gateway/bin/)(gateway [a-z][^`#|>&\n]*)", re.M)


def commands() -> Iterator[str]:
    """Yield each command of the book, without what the shell does with it."""
    for match in COMMAND.finditer((BOOK / "README.md").read_text()):
        yield match[1].strip()


def test_each_command_is_one_of_ours_with_its_options() -> None:
    found = set(commands())
    assert len(found) > 20
    for text in found:
        words = shlex.split(text.replace("…", "x"))[1:]
        context = click.Context(gateway, info_name="gateway")
        command: click.Command | None = gateway
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.get_command(context, words.pop(0))
            assert command is not None, text
        assert command is not None
        known = {each for parameter in command.params for each in parameter.opts} | {"--help"}
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert options <= known, f"{text}: {options - known}"


def test_each_setting_is_one_of_ours() -> None:
    known = {each.name for each in describe(read({}))}
    for path in TEXTS:
        used = set(re.findall(r"\bGATEWAY_[A-Z_]+[A-Z]\b", path.read_text()))
        assert used <= known, f"{path.name}: {used - known}"


def metrics_of_ours() -> set[str]:
    """The names of all metrics, by the sources that make them."""
    text = (ROOT / "gateway/api/metrics.py").read_text()
    gauges = {f"gateway_{name}" for name in re.findall(r'gauge\(\s*"([a-z_]+)"', text)}
    counters = {f"gateway_{name}_total" for name in re.findall(r'counter\(\s*"([a-z_]+)"', text)}
    counters |= {f"{name}_total" for name in re.findall(r'CounterMetricFamily\(\s*"([a-z_]+)"', text)}
    registry = CollectorRegistry(auto_describe=False)
    Latencies(registry).observe("GET", "/", 200, 0.1)
    samples = set(re.findall(r"^(gateway_[a-z_]+)", generate_latest(registry).decode(), re.M))
    return gauges | counters | samples


@pytest.mark.parametrize("name", ["prometheus-alerts.yml", "grafana-dashboard.json"])
def test_each_metric_is_one_of_ours(name: str) -> None:
    used = set(re.findall(r"\bgateway_[a-z_]+\b", (BOOK / name).read_text()))
    assert len(used) > 10 and used <= metrics_of_ours(), used - metrics_of_ours()


def test_the_dashboard_is_whole() -> None:
    panels = json.loads((BOOK / "grafana-dashboard.json").read_text())["panels"]
    assert len({each["id"] for each in panels}) == len(panels) == 15
    assert all(each["targets"] and each["datasource"]["uid"] == "${datasource}" for each in panels)


def test_the_list_of_log_lines_is_of_today() -> None:
    told = (BOOK / "log-events.md").read_text()
    assert told == listed(), "run: python -m tests.operating.events"


def test_links_lead_to_files() -> None:
    for target in re.findall(r"\]\(([^)#:]+)[^)]*\)", (BOOK / "README.md").read_text()):
        assert (BOOK / target).exists(), target


def test_every_file_of_the_folder_is_in_the_book() -> None:
    text = (BOOK / "README.md").read_text()
    assert [path.name for path in BOOK.iterdir() if path.name != "README.md" and f"({path.name})" not in text] == []


def test_times_fit_each_other() -> None:
    """What stops a process waits for as long as the process says that it takes."""
    unit = (BOOK / "gateway.service").read_text()
    seconds = {name: int(value) for name, value in re.findall(r"(GATEWAY_(?:DRAIN|SHUTDOWN)_SECONDS)=(\d+)", unit)}
    (most,) = re.findall(r"TimeoutStopSec=(\d+)", unit)
    assert sum(seconds.values()) < int(most)
    kubernetes = (BOOK / "kubernetes.yaml").read_text()
    inside = [int(each) for each in re.findall(r'GATEWAY_(?:DRAIN|SHUTDOWN)_SECONDS: "(\d+)"', kubernetes)]
    assert len(inside) == 2
    assert all(sum(inside) < int(each) for each in re.findall(r"GracePeriodSeconds: (\d+)", kubernetes))
    for proxy in ("nginx.conf", "haproxy.cfg"):
        (wait,) = re.findall(r"(?:proxy_read_timeout|timeout server) (\d+)s", (BOOK / proxy).read_text())
        assert int(wait) > read({}).request_seconds, proxy
