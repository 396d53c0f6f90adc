"""Each file of the operator's book is checked by the program that it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.operating.events import ROOT
from tests.programs import needs, program

BOOK = ROOT / "docs" / "operating"


def checked(*command: str | Path, folder: Path) -> str:
    """What the program says; it must be content."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def certificate(folder: Path) -> None:
    """A certificate of a minute, as the files name it."""
    key, chain = folder / "key.pem", folder / "fullchain.pem"
    command = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=data.example.com")
    checked(program("openssl"), *command, "-keyout", key, "-out", chain, folder=folder)
    (folder / "both.pem").write_text(chain.read_text() + key.read_text())


@needs("systemd-analyze")
@pytest.mark.parametrize("name", ["gateway.service", "gateway-worker.service"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    """With a command that is there: the program is not installed where the test runs."""
    text = (BOOK / name).read_text()
    assert "ExecStart=/opt/gateway/bin/gateway " in text
    (tmp_path / name).write_text(text.replace("/opt/gateway/bin/gateway", "/bin/true"))
    assert checked(program("systemd-analyze"), "verify", f"./{name}", folder=tmp_path) == ""
    broken = text.replace("Restart=on-failure", "Restart=perhaps").replace("/opt/gateway/bin/gateway", "/bin/true")
    (tmp_path / name).write_text(broken)
    said = subprocess.run(
        [program("systemd-analyze"), "verify", f"./{name}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "perhaps" in said.stderr, "it looks at what is written"


@needs("nginx", "openssl")
def test_nginx_takes_its_file(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = (BOOK / "nginx.conf").read_text().replace("/etc/ssl/gateway/", f"{tmp_path}/")
    (tmp_path / "gateway.conf").write_text(text)
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{ include {tmp_path}/gateway.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    assert "successful" in checked(program("nginx"), "-t", "-c", tmp_path / "nginx.conf", folder=tmp_path)


@needs("haproxy", "openssl")
def test_haproxy_takes_its_file(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = (BOOK / "haproxy.cfg").read_text().replace("/etc/ssl/gateway/", f"{tmp_path}/")
    (tmp_path / "haproxy.cfg").write_text(text)
    assert "[ALERT]" not in checked(program("haproxy"), "-c", "-f", tmp_path / "haproxy.cfg", folder=tmp_path)


@needs("promtool")
def test_prometheus_takes_the_alerts(tmp_path: Path) -> None:
    said = checked(program("promtool"), "check", "rules", BOOK / "prometheus-alerts.yml", folder=tmp_path)
    assert "SUCCESS" in said


@needs("promtool")
def test_an_alert_is_raised_when_it_is_to_be(tmp_path: Path) -> None:
    """Prometheus' own unit tests of rules (promtool test rules)."""
    shutil.copy(BOOK / "prometheus-alerts.yml", tmp_path)
    rows = [
        ("GatewayErasureOverdue", "gateway_erasures_overdue", "1x10", "critical"),
        ("GatewayCustomersWithoutKey", "gateway_customers_without_key", "3x10", "critical"),
        ("GatewayStoreDown", "gateway_store_up", "0x10", "critical"),
        ("GatewayLedgerWithheld", "gateway_ledger_withheld", "1x10", "critical"),
    ]
    tests = [
        {
            "interval": "1m",
            "input_series": [{"series": series, "values": values}],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing", severity="{severity}"}})',
                    "eval_time": "5m",
                    "exp_samples": [{"labels": "{}", "value": 1}],
                }
            ],
        }
        for alert, series, values, severity in rows
    ]
    # YAML contains JSON.
    content = {"rule_files": ["prometheus-alerts.yml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "test.yml").write_text(json.dumps(content))
    assert "SUCCESS" in checked(program("promtool"), "test", "rules", "test.yml", folder=tmp_path)


@needs("docker-compose")
def test_compose_takes_its_file(tmp_path: Path) -> None:
    shutil.copy(BOOK / "compose.yaml", tmp_path)
    for name in ("gateway.env", "database.password", "keys.password"):
        (tmp_path / name).touch()
    checked(program("docker-compose"), "-f", "compose.yaml", "config", "-q", folder=tmp_path)


@needs("kubectl")
def test_kubernetes_knows_the_objects(tmp_path: Path) -> None:
    """Decoded by kubectl's own types; no cluster sees them, so that admission is not tried."""
    command = (program("kubectl"), "label", "--local", "-f", BOOK / "kubernetes.yaml", "checked=yes", "-o", "json")
    said = checked(*command, folder=tmp_path)
    found, decoder = [], json.JSONDecoder()
    while said.strip():
        item, end = decoder.raw_decode(said.lstrip())
        said = said.lstrip()[end:]
        found += item.get("items", [item])
    assert [each["kind"] for each in found] == [
        "ConfigMap", "Deployment", "Deployment", "Service", "PodDisruptionBudget",
    ]  # fmt: skip
    maps = {each["metadata"]["name"] for each in found if each["kind"] == "ConfigMap"}
    for each in found:
        if each["kind"] == "Deployment":
            spec = each["spec"]["template"]["spec"]
            (container,) = spec["containers"]
            assert (
                each["spec"]["selector"]["matchLabels"].items()
                <= each["spec"]["template"]["metadata"]["labels"].items()
            )
            named = {source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source}
            assert named <= maps
            assert {mount["name"] for mount in container["volumeMounts"]} == {one["name"] for one in spec["volumes"]}
            assert spec["securityContext"]["runAsNonRoot"] is True, "what kubectl did not know is left out"
