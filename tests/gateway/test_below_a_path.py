"""A gateway whose issuer has a path: everything is below it, and metadata is where the standards look (H21)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.addresses.below import addressed, below, inner_path
from gateway.config.settings import SettingsError, read
from gateway.run.dependencies import make_site
from tests.gateway.servers import Running, command, running

ISSUER = "https://www.example.com/shop/account"
PATH = "/shop/account"
PAGES = (
    "/",
    "/sign-in",
    "/audit",
    "/developers",
    "/cookies",
    "/privacy",
    "/password/forgot",
    "/registrant",
    "/nothing",
)
STATIC = Path(__file__).parents[2] / "gateway" / "static"
ADDRESS = re.compile(r'\b(?:href|src|action)="([^"#]*)"')


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        "GATEWAY_ISSUER": ISSUER,
        "GATEWAY_SECURITY_CONTACT": "mailto:security@example.com",
        "GATEWAY_DEVELOPERS": "yes",
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("below")


@pytest.fixture(scope="module")
def serving(folder: Path, settings: dict[str, str]) -> Iterator[Running]:
    assert command(["db", "upgrade"], folder, **settings).returncode == 0
    with running(["-m", "gateway", "serve"], folder, **settings) as server:
        yield server


def get(server: Running, path: str, **headers: str) -> httpx.Response:
    """As nginx passes it on: the whole path, and the name that was asked for."""
    return httpx.get(server.url + path, headers={"host": "www.example.com"} | headers, timeout=120)


def test_every_address_of_every_page_is_below_the_path_and_answers(serving: Running) -> None:
    seen = set[str]()
    for page in PAGES:
        answer = get(serving, PATH + page, accept="text/html")
        assert answer.status_code == (404 if page == "/nothing" else 200), page
        found = {each.partition("?")[0] for each in ADDRESS.findall(answer.text)} - {""}
        assert found, page
        seen |= found
    ours = {each for each in seen if not urlsplit(each).scheme}
    assert {each for each in ours if not each.startswith(f"{PATH}/")} == set()
    assert f"{PATH}/static/house.css" in ours
    broken = {each for each in ours if get(serving, each, accept="*/*").status_code in (404, 500)}
    assert broken == set()


def test_scripts_know_the_path_in_one_place() -> None:
    """An address in a script goes through `at`, or through a function that does: `reach`, `send`, `post`, `h`."""
    direct = re.compile(r"""(?:\bfetch|\.assign|\.replaceState)\((?:[^)]*, )?['"`]/|\.href = ['"`]/""")
    found = [
        f"{script.name}: {line.strip()}"
        for script in STATIC.rglob("*.js")
        if "vendor" not in script.parts
        for line in script.read_text("utf-8").splitlines()
        if direct.search(line)
    ]
    assert found == []


def test_a_script_that_uses_what_another_module_gives_imports_it() -> None:
    """Browsers say so only when the line is reached."""
    uses, gets = re.compile(r"(?<![.\w])at\("), re.compile(r"import {[^}]*\bat\b[^}]*} from ['\"][./]*root\.js['\"]")
    texts = {path: path.read_text("utf-8") for path in STATIC.rglob("*.js") if "vendor" not in path.parts}
    users = {path for path, text in texts.items() if uses.search(text) and path.name != "root.js"}
    assert len(users) > 5 and {path.name for path in users if not gets.search(texts[path])} == set()


def test_metadata_is_where_each_standard_looks_for_it(serving: Running) -> None:
    server = get(serving, f"/.well-known/oauth-authorization-server{PATH}")  # RFC 8414 §3.1
    openid = get(serving, f"{PATH}/.well-known/openid-configuration")  # OpenID Connect Discovery §4
    resource = get(serving, f"/.well-known/oauth-protected-resource{PATH}/graphql")  # RFC 9728 §3.1
    assert [each.status_code for each in (server, openid, resource)] == [200] * 3
    assert server.json()["issuer"] == openid.json()["issuer"] == ISSUER
    assert resource.json() | {"resource": f"{ISSUER}/graphql", "authorization_servers": [ISSUER]} == resource.json()
    endpoints = {value for key, value in openid.json().items() if key.endswith(("_endpoint", "_uri"))}
    assert len(endpoints) > 5 and all(each.startswith(f"{ISSUER}/") for each in endpoints)
    for each in endpoints:
        assert get(serving, urlsplit(each).path).status_code != 404, each


@pytest.mark.parametrize("path", ["/", "/graphql", "/sign-in", "/shop", "/shop/accountant", "/.well-known/jwks.json"])
def test_what_is_not_below_it_is_not_ours(serving: Running, path: str) -> None:
    assert get(serving, path).status_code == 404


def test_probes_and_what_is_of_the_whole_host_answer_at_its_root(serving: Running) -> None:
    for path in ("/healthz", "/readyz", "/.well-known/security.txt", "/.well-known/gpc.json"):
        assert get(serving, path).status_code == 200, path
    assert httpx.get(f"{serving.url}/metrics", timeout=120).status_code == 200


def test_redirects_lead_below_it(serving: Running) -> None:
    for path, onward in (
        ("/security", f"{PATH}/sign-in"),
        ("/.well-known/change-password", f"{PATH}/password"),
    ):
        answer = get(serving, PATH + path)
        assert answer.is_redirect and urlsplit(answer.headers["location"]).path == onward, answer.headers


def test_an_app_gets_addresses_below_it(serving: Running, folder: Path, settings: dict[str, str]) -> None:
    """What `gateway clients create` prints for the configuration of an app."""
    words = ["clients", "create", "crm", "--kind", "tool", "--name", "CRM", "--purpose", "INVOICING"]
    made = command(words, folder, **settings)
    assert made.returncode == 0, made.stderr
    assert f"{ISSUER}/graphql" in made.stderr + made.stdout
    assert f"https://www.example.com/.well-known/oauth-authorization-server{PATH}" in made.stderr + made.stdout


@pytest.mark.parametrize("path", ["/a/", "/a//b", "/..", "/a%20b", "/é", "/a;b", '/"x'])
def test_a_path_that_others_may_write_in_another_way_is_refused_at_the_start(path: str) -> None:
    with pytest.raises(SettingsError, match="GATEWAY_ISSUER"):
        read({"GATEWAY_ISSUER": f"https://www.example.com{path}"})


def test_letters_lead_below_it() -> None:
    site = make_site(read({"GATEWAY_ISSUER": ISSUER}))
    assert site.link("/password/reset", "s") == f"{ISSUER}/password/reset?t=s"
    assert site.passkey_origin == "https://www.example.com", "passkeys are bound to a host"


def test_one_path_is_taken_off_and_put_before() -> None:
    assert inner_path("/a/b", "/a") == "/b" and inner_path("/a", "/a") == "/" and inner_path("/ab", "/a") is None
    assert inner_path("/.well-known/oauth-protected-resource/a/graphql", "/a") == (
        "/.well-known/oauth-protected-resource/graphql"
    )
    page = '<a href="/x">&#34; href=&#34;/y</a><a href="//cdn.example"></a><img src="/z"><a href="https://e.example/">'
    assert addressed(page) == page
    with below("/a"):
        assert addressed(page) == page.replace('"/x"', '"/a/x"').replace('"/z"', '"/a/z"')
