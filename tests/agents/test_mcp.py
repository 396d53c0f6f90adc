"""Agents ask by the Model Context Protocol, and obey the notice like everybody else (G18)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey
from mcp import Client

from gateway.demo import FEATURED
from tests.agents.assistants import Site, text_of
from tests.gateway.servers import ROOT

INVOICES, TELEPHONE = "invoices_of_customer", "telephone_of_customer"
ERRAND = "purpose:invoicing"


def asking(site: Site, token: str, work: Callable[[Client], Any], **headers: str) -> Any:
    """Let the library's client work."""

    async def run() -> Any:
        async with site.session(token, **headers) as client:
            return await work(client)

    return asyncio.run(run())


def call(site: Site, token: str, tool: str, **arguments: Any) -> Any:
    return asking(site, token, lambda client: client.call_tool(tool, arguments))


def test_an_errand(site: Site) -> None:
    """Two documents are two tools: one answers, the other is refused in words that name field, purpose and way out."""
    token = site.token("assistant", scope=ERRAND)

    async def errand(client: Client) -> tuple[Any, Any, Any]:
        tools = (await client.list_tools()).tools
        found = await client.call_tool(INVOICES, {"email": FEATURED})
        customer = json.loads(text_of(found))["data"]["customer"]["id"]
        return tools, found, await client.call_tool(TELEPHONE, {"id": customer})

    tools, found, refused = asking(site, token, errand)
    assert sorted(each.name for each in tools) == [INVOICES, TELEPHONE]
    (invoices,) = (each for each in tools if each.name == INVOICES)
    assert "Purpose: INVOICING. Draw up and deliver invoices." in invoices.description
    assert invoices.description.startswith("The newest invoices of a customer")
    assert invoices.input_schema["required"] == ["email"] and invoices.annotations.read_only_hint
    assert invoices.input_schema["properties"]["first"]["default"] == 3
    assert invoices.input_schema["properties"]["email"]["description"] == "The customer's e-mail address."
    assert not found.is_error
    assert found.structured_content == json.loads(text_of(found))
    assert len(found.structured_content["data"]["customer"]["invoices"]["nodes"]) == 3
    assert refused.is_error
    said = text_of(refused)
    for part in ("Refused. Nothing was read", "Customer.phone", "INVOICING", "EMERGENCY_CONTACT", "ask the person"):
        assert part in said, said
    assert "data" not in refused.structured_content
    shown = (ROOT / "docs" / "mcp.md").read_text("utf-8")
    assert "\n".join(said.splitlines()[:2]) in shown, said


def test_entries_say_that_an_agent_asked(site: Site) -> None:
    before = len(site.entries())
    assert not call(site, site.token("assistant", scope=ERRAND), INVOICES, email=FEATURED).is_error
    (entry,) = site.entries()[before:]
    assert entry["agent"] is True
    assert (entry["client"], entry["purpose"], len(entry["subjects"])) == ("assistant", "INVOICING", 1)
    assert "Customer.invoices" in entry["fields"]
    graphql = site.token("billing-tool", resource=None)
    query = {"query": f'{{ customer(by: {{ email: "{FEATURED}" }}) {{ fullName }} }}'}
    answer = httpx.post(f"{site.server.url}/graphql", json=query, headers={"authorization": f"Bearer {graphql}"})
    assert answer.json()["data"]["customer"]["fullName"], answer.text
    assert "agent" not in site.entries()[-1] and site.entries()[-1]["client"] == "billing-tool"


def test_a_refused_call_is_no_reading(site: Site) -> None:
    token, before = site.token("assistant", scope=ERRAND), len(site.entries())
    assert call(site, token, TELEPHONE, id="Customer_1x").is_error
    assert len(site.entries()) == before


def test_a_purpose_that_needs_a_reference_asks_for_it(site: Site) -> None:
    token = site.token("assistant", scope="purpose:emergency_contact")
    found = call(site, site.token("assistant", scope=ERRAND), INVOICES, email=FEATURED)
    customer = found.structured_content["data"]["customer"]["id"]
    (tool,) = asking(site, token, lambda client: client.list_tools()).tools
    assert tool.name == TELEPHONE, "the other one is for a purpose that this token does not have"
    assert tool.input_schema["required"] == ["id", "reference"]
    assert "[A-Za-z]{1,16}-[0-9]{1,7}" in tool.input_schema["properties"]["reference"]["description"]
    without = call(site, token, TELEPHONE, id=customer)
    assert without.is_error and "Never invent one" in text_of(without)
    personal = call(site, token, TELEPHONE, id=customer, reference="call +41 79 123 45 67")
    assert personal.is_error and "123 45 67" not in text_of(personal)
    told = call(site, token, TELEPHONE, id=customer, reference="INC-4711")
    assert told.structured_content["data"]["customer"]["phone"].startswith("+")
    last = site.entries()[-1]
    assert (last["purpose"], last["reference"], last["agent"]) == ("EMERGENCY_CONTACT", "INC-4711", True)


