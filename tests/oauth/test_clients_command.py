"""`gateway clients` and `gateway keys`: what is safe is registered, what is not is refused with a sentence."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey

from gateway.cli import gateway
from tests.oauth.relying import Relying, encoded
from tests.oauth.site import Site, settings_of

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command line on the store of a site whose replicas answer meanwhile."""
    for name, value in settings_of(sqlite_site).items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> Result:
        found = CliRunner().invoke(gateway, arguments, catch_exceptions=False)
        assert "Traceback" not in found.output
        return found

    yield command


TOOL = ("--kind", "tool", "--name", "A tool")
APP = ("--kind", "app", "--name", "An app", "--purpose", "SELF_SERVICE")


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Registrations may be kept in memory for GATEWAY_CLIENT_SECONDS."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_how_a_client_is_answered_changes_while_it_is_used(run: Run, lone: Relying) -> None:
    """Refusal and origins, from the next request on; what makes no sense is refused, and changes nothing."""
    assert (
        run("clients", "create", "shop-app", *APP, "--first-party", "--redirect-uri", "app.example:/back").exit_code
        == 0
    )
    done = run("clients", "update", "shop-app", "--refusal", "withhold-errors", "--origin", "https://b.example")
    assert done.exit_code == 0, done.output
    text = run("clients", "show", "shop-app").output
    assert "withhold-errors" in text and "https://b.example" in text
    preflight = {"origin": "https://b.example", "access-control-request-method": "POST"}

    def allows() -> bool:
        answer = lone.http.options(lone.url("/graphql"), headers=preflight)
        return answer.headers.get("access-control-allow-origin") == "https://b.example"

    until(allows)
    assert run("clients", "update", "shop-app", "--no-origins").exit_code == 0
    assert "https://b.example" not in run("clients", "show", "shop-app").output
    until(lambda: not allows())
    for wrong in (
        (),
        ("--keeps", "x"),
        ("--origin", "https://b.example", "--no-origins"),
        ("--origin", "http://b.example"),
    ):
        refused = run("clients", "update", "shop-app", *wrong)
        assert refused.exit_code != 0 and "Traceback" not in refused.output
    assert run("clients", "create", "quiet", *TOOL, "--purpose", "INVOICING").exit_code == 0
    assert "no tool has an origin" in run("clients", "update", "quiet", "--origin", "https://b.example").output
    assert "no client" in run("clients", "update", "nobody", "--refusal", "refuse").output


def test_a_client_from_its_first_secret_to_its_last_request(run: Run, lone: Relying) -> None:
    """The secret is alone on standard output, and in no later answer; each change holds with the next request."""
    done = run(
        "clients", "create", "made", *TOOL, "--purpose", "INVOICING", "--action", "audit:read", "--max-page", "7"
    )
    assert done.exit_code == 0, done.output
    secret = done.stdout.strip()
    assert secret.startswith("gws_")
    assert len(secret) > 40
    assert secret not in done.stderr
    lone.site.secrets["made"] = secret
    token = lone.own_token("made", scope="purpose:invoicing")
    assert lone.works(token)
    for command in (("clients", "list"), ("clients", "show", "made")):
        text = run(*command).output
        assert "made" in text
        assert "1 secret" in text
        assert secret not in text
    new = run("clients", "rotate", "made", "--overlap", "2").stdout.strip()
    assert "2 secrets" in run("clients", "show", "made").output
    assert lone.own("made").status_code == 200
    lone.site.secrets["made"] = new
    assert lone.own("made").status_code == 200
    assert run("clients", "disable", "made").exit_code == 0
    assert not lone.works(token)
    assert lone.own("made").status_code == 401
    assert "disabled" in run("clients", "list").output
    lone.site.turn_clock(2)
    assert run("clients", "enable", "made").exit_code == 0
    assert not lone.works(token), "what it held is over for good"
    assert lone.works(lone.own_token("made", scope="purpose:invoicing"))


