"""Relying parties that others wrote drive the running server: `openid-client` and `oauth4webapi` (O1 to O7)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyotp
import pytest

from gateway.demo import FEATURED, demo_password
from gateway.demo.factors import demo_totp_secret
from tests.gateway.servers import Running, environment, free_port
from tests.oauth.relying import Relying, challenge, claims_of
from tests.oauth.site import EC_KEY, PLAIN, wait_for
from tests.programs import install_npm, needs

pytestmark = needs("node", "npm")

HERE = Path(__file__).parent / "relying_parties"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relying parties, installed from the lock file into a scratch folder."""
    folder = tmp_path_factory.mktemp("relying-parties")
    for file in HERE.iterdir():
        shutil.copy(file, folder)
    install_npm(folder)
    return folder


def drive(package: Path, script: str, **given: Any) -> dict[str, Any]:
    """What a relying party saw."""
    environment = {"PATH": os.environ["PATH"], "GIVEN": json.dumps(given)}
    done = subprocess.run(
        ["node", script], cwd=package, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def facts(rp: Relying) -> dict[str, Any]:
    return {
        "issuer": rp.site.issuer,
        "back": PLAIN,
        "browser": rp.signed_in(),
        "app": "phone",
        "bound": "bound",
        "tool": "billing",
        "secret": rp.site.secrets["billing"],
        "signer": "signer",
        "key": EC_KEY.as_pem(private=True).decode(),
        "kid": EC_KEY.thumbprint(),
    }


APP = {
    "code": ["SELF_SERVICE"],
    "refreshed": ["SELF_SERVICE"],
    "reuse": "invalid_grant",
    "family": "invalid_grant",
    "revoked": "invalid_grant",
    "pushed": ["SELF_SERVICE"],
    "scope": "invalid_scope",
    "type": "dpop",
    "held": ["SELF_SERVICE"],
    "heldAgain": ["SELF_SERVICE"],
}


def test_openid_client_goes_through_every_flow(package: Path, lone: Relying) -> None:
    """Code with PKCE, refresh and its reuse, PAR, DPoP, secrets in both places, a key, introspection, revocation."""
    each = [True, "purpose:invoicing", False]
    tools = {"basic": each, "post": each, "signed": each, "toolScope": "invalid_scope", "toolTarget": "invalid_target"}
    assert drive(package, "openid_client.mjs", **facts(lone)) == APP | tools


def test_oauth4webapi_finds_every_response_right(package: Path, rp: Relying) -> None:
    """On both stores: metadata, PAR, code, DPoP with nonces, RFC 9068 tokens as another resource server reads them."""
    assert drive(package, "oauth4webapi.mjs", **facts(rp)) == {
        "resource": True,
        "nonces": 1,
        "type": "dpop",
        "purposes": ["SELF_SERVICE"],
        "validated": ["bound", "purpose:self_service", "number"],
        "afterRevocation": "invalid_token",
        "tool": [True, "purpose:invoicing", "signer"],
    }


def test_the_lock_file_names_no_host() -> None:
    """Packages come from whichever registry npm is set to, and their hashes say that they are the right ones."""
    lock = (HERE / "package-lock.json").read_text()
    packages = [entry for place, entry in json.loads(lock)["packages"].items() if place]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)
    assert "resolved" not in lock
    assert "://" not in lock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the demo."""
    return tmp_path_factory.mktemp("signing-in")


@pytest.fixture(scope="module")
def demo(folder: Path) -> Iterator[str]:
    """The demo with its real sign-in pages, under an issuer of this machine that clients can discover; its address."""
    port = free_port()
    output, address = folder / "output.txt", f"http://127.0.0.1:{port}"
    settings = environment(folder, PORT=str(port), GATEWAY_ISSUER=address)
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "demo"], env=settings, stdout=file, stderr=subprocess.STDOUT, cwd=folder
        )
    server = Running(process, port, output)
    try:
        wait_for(server)
        yield address
    finally:
        assert server.stop() == 0, server.log()


def hidden(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of the form of a page that asks for something."""
    form = next(part for part in page.text.split("<form")[1:] if 'name="password"' in part or 'name="code"' in part)
    fields = [
        dict(re.findall(r'(\w+)="([^"]*)"', tag)) for tag in re.findall(r"<input[^>]*>", form.split("</form>")[0])
    ]
    found = [field for field in fields if field.get("type") == "hidden"]
    return {unescape(field["name"]): unescape(field.get("value", "")) for field in found}