def test_of_several_purposes_a_call_states_one(site: Site) -> None:
    token = site.token("assistant")
    tools = {each.name: each for each in asking(site, token, lambda client: client.list_tools()).tools}
    assert "purpose" not in tools[INVOICES].input_schema["properties"], "its document was published for one"
    schema = tools[TELEPHONE].input_schema
    assert schema["properties"]["purpose"]["enum"] == ["EMERGENCY_CONTACT", "INVOICING"]
    assert schema["required"] == ["id", "purpose"]
    found = call(site, token, INVOICES, email=FEATURED)
    customer = found.structured_content["data"]["customer"]["id"]
    assert call(site, token, TELEPHONE, id=customer).is_error
    stated = {"id": customer, "purpose": "EMERGENCY_CONTACT", "reference": "INC-1"}
    assert not call(site, token, TELEPHONE, **stated).is_error


def test_tokens_are_for_one_resource(site: Site) -> None:
    """RFC 8707: a token for /mcp opens nothing at /graphql, nor the other way round (O13)."""
    agents, graphql = site.token("assistant"), site.token("assistant", resource=None)
    assert site.post(agents).status_code == 200
    refused = site.post(graphql)
    assert refused.status_code == 401
    metadata = f"{site.server.url}/.well-known/oauth-protected-resource/mcp"
    assert f'resource_metadata="{metadata}"' in refused.headers["www-authenticate"]
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    assert f'resource_metadata="{metadata}"' in site.post(None).headers["www-authenticate"]
    query = {"query": "{ grant { client } }"}
    for path in ("/graphql", "/graphql/dry-run", "/schema.graphql", "/oauth/userinfo"):
        answer = httpx.post(f"{site.server.url}{path}", json=query, headers={"authorization": f"Bearer {agents}"})
        assert answer.status_code in (401, 405), path
    described = httpx.get(metadata).json()
    assert described["resource"] == site.mcp and described["authorization_servers"] == [site.server.url]
    assert "scopes_supported" not in described
    listed = httpx.get(f"{site.server.url}/.well-known/oauth-authorization-server").json()["protected_resources"]
    assert listed == [f"{site.server.url}/graphql", site.mcp]


def test_only_an_agent_gets_such_a_token(site: Site) -> None:
    refused = site.asked("billing-tool")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    both = site.asked("assistant", resource=[site.mcp, f"{site.server.url}/graphql"])
    assert (both.status_code, both.json()["error"]) == (400, "invalid_target")
    third = ["clients", "create", "chat", "--kind", "web", "--name", "Chat", "--purpose", "SELF_SERVICE"]
    third += ["--redirect-uri", "https://chat.example/back", "--action", "profile:read", "--action", "agent"]
    assert "agent is nothing that customers can allow an app" in site.run(*third, code=3)


def test_a_token_for_agents_is_revoked_like_any_other(site: Site) -> None:
    token = site.token("assistant")
    of_client = {"data": {"token": token}, "auth": ("assistant", site.secrets["assistant"])}
    described = httpx.post(f"{site.server.url}/oauth/introspect", **of_client).json()
    assert (described["active"], described["aud"]) == (True, site.mcp)
    site.register("other-server", "--purpose", "INVOICING", "--action", "tokens:introspect")
    of_other = of_client | {"auth": ("other-server", site.secrets["other-server"])}
    assert httpx.post(f"{site.server.url}/oauth/introspect", **of_other).json() == {"active": False}
    assert httpx.post(f"{site.server.url}/oauth/revoke", **of_client).status_code == 200
    assert site.post(token).status_code == 401


def test_what_changes_something_is_no_tool_unless_it_is_acting(site: Site, tmp_path: Path) -> None:
    (tmp_path / "act.graphql").write_text(
        "mutation write_invoice($input: RecordInvoiceInput!) { recordInvoice(input: $input) { invoice { number } "
        "userErrors { message } } }"
    )
    site.register("clerk", "--purpose", "INVOICING", "--action", "agent", "--action", "invoices:write")
    source = str(tmp_path / "act.graphql")
    site.publish("clerk", source, "--release", "1")
    token = site.token("clerk")
    assert asking(site, token, lambda client: client.list_tools()).tools == []
    unknown = call(site, token, "write_invoice", input={})
    assert unknown.is_error and "no such tool" in text_of(unknown)
    assert "without --acting already" in site.publish("clerk", source, "--release", "1", "--acting", code=3)
    site.run("documents", "retire", "clerk", "--release", "1", "--anyway")
    site.publish("clerk", source, "--release", "1", "--acting")
    listed = until_listed(site, token)
    assert listed.annotations.destructive_hint and "ask the person" in listed.description
    assert listed.input_schema["properties"]["input"] == {"$ref": "#/$defs/RecordInvoiceInput"}
    assert "customerId" in listed.input_schema["$defs"]["RecordInvoiceInput"]["required"]
    found = call(site, site.token("assistant", scope=ERRAND), INVOICES, email=FEATURED)
    invoice = {"customerId": found.structured_content["data"]["customer"]["id"], "number": "A-1"}
    invoice |= {"issuedAt": "2026-11-01T00:00:00Z", "total": "12.00", "currency": "CHF"}
    done = call(site, token, "write_invoice", input=invoice)
    assert done.structured_content == {"data": {"recordInvoice": {"invoice": {"number": "A-1"}, "userErrors": []}}}
    assert (site.entries()[-1]["client"], site.entries()[-1]["agent"]) == ("clerk", True)