@pytest.mark.parametrize("form", ["jwks", "jwk", "pem"])
def test_a_client_that_signs_has_no_secret(run: Run, tmp_path: Path, form: str) -> None:
    key = ECKey.generate_key("P-256")
    text = {
        "jwks": json.dumps({"keys": [key.as_dict(private=False)]}),
        "jwk": json.dumps(key.as_dict(private=False)),
        "pem": key.as_pem(private=False).decode(),
    }[form]
    file = tmp_path / "key"
    file.write_text(text)
    done = run("clients", "create", f"by-{form}", *TOOL, "--purpose", "INVOICING", "--public-key", str(file))
    assert (done.exit_code, done.stdout) == (0, ""), done.output
    assert "signs" in run("clients", "show", f"by-{form}").output
    assert run("clients", "rotate", f"by-{form}").exit_code == 3
    assert run("clients", "rotate", f"by-{form}", "--public-key", str(file)).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("1234", *TOOL, "--purpose", "INVOICING"), "begins with a letter"),
        (("x", *TOOL, "--purpose", "INVOICING"), "An id has"),
        (("billing", *TOOL, "--purpose", "INVOICING"), "There is a client billing already"),
        (("new", *TOOL, "--purpose", "NONSENSE"), "NONSENSE is no purpose. There are: "),
        (("new", *TOOL, "--purpose", "SELF_SERVICE"), "no tool has it"),
        (("new", *TOOL), "needs a purpose or an action"),
        (("new", *TOOL, "--action", "purpose:invoicing"), "These are no actions"),
        (("new", *TOOL, "--action", "two words"), "These are no actions"),
        (("new", *TOOL, "--purpose", "INVOICING", "--redirect-uri", "https://a.example/"), "sends nobody to sign in"),
        (("new", *TOOL, "--purpose", "INVOICING", "--max-page", "0"), "1 row at least"),
        (("new", "--kind", "tool", "--name", " ", "--purpose", "INVOICING"), "A name has"),
        (("new", *APP), "Where are customers sent back to?"),
        (("new", *APP, "--purpose", "INVOICING", "--redirect-uri", "https://a.example/"), "only a tool can have it"),
        (("new", "--kind", "app", "--name", "n", "--redirect-uri", "https://a.example/"), "needs a purpose"),
    ],
)
def test_what_is_not_registered_and_why(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    done = run("clients", "create", *arguments)
    assert (done.exit_code, done.stdout) == (3, "")
    assert sentence in done.stderr
    assert "new " not in run("clients", "list").output


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example/back", "ftp://app.example/", "//app.example/", "app.example", "https://", "https:///path",
        "https://user@app.example/", "https://app.example/#part", "https://*.example/", "https://app.example/a b",
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "app:/back", "com.example.app://host/back",
        "com.example.app:back", "https://ex;ample/", "https://é.example/", "/callback", "http://[bad",
    ],
)  # fmt: skip
def test_addresses_that_codes_are_not_sent_to(run: Run, uri: str) -> None:
    """O3."""
    done = run("clients", "create", "new", *APP, "--redirect-uri", uri)
    assert done.exit_code == 3, done.output
    assert done.stderr.startswith(uri)


def test_addresses_that_codes_may_be_sent_to(run: Run) -> None:
    good = ("https://app.example/back", "http://127.0.0.1:8080/back", "http://localhost/x", "com.example.app:/back")
    uris = [part for uri in good for part in ("--redirect-uri", uri)]
    assert run("clients", "create", "good", *APP, "--scope", "profile:read", *uris).exit_code == 0
    shown = run("clients", "show", "good").output
    assert all(uri in shown for uri in good)
    assert "bound tokens     yes" in shown
    done = run("clients", "create", "ours", *APP, "--first-party", "--no-dpop", "--redirect-uri", "/callback")
    assert done.exit_code == 0


def test_files_that_are_no_public_keys(run: Run, tmp_path: Path) -> None:
    """A private key is refused: it would be known to two."""
    private = ECKey.generate_key("P-256")
    small = rsa.generate_private_key(65537, 1024).public_key()
    modulus = encoded(small.public_numbers().n.to_bytes(128, "big"))
    pem = small.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    contents = {
        json.dumps(private.as_dict(private=True)): "holds a private key",
        json.dumps({"keys": [private.as_dict(private=True)]}): "holds a private key",
        private.as_pem(private=True).decode(): "holds a private key",
        json.dumps({"kty": "RSA", "n": modulus, "e": "AQAB"}): "holds no key for ES256",
        pem: "holds no key",
        json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)): "holds no key for ES256",
        json.dumps({"keys": []}): "holds no key for ES256",
        json.dumps({"kty": "oct", "k": "AAAA"}): "holds a private key",
        "[]": "holds no key",
        "nonsense": "holds no key",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----": "holds no key",
    }
    file = tmp_path / "key"
    for text, sentence in contents.items():
        file.write_text(text)
        done = run("clients", "create", "new", *TOOL, "--purpose", "INVOICING", "--public-key", str(file))
        assert done.exit_code == 3, text
        assert sentence in done.stderr, done.stderr


def test_clients_that_are_not_there(run: Run) -> None:
    for command in ("show", "rotate", "disable", "enable"):
        done = run("clients", command, "nobody")
        assert done.exit_code == 3
        assert "There is no client nobody" in done.stderr


def test_keys_are_listed_and_rotated(run: Run, lone: Relying) -> None:
    """O8: a token from before works, and the new key is in the set before it signs."""
    token = lone.own_token("billing")
    before = run("keys", "list").output
    assert before.count("signs") == 1
    kid = run("keys", "rotate").output.strip().removeprefix("New signing key: ")
    after = run("keys", "list").output
    assert f"{kid}  made " in after
    assert after.splitlines()[-1].endswith("announced")
    assert lone.works(token)
    lone.site.turn_clock(61)
    listed = [key["kid"] for key in lone.http.get(lone.url("/.well-known/jwks.json")).json()["keys"]]
    assert kid in listed
    lone.site.turn_clock(125)
    assert lone.works(lone.own_token("billing"))
    head = lone.own_token("billing").split(".")[0]
    assert kid in base64.urlsafe_b64decode(head + "==").decode()


