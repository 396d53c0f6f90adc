"""The security profile FAPI 2.0, by the names of the modules in the OpenID Foundation's plan for servers.

Each test is called after `fapi2-security-profile-final-…`, and does by itself what that module asks for; the suite was
not run. Modules about mutual TLS, signed requests (JAR), other ecosystems and grant management have no test here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from tests.oauth.relying import Flow, Proofer, Relying, claims_of, refused
from tests.oauth.site import BACK, EC_KEY, RSA_KEY, SELF, public

SCOPE = "openid purpose:self_service"


@dataclass
class Bank:
    """A client that follows the profile, unless a test makes it do otherwise."""

    rp: Relying
    id: str
    proofer: Proofer

    def post(
        self, path: str, form: dict[str, str], assertion: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Send a form with an assertion and a proof, a second time if the server gives a nonce."""
        for _ in range(2):
            proven = self.rp.assertion(self.id) if assertion is None else assertion
            headers = more.get("headers") or {"dpop": self.proofer.proof(self.rp.site.issuer + path)}
            answer = self.rp.post(path, form | proven, headers=headers)
            if "dpop-nonce" in answer.headers and "headers" not in more:
                self.proofer.nonce = answer.headers["dpop-nonce"]
                if answer.json().get("error") == "use_dpop_nonce":
                    continue
            break
        return answer

    def push(self, **changes: str | None) -> tuple[httpx.Response, str]:
        """Push a request; the answer and the verifier."""
        params, verifier = self.rp.request(self.id, **({"scope": SCOPE} | changes))
        return self.post("/oauth/par", params), verifier

    def visit(self, reference: str, **changes: str) -> httpx.Response:
        """Send the browser of a signed-in customer."""
        return self.rp.authorize({"client_id": self.id, "request_uri": reference} | changes, self.rp.signed_in())

    def flow(self, **changes: str | None) -> Flow:
        """A code."""
        pushed, verifier = self.push(**changes)
        assert pushed.status_code == 201, pushed.text
        answer = self.rp.answer(self.visit(pushed.json()["request_uri"]))
        return Flow(self.id, answer["code"], verifier, answer)

    def redeem(self, flow: Flow, **changes: Any) -> httpx.Response:
        """Redeem a code."""
        return self.post("/oauth/token", flow.form(**changes))

    def tokens(self) -> dict[str, Any]:
        """Tokens of a customer."""
        answer = self.redeem(self.flow())
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refresh(self, token: str) -> httpx.Response:
        """Use a refresh token."""
        return self.post("/oauth/token", {"grant_type": "refresh_token", "client_id": self.id, "refresh_token": token})

    def reads(self, token: str, **changes: Any) -> int:
        """The status of the API's answer."""
        url = f"{self.rp.site.issuer}/graphql"
        answer = self.rp.grant(token, 0, "DPoP", dpop=self.proofer.proof(url, token=token, **changes))
        if answer.status_code == 401 and "dpop-nonce" in answer.headers:
            self.proofer.nonce = answer.headers["dpop-nonce"]
            answer = self.rp.grant(token, 0, "DPoP", dpop=self.proofer.proof(url, token=token, **changes))
        return answer.status_code


@pytest.fixture
def bank(rp: Relying) -> Bank:
    return Bank(rp, "bank", Proofer(rp.site))


@pytest.fixture
def one(lone: Relying) -> Bank:
    """The same, for what does not depend on the store."""
    return Bank(lone, "bank", Proofer(lone.site))