def test_a_customer_signs_in_with_password_and_code_and_reads_about_herself(package: Path, demo: str) -> None:
    """The real pages: password, one-time code, back to the client, tokens, `me`; then openid-client, signed in."""
    back, verifier = f"{demo}/callback", "v" * 43
    asked = {
        "response_type": "code", "client_id": "web", "redirect_uri": back, "state": "s",
        "code_challenge": challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    with httpx.Client(base_url=demo, timeout=30) as browser:
        page = browser.get("/oauth/authorize", params=asked, follow_redirects=True)
        assert page.url.path == "/sign-in"
        known = {"login": FEATURED, "password": demo_password(FEATURED, "CLIENT_AREA")}
        page = browser.post("/sign-in", data=hidden(page) | known, follow_redirects=True)
        assert page.url.path == "/sign-in/code", page.text
        code = pyotp.TOTP(demo_totp_secret(0, "CLIENT_AREA")).now()
        page = browser.post("/sign-in/code", data=hidden(page) | {"code": code}, follow_redirects=True)
        assert page.url.path == "/oauth/resume", page.text
        onwards = unescape(page.text.partition("url=")[2].partition('"')[0])
        answer = browser.get(onwards)
        assert answer.status_code == 303
        said = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert (said["state"], said["iss"]) == ("s", demo)
        form = {"grant_type": "authorization_code", "client_id": "web", "code": said["code"], "redirect_uri": back}
        tokens = browser.post("/oauth/token", data=form | {"code_verifier": verifier}).json()
        assert claims_of(tokens["access_token"])["acr"] == "2fa"
        query = {"query": "{ me { fullName } }"}
        header = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (
            browser.post("/graphql", json=query, headers=header).json()["data"]["me"]["fullName"] == "Amélie Fontaine"
        )
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
        given = {"issuer": demo, "back": back, "browser": {"cookie": cookies}, "app": "web", "bound": "web"}
        assert drive(package, "openid_client.mjs", **given) == APP


def test_a_webmail_user_signs_in_by_openid_connect(package: Path, demo: str, folder: Path) -> None:
    """The command line registers webmail; her webmail password opens it; openid-client verifies who she is (R38)."""
    back = f"{demo}/webmail"
    terms = ["--kind", "web", "--name", "Webmail", "--platform", "WEBMAIL", "--first-party", "--redirect-uri", back]
    may = ["--purpose", "SELF_SERVICE", "--scope", "openid", "--scope", "email", "--scope", "profile"]
    made = subprocess.run(
        [sys.executable, "-m", "gateway", "clients", "create", "roundcube", *terms, *may],
        env=environment(folder, GATEWAY_ISSUER=demo), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    with httpx.Client(base_url=demo, timeout=30) as browser:
        tokens = browser.get("/demo/tokens").json()["tokens"]
        token = next(each["token"] for each in tokens if "SELF_SERVICE" in str(each))
        query = {"query": "{ me { credentials { platform loginName } } }"}
        me = browser.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"}).json()["data"]["me"]
        login = next(each["loginName"] for each in me["credentials"] if each["platform"] == "WEBMAIL")
        page = browser.get("/sign-in", params={"platform": "WEBMAIL"})
        wrong = {"login": login, "password": demo_password(FEATURED, "CLIENT_AREA")}
        assert "__Host-" not in str(browser.cookies) and "session-webmail" not in str(browser.cookies.jar)
        assert browser.post("/sign-in", data=hidden(page) | wrong).status_code == 422, "another service's password"
        known = {"login": login, "password": demo_password(FEATURED, "WEBMAIL")}
        assert browser.post("/sign-in", data=hidden(page) | known).status_code == 303
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
    given = {"issuer": demo, "back": back, "browser": {"cookie": cookies}, "client": "roundcube"}
    seen = drive(package, "webmail.mjs", **given, secret=made.stdout.split()[-1], scope="openid email profile")
    assert (seen["same"], seen["nobody"]) == (True, "login_required")
    assert (seen["claims"]["aud"], seen["claims"]["acr"], seen["claims"]["amr"]) == ("roundcube", "1fa", ["pwd"])
    assert (seen["user"]["name"], seen["user"]["email"]) == ("Amélie Fontaine", FEATURED)
    assert seen["user"]["sub"] == seen["claims"]["sub"]