@pytest.mark.parametrize("name", ["rdap", "sign-in-pages", "client-area", "web", "legal", "retention", "client.area"])
def test_names_of_the_product_itself_are_not_registered(run: Run, name: str) -> None:
    """O12: nobody reads under a name that customers and the ledger know as ours, nor shows it to customers."""
    done = run("clients", "create", name, *TOOL, "--purpose", "INVOICING")
    assert done.exit_code == 3 and "itself goes by this name" in done.output
    third = ("--kind", "web", "--purpose", "SELF_SERVICE", "--scope", "profile:read")
    done = run("clients", "create", "other", "--name", name, *third, "--redirect-uri", "https://a.example/")
    assert done.exit_code == 3 and "itself goes by this name" in done.output
    partner = ("--country", "CH", "--purpose", "INVOICING", "--field", "Customer.fullName")
    for command in (
        ("partners", "register", name, *partner),
        ("webhooks", "add", name, "https://a.example/"),
        ("affiliates", "register", name, "https://a.example/", "--country", "CH"),
    ):
        done = run(*command)
        assert done.exit_code != 0 and "itself goes by this name" in done.output, done.output


def test_an_app_of_somebody_else_has_no_name_that_only_looks_like_ours(run: Run) -> None:
    """O12: `Cliеnt area` with a Cyrillic letter; a name in one script, whichever, is accepted."""
    third = ("--kind", "web", "--purpose", "SELF_SERVICE", "--scope", "profile:read")
    home = ("--redirect-uri", "https://a.example/")
    done = run("clients", "create", "look-alike", "--name", "Cli\u0435nt area", *third, *home)
    assert done.exit_code == 3 and "mixes letters" in done.output
    assert run("clients", "create", "honest", "--name", "Счета and Budget", *third, *home).exit_code == 0


def test_an_app_of_somebody_else_is_registered_with_what_customers_can_allow(run: Run) -> None:
    """O10."""
    third = ("--kind", "web", "--name", "Budget", "--purpose", "SELF_SERVICE", "--redirect-uri", "https://b.example/")
    for scopes, said in (((), "--scope"), (("--scope", "services:write"), "services:write is nothing")):
        done = run("clients", "create", "budget", *third, *scopes)
        assert done.exit_code == 3 and said in done.output and "invoices:read" in done.output
    assert run("clients", "create", "budget", *third, "--scope", "invoices:read").exit_code == 0


def test_a_new_client_is_told_what_it_needs_and_proves_it(run: Run, lone: Relying) -> None:
    """Issuer, audience, scopes, documents and origin; then each of them against the gateway that answers."""
    issuer = lone.site.issuer
    terms = ("--kind", "web", "--name", "A shop", "--purpose", "SELF_SERVICE", "--first-party", "--scope", "openid")
    places = ("--redirect-uri", "https://shop.example/back", "--redirect-uri", "https://shop.example/other?a=b")
    made = run("clients", "create", "checked-shop", *terms, *places, "--origin", "https://shop.example")
    assert made.exit_code == 0, made.output
    for line in (
        f"issuer       {issuer}",
        f"discovery    {issuer}/.well-known/openid-configuration",
        f"audience     {issuer}/graphql",
        "scopes       openid purpose:self_service",
        "documents    gateway documents publish checked-shop",
        "CORS origin  https://shop.example",
        "proof        gateway clients check checked-shop",
    ):
        assert line in made.output, made.output
    proven = run("clients", "check", "checked-shop")
    assert proven.exit_code == 0, proven.output
    assert [line.split()[0] for line in proven.output.splitlines()] == ["ok"] * 6
    tool = run("clients", "create", "checked-tool", *TOOL, "--purpose", "INVOICING")
    secret = tool.output.splitlines()[-1]
    assert "-       token: not proven" in run("clients", "check", "checked-tool").output
    for text, code, word in (
        (secret, 0, "ok      token: purpose:invoicing"),
        ("wrong", 1, "FAILED  token: invalid_client"),
    ):
        found = CliRunner().invoke(gateway, ["clients", "check", "checked-tool", "--secret"], input=f"{text}\n")
        assert (found.exit_code, word in found.output) == (code, True), found.output
    assert run("clients", "disable", "checked-shop").exit_code == 0
    until(lambda: run("clients", "check", "checked-shop").exit_code == 1)
    assert "FAILED  redirect to https://shop.example/back" in run("clients", "check", "checked-shop").output
    assert run("clients", "check", "nobody").exit_code != 0


def test_a_gateway_that_does_not_answer_fails_every_check(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_ISSUER", "http://127.0.0.1:1")
    found = run("clients", "check", "phone")
    assert found.exit_code == 1 and found.output.count("FAILED") >= 3
    assert "does not answer" in found.output