def test_discovery_end_point_verification(one: Bank) -> None:
    said = one.rp.http.get(one.rp.url("/.well-known/openid-configuration")).json()
    assert "private_key_jwt" in said["token_endpoint_auth_methods_supported"]
    assert said["code_challenge_methods_supported"] == ["S256"] and said["response_types_supported"] == ["code"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["dpop_signing_alg_values_supported"] == ["ES256"]
    assert {"pushed_authorization_request_endpoint", "userinfo_endpoint", "jwks_uri"} <= said.keys()


def test_happy_flow(bank: Bank) -> None:
    tokens = bank.tokens()
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": bank.proofer.thumbprint}
    assert claims_of(tokens["id_token"])["aud"] == "bank"
    assert bank.reads(tokens["access_token"]) == 200


def test_ensure_authorization_request_without_state_success(one: Bank) -> None:
    pushed, _ = one.push(state=None)
    assert one.rp.answer(one.visit(pushed.json()["request_uri"])).keys() == {"code", "iss"}


def test_ensure_authorization_request_with_long_state(one: Bank) -> None:
    assert one.flow(state="s" * 384).answer["state"] == "s" * 384


def test_ensure_authorization_request_with_long_nonce(one: Bank) -> None:
    nonce = "n" * 255
    assert claims_of(one.redeem(one.flow(nonce=nonce)).json()["id_token"])["nonce"] == nonce


def test_ensure_unsigned_authorization_request_without_using_par_fails(one: Bank) -> None:
    params, _ = one.rp.request("bank", scope=SCOPE)
    assert one.rp.authorize(params, one.rp.signed_in()).status_code == 400


def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(bank: Bank) -> None:
    reference = bank.push()[0].json()["request_uri"]
    params = {"client_id": "bank", "request_uri": reference}
    assert bank.rp.authorize(params).headers["location"].startswith("/sign-in?")
    assert "code" in bank.rp.answer(bank.visit(reference))


def test_par_attempt_reuse_request_uri(bank: Bank) -> None:
    reference = bank.push()[0].json()["request_uri"]
    assert "code" in bank.rp.answer(bank.visit(reference))
    assert bank.visit(reference).status_code == 400


def test_par_attempt_to_use_expired_request_uri(one: Bank) -> None:
    pushed, _ = one.push()
    assert pushed.json()["expires_in"] < 600
    one.rp.site.turn_clock(601)
    assert one.visit(pushed.json()["request_uri"]).status_code == 400


def test_par_attempt_to_use_request_uri_for_different_client(one: Bank) -> None:
    assert one.visit(one.push()[0].json()["request_uri"], client_id="other-bank").status_code == 400


def test_par_authorization_request_containing_request_uri_form_param(one: Bank) -> None:
    refused(one.push(request_uri="urn:ietf:params:oauth:request_uri:x")[0], "invalid_request")


def test_par_attempt_invalid_http_method(one: Bank) -> None:
    assert one.rp.http.put(one.rp.url("/oauth/par"), data=one.rp.request("bank")[0]).status_code == 405


def test_par_without_duplicate_parameters(one: Bank) -> None:
    """What was pushed counts; parameters beside the reference are ignored."""
    answer = one.visit(one.push()[0].json()["request_uri"], state="another", redirect_uri="https://evil.example/")
    assert one.rp.answer(answer)["state"] == "a state"


def test_par_ensure_pkce_required(one: Bank) -> None:
    refused(one.push(code_challenge=None, code_challenge_method=None)[0], "invalid_request")


def test_par_plain_pkce_rejected(one: Bank) -> None:
    refused(one.push(code_challenge_method="plain")[0], "invalid_request")


def test_ensure_pkce_code_verifier_required(one: Bank) -> None:
    assert one.redeem(one.flow(), code_verifier=None).status_code == 400


def test_incorrect_pkce_code_verifier_rejected(one: Bank) -> None:
    refused(one.redeem(one.flow(), code_verifier="x" * 43), "invalid_grant")


def test_ensure_authorization_code_is_bound_to_client(one: Bank) -> None:
    flow = one.flow()
    other = Bank(one.rp, "other-bank", one.proofer)
    refused(other.redeem(Flow("other-bank", flow.code, flow.verifier, flow.answer)), "invalid_grant")


def test_attempt_reuse_authorization_code_after_one_second(bank: Bank) -> None:
    flow = bank.flow()
    first = bank.redeem(flow).json()
    refused(bank.redeem(flow), "invalid_grant")
    assert bank.reads(first["access_token"]) == 401


def test_ensure_invalid_client_assertions_fail(one: Bank) -> None:
    """Wrong audience, issuer and subject, expired, of another key, by RS256, and none at all."""
    wrong: list[dict[str, Any]] = [
        {"aud": f"{one.rp.site.issuer}/oauth/token"},
        {"iss": "other-bank"},
        {"exp": one.rp.site.now() - 300},
        {"exp": one.rp.site.now() + 3_600},
        {"jti": None},
        {"key": RSA_KEY},
    ]
    for assertion in [*(one.rp.assertion("bank", **changes) for changes in wrong), {"client_secret": "x"}]:
        one.rp.site.forgive()
        refused(one.post("/oauth/par", one.rp.request("bank")[0], assertion), "invalid_client", 401)


def test_ensure_client_assertion_with_no_sub_fails(one: Bank) -> None:
    one.rp.site.forgive()
    asked = one.rp.request("bank", client_id=None)[0]
    refused(one.post("/oauth/par", asked, one.rp.assertion("bank", sub=None)), "invalid_client", 401)


def test_ensure_holder_of_key_required(one: Bank) -> None:
    """Neither a token request without a proof nor a bound token as Bearer is good."""
    form = one.flow().form() | one.rp.assertion("bank")
    refused(one.rp.post("/oauth/token", form), "invalid_dpop_proof")
    assert one.rp.grant(one.tokens()["access_token"]).status_code == 401


def test_ensure_dpop_auth_code_binding_success(one: Bank) -> None:
    """The code is bound to the key of the pushed request: another key gets nothing for it."""
    flow = one.flow(dpop_jkt=one.proofer.thumbprint)
    thief = Bank(one.rp, "bank", Proofer(one.rp.site))
    refused(thief.redeem(flow), "invalid_grant")
    assert one.redeem(one.flow(dpop_jkt=one.proofer.thumbprint)).status_code == 200


def test_ensure_dpopproof_at_par_endpoint_binding_success(one: Bank) -> None:
    """`Bank.push` sends a proof: the code is bound to its key, without `dpop_jkt`."""
    flow = one.flow()
    refused(Bank(one.rp, "bank", Proofer(one.rp.site)).redeem(flow), "invalid_grant")


def test_dpop_negative_tests(one: Bank) -> None:
    token = one.tokens()["access_token"]
    assert one.reads(token) == 200
    for changes in (
        {"htm": "GET"},
        {"htu": "https://elsewhere.example/graphql"},
        {"iat": 1},
        {"jti": None},
        {"ath": "x"},
    ):
        assert one.reads(token, **changes) == 401, changes


def test_refresh_token(bank: Bank) -> None:
    """They do not rotate (FAPI 2.0 §5.3.2.1), are bound to client and key, and end with the session."""
    tokens = bank.tokens()
    for _ in range(2):
        answer = bank.refresh(tokens["refresh_token"])
        assert answer.status_code == 200, answer.text
        assert answer.json()["refresh_token"] == tokens["refresh_token"]
        assert bank.reads(answer.json()["access_token"]) == 200
    refused(Bank(bank.rp, "other-bank", bank.proofer).refresh(tokens["refresh_token"]), "invalid_grant")
    refused(Bank(bank.rp, "bank", Proofer(bank.rp.site)).refresh(tokens["refresh_token"]), "invalid_grant")
    assert bank.refresh(tokens["refresh_token"]).status_code == 200, "a thief without the key ends nothing"
    at_once = bank.rp.at_once(*[lambda: bank.refresh(tokens["refresh_token"])] * 3)
    assert [each.status_code for each in at_once] == [200] * 3
    bank.post("/oauth/revoke", {"token": tokens["refresh_token"], "client_id": "bank"})
    refused(bank.refresh(tokens["refresh_token"]), "invalid_grant")


def test_refresh_tokens_of_all_others_rotate(rp: Relying) -> None:
    """O4 holds for clients outside the profile."""
    first = rp.tokens()["refresh_token"]
    second = rp.refresh(first).json()["refresh_token"]
    assert second != first
    refused(rp.refresh(first), "invalid_grant")
    refused(rp.refresh(second), "invalid_grant")


RIGHT: dict[str, Any] = {
    "id": "held", "name": "Held", "kind": ClientKind.WEB, "purposes": SELF, "first_party": True, "fapi2": True,
    "dpop": True, "pushed": True, "keys": public(EC_KEY), "redirect_uris": (BACK,),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"keys": None}, "--public-key"),
        ({"kind": ClientKind.APP, "keys": None}, "--kind web"),
        ({"dpop": False}, "bound tokens"),
        ({"pushed": False}, "pushed requests"),
        ({"keys": public(RSA_KEY)}, "no RS256"),
        ({"redirect_uris": ("http://localhost:3000/back",)}, "by https alone"),
    ],
)
def test_a_registration_that_leaves_the_profile_is_refused(change: dict[str, Any], why: str) -> None:
    NewClient(**RIGHT).check()
    with pytest.raises(RegistrationError, match=why):
        NewClient(**RIGHT | change).check()
