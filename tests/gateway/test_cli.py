"""The command line: help that teaches, mistakes told in a sentence, exit codes that scripts can use."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import click
import httpx
import pytest

from gateway.cli import COMMANDS, gateway
from tests.gateway.conftest import Demo
from tests.gateway.servers import ROOT, command, environment, free_port, running, typed


def test_help_names_every_command_and_each_teaches_by_example(tmp_path: Path) -> None:
    text = command(["--help"], tmp_path, own_interpreter=True).stdout
    context = click.Context(gateway, info_name="gateway")
    for name, (_, _, meaning) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(meaning[:20])}", text, re.M)
        found = gateway.get_command(context, name)
        assert found is not None
        group = found if isinstance(found, click.Group) else None
        leaves = [group.get_command(context, each) for each in group.list_commands(context)] if group else [found]
        assert leaves
        for leaf in leaves:
            assert leaf is not None and leaf.help is not None
            assert r"\b" not in leaf.help, f"{leaf.name}: click's mark is written out: its examples run together"
            assert f"gateway {name}" in leaf.help or "gateway" in leaf.help, f"{name} has no example"


@pytest.mark.parametrize("arguments", [["audit", "lint", "--help"], ["clients", "list"], ["webhooks", "list"]])
def test_a_command_that_needs_no_schema_imports_none(arguments: list[str], tmp_path: Path) -> None:
    """Half of a command's time would go into it."""
    program = (
        "import contextlib, sys\nfrom gateway.cli import gateway\n"
        f"with contextlib.suppress(BaseException):\n    gateway({arguments!r}, standalone_mode=False)\n"
        "print('strawberry' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


FORKED = ("clients", "db", "documents", "erasures", "ledger")
"""Commands that other tests start as forks alone."""


def test_commands_start_by_an_interpreter_of_their_own(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Without anything that was imported for another test."""
    for name in COMMANDS if request.config.getoption("--thorough") else FORKED:
        done = command([name, "--help"], tmp_path, own_interpreter=True)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout.startswith(f"Usage: gateway {name}")


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--nonsense"], ["token"], ["customers", "import"]])
def test_wrong_usage_exits_2_without_a_stack_trace(tmp_path: Path, arguments: list[str]) -> None:
    done = command(arguments, tmp_path)
    assert done.returncode == 2
    assert "Usage:" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_lists_everything_and_no_password(tmp_path: Path) -> None:
    done = command(
        ["settings"], tmp_path, GATEWAY_DATABASE_URL="postgresql://gate:s3cret@localhost/main", GATEWAY_TYPO="1"
    )
    assert done.returncode == 0
    assert "GATEWAY_MAX_BODY_BYTES\n" in done.stdout
    assert "s3cret" not in done.stdout
    assert "GATEWAY_TYPO is not a setting" in done.stderr


def test_a_wrong_setting_exits_2(tmp_path: Path) -> None:
    done = command(["serve"], tmp_path, PORT="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("PORT is 'x': use a whole number")


def test_serving_without_an_issuer_or_a_store_says_what_to_do(tmp_path: Path) -> None:
    done = command(["serve"], tmp_path, own_interpreter=True)
    assert done.returncode == 2
    assert "GATEWAY_ISSUER is not set" in done.stderr
    done = command(["serve"], tmp_path, GATEWAY_ISSUER="https://data.example", PORT=str(free_port()))
    assert done.returncode == 3
    assert "gateway db upgrade" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_told_with_another_one_to_try(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command(["demo"], tmp_path, PORT=str(port))
    assert done.returncode == 3
    assert f"Port {port} is in use. Choose another one: PORT={port + 1} gateway demo" in done.stderr
    assert not any(tmp_path.iterdir()), "nothing is made for a server that cannot listen"


def test_tokens_are_bare_and_only_of_a_demo(demo: Demo, tmp_path: Path) -> None:
    for name in ("billing", "support", "noc", "newsletter", "auditor", "amelie.fontaine@example.com"):
        done = typed(["token", name], demo.folder)
        assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout), done
        answer = httpx.post(
            demo.url, json={"query": "{ grant { client } }"}, headers={"authorization": f"Bearer {done.stdout.strip()}"}
        ).json()
        assert answer["data"]["grant"]["client"] == ("web" if "@" in name else name)
    unknown = typed(["token", "nobody@example.com"], demo.folder)
    assert (unknown.returncode, unknown.stdout) == (3, "")
    assert "billing, support, noc, newsletter, orders, registrar, auditor" in unknown.stderr
    assert typed(["db", "upgrade"], tmp_path).returncode == 0
    none = typed(["token", "billing"], tmp_path)
    assert (none.returncode, none.stdout) == (3, "")
    assert "gateway demo" in none.stderr


def test_a_demo_token_opens_no_other_gateway(demo: Demo) -> None:
    """Not even one over the same store, once it serves under an issuer of its own."""
    with running(["-m", "gateway", "serve"], demo.folder, GATEWAY_ISSUER="https://data.example") as server:
        headers = demo.headers("billing")
        answer = httpx.post(f"{server.url}/graphql", json={"query": "{ grant { client } }"}, headers=headers)
        assert answer.status_code == 401
        assert "issued elsewhere" in answer.headers["www-authenticate"]


def test_the_examples_do_what_they_say(demo: Demo, http: httpx.Client) -> None:
    """Each is asked as the tour and GraphiQL ask it: those that say so are refused, with the purposes that would do."""
    asked = 0
    for tool in http.get(f"{demo.server.url}/demo/tokens").json()["tokens"]:
        for example in tool["examples"]:
            headers = {"authorization": f"Bearer {tool['token']}", "purpose-reference": example["reference"] or "INC-1"}
            answer = http.post(demo.url, json={"query": example["query"]}, headers=headers).json()
            assert ("errors" not in answer) is example["answered"], (tool["name"], example["title"], answer)
            asked += 1
    assert asked >= 14


def test_a_second_run_keeps_the_data_and_the_tokens(tmp_path: Path) -> None:
    headers, names = {}, []
    query = {"query": "{ customers(first: 5) { nodes { id fullName } } }"}
    for _ in range(2):
        with running(["-m", "gateway", "demo"], tmp_path, own_interpreter=not names) as server:
            if not names:
                token = command(["token", "billing"], tmp_path, own_interpreter=True).stdout.strip()
                headers = {"authorization": f"Bearer {token}"}
            names.append(httpx.post(f"{server.url}/graphql", json=query, headers=headers).json()["data"])
            assert server.stop() == 0
    assert names[0] == names[1]


def test_schema_print_is_the_committed_schema(tmp_path: Path) -> None:
    done = command(["schema", "print"], tmp_path, own_interpreter=True)
    assert done.returncode == 0
    assert done.stdout == (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")


CSV = (
    "given_name,family_name,email,street,postal_code,city,country\n"
    "Ada,Lind,ada@example.com,Linden Road 1,1000,Lausanne,CH\n"
    "Bo,Falk,bo@example.com,Mill Street 2,1200,Genève,CH\n"
)


def test_import_tells_bad_rows_and_stores_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CSV + "Cy,Moe,not-an-address,Oak Avenue 3,1000,Bern,CH\n", encoding="utf-8")
    assert typed(["db", "upgrade"], tmp_path).returncode == 0
    bad = typed(["customers", "import", str(file)], tmp_path)
    assert bad.returncode == 1
    assert "3 rows, 1 bad, nothing was stored." in bad.stdout
    assert "row 3 (line 4): email is not an e-mail address" in bad.stdout
    assert "not-an-address" not in bad.stdout + bad.stderr
    file.write_text(CSV, encoding="utf-8")
    dry = typed(["customers", "import", str(file), "--dry-run"], tmp_path)
    assert dry.returncode == 0 and dry.stdout.startswith("2 rows, 0 bad, nothing was stored (dry run).\n")
    good = typed(["customers", "import", str(file)], tmp_path)
    assert good.returncode == 0 and good.stdout.startswith("2 rows, 0 bad, 2 imported.\n")
    assert "  locale was missing, and was assumed: 2 times\n" in good.stdout
    again = typed(["customers", "import", str(file)], tmp_path)
    assert again.returncode == 1
    assert "belongs to a registered customer already" in again.stdout


def test_import_takes_the_file_of_another_system(tmp_path: Path) -> None:
    """UTF-16, `sep=`, other names of columns, closing delimiters; what was changed is told without a value."""
    header = "First name;Last name;E-mail;Phone;Street;ZIP;City;Country;Fax;"
    rows = (
        "Jörg;Müller;joerg@faß.de;+41 (0)21 320 00 00;Weg 1;CH-1003;Lausanne;ch;1;",
        "Sukarno;;s@example.com;;Weg 2;3000;Bern;CH;;",
    )
    damaged = "Zoë;MÃ¼ller;z@example.com;021 320 00 00;Weg 3;3000;Bern;CH;;"
    file, columns = tmp_path / "panel.csv", tmp_path / "panel.toml"
    file.write_bytes("\r\n".join(("sep=;", header, *rows, damaged, "\x1a")).encode("utf-16"))
    columns.write_text(
        '"First name" = "given_name"\n"Last name" = "family_name"\n"E-mail" = "email"\nZIP = "postal_code"\nFax = ""\n'
    )
    assert typed(["db", "upgrade"], tmp_path).returncode == 0
    done = typed(["customers", "import", str(file), "--columns", str(columns), "--changes"], tmp_path)
    assert done.returncode == 0 and "3 rows, 0 bad, 3 imported." in done.stdout
    for told in (
        "row 1 (line 3, column 4): phone was brought to its standard form",
        "row 1 (line 3, column 6): postal_code was brought to its standard form",
        "row 1 (line 3, column 8): country was brought to its standard form",
        "row 3 (line 5, column 2): family_name looks damaged",
        "row 3 (line 5, column 4): phone had no country code",
        "phone was brought to its standard form: 2 times",
    ):
        assert told in done.stdout, told
    assert not any(value in done.stdout + done.stderr for value in ("ller", "320", "1003", "Sukarno"))
    workbook = tmp_path / "panel.xlsx"
    workbook.write_bytes(b"PK\x03\x04" + bytes(100))
    refused = typed(["customers", "import", str(workbook)], tmp_path)
    assert refused.returncode != 0 and "CSV UTF-8" in refused.stderr and "Traceback" not in refused.stderr


def test_keys_are_rotated_while_the_demo_runs(demo: Demo) -> None:
    """O8, D3: the tokens that were given out, and the data, go on being read."""
    for name in ("rotate", "rotate-root"):
        done = command(["keys", name], demo.folder, own_interpreter=name == "rotate", GATEWAY_DEMO="yes")
        assert done.returncode == 0, done.stderr
        query = {"query": "{ customers(first: 1) { nodes { email } } }"}
        answer = httpx.post(demo.url, json=query, headers=demo.headers("billing")).json()
        assert answer["data"]["customers"]["nodes"][0]["email"]
    assert len(httpx.get(f"{demo.server.url}/.well-known/jwks.json").json()["keys"]) >= 1