def until_listed(site: Site, token: str) -> Any:
    """The one tool, once the registration is read again."""
    for _ in range(100):
        if tools := asking(site, token, lambda client: client.list_tools()).tools:
            return tools[0]
    raise AssertionError("it was never listed")


def test_arguments_are_named_not_repeated(site: Site) -> None:
    token = site.token("assistant", scope=ERRAND)
    wrong = call(site, token, INVOICES, mail=FEATURED)
    assert wrong.is_error and "It takes: email, first" in text_of(wrong) and "mail=" not in text_of(wrong)
    missing = call(site, token, INVOICES)
    assert missing.is_error and "$email" in text_of(missing)
    assert "Correct the arguments" in text_of(missing)


def test_an_agents_budget_is_smaller(site: Site) -> None:
    """200 objects a minute here; the same client's budget at /graphql is not touched by it."""
    site.register("reader", "--purpose", "INVOICING", "--action", "agent")
    document = site.folder / "many.graphql"
    document.write_text("query many($first: Int) { customers(first: $first) { nodes { fullName } } }")
    site.publish("reader", str(document), "--release", "1")
    token = site.token("reader")
    results = [call(site, token, "many", first=100) for _ in range(3)]
    assert [each.is_error for each in results] == [False, False, True]
    assert "The budget is spent" in text_of(results[2]) and "Wait as long as it says" in text_of(results[2])
    query = {"query": "{ customers(first: 100) { nodes { fullName } } }"}
    graphql = site.token("reader", resource=None)
    answer = httpx.post(f"{site.server.url}/graphql", json=query, headers={"authorization": f"Bearer {graphql}"})
    assert "errors" not in answer.json()


def test_only_posts_of_its_own_origin(site: Site) -> None:
    token = site.token("assistant")
    headers = {"authorization": f"Bearer {token}"}
    for method in ("GET", "DELETE", "PUT"):
        refused = httpx.request(method, site.mcp, headers=headers)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert site.post(token, origin="https://evil.example").status_code == 403
    assert site.post(None, origin="https://evil.example").status_code == 403
    assert site.post(token, origin=site.server.url).status_code == 200
    assert site.post(token, host="evil.example").status_code == 421
    answer = site.post(token)
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"] == "application/json"
    text = httpx.post(site.mcp, content=b"{}", headers=headers | {"content-type": "text/plain"})
    assert text.status_code == 415
    long = httpx.post(site.mcp, content=b"{" * 300_000, headers=headers | {"content-type": "application/json"})
    assert long.status_code == 413


def test_who_asks_is_named_at_a_call(site: Site) -> None:
    """A client that names the member of staff who asks does so here, too; listing its tools needs none."""
    key, file = ECKey.generate_key("P-256"), site.folder / "desk.jwks"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    site.register("desk", "--purpose", "INVOICING", "--action", "agent", "--public-key", str(file))
    site.publish("desk", str(Path(__file__).parent / "errands" / "invoices.graphql"), "--release", "1")
    site.run("clients", "update", "desk", "--acting-person", "required")
    now = int(time.time())
    claims = {"iss": "desk", "sub": "desk", "aud": site.server.url, "jti": "one", "iat": now, "exp": now + 60}
    signed = jwt.encode({"alg": "ES256"}, claims, key, algorithms=["ES256"])
    form = {"grant_type": "client_credentials", "resource": site.mcp, "client_assertion": signed}
    form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    token = httpx.post(f"{site.server.url}/oauth/token", data=form).json()["access_token"]
    assert [each.name for each in asking(site, token, lambda client: client.list_tools()).tools] == [INVOICES]
    refused = call(site, token, INVOICES, email=FEATURED)
    assert refused.is_error and "Acting-Person" in text_of(refused)


def test_the_start_needs_nothing_of_the_extra() -> None:
    """The library and what comes with it are imported at the first request."""
    program = """
import sys
import gateway.cli, gateway.commands.serving, gateway.agents.endpoint
extra = {"mcp", "mcp_types", "pydantic", "httpx2", "sse_starlette", "jwt"} & set(sys.modules)
assert not extra, extra
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
