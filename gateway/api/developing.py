"""The page for developers: addresses, code to begin with, and the codes of errors."""

from __future__ import annotations

from typing import Final

from starlette.responses import HTMLResponse, Response

from gateway.config.settings import Settings
from gateway.http.pages import NO_STORE
from gateway.http.templates import page
from schema.core.errors import ErrorCode

PLACES: Final = (
    ("/graphql", "The API: POST by GraphQL over HTTP, with an access token."),
    ("/schema.graphql", "The schema (SDL) with the purposes of each field, for code generators: ask with a token."),
    ("/graphql/purposes", "The purposes, category and retention of each field, as JSON: ask with a token."),
    ("/graphql/dry-run", "Tells what would be refused, without reading anything."),
    ("/.well-known/openid-configuration", "Metadata of the authorization server (OpenID Connect Discovery, RFC 8414)."),
    ("/.well-known/oauth-protected-resource", "Metadata of the API as a protected resource (RFC 9728)."),
    ("/oauth/authorize", "Where a customer allows an app something: code flow with PKCE (RFC 7636)."),
    ("/oauth/par", "Pushed authorization requests (RFC 9126)."),
    ("/oauth/token", "Access tokens: for a code, a refresh token, or a program of its own (client credentials)."),
    ("/oauth/revoke", "Revocation (RFC 7009)."),
    ("/oauth/introspect", "Introspection (RFC 7662)."),
    ("/oauth/userinfo", "Claims of the customer who signed in (OpenID Connect Core)."),
    ("/.well-known/jwks.json", "The public keys that access tokens are verified with."),
    ("/readyz", "Whether the gateway can answer at this moment."),
    ("/healthz", "Whether the process is alive."),
)
"""Addresses, each with what is there."""

EXAMPLES: Final = {
    "curl": """\
curl {address}/graphql \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -H "Accept: application/graphql-response+json" \\
  --data '{"query": "{ grant { client } }"}'
""",
    "Python": """\
import json
import os
import urllib.request

request = urllib.request.Request(
    "{address}/graphql",
    json.dumps({"query": "{ grant { client } }"}).encode(),
    {
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "Content-Type": "application/json",
        "Accept": "application/graphql-response+json",
    },
)
print(urllib.request.urlopen(request).read().decode())
""",
    "JavaScript": """\
const response = await fetch('{address}/graphql', {
  method: 'POST',
  headers: {
    authorization: `Bearer ${process.env.TOKEN}`,
    'content-type': 'application/json',
    accept: 'application/graphql-response+json',
  },
  body: JSON.stringify({ query: '{ grant { client } }' }),
});
console.log(await response.text());
""",
    "Apollo Client": """\
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client/core';

const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri: '{address}/graphql', headers: { authorization: `Bearer ${token}` } }),
});
const { data } = await client.query({ query: gql`{ grant { client } }` });
""",
    "urql": """\
import { Client, fetchExchange } from '@urql/core';

const client = new Client({
  url: '{address}/graphql',
  exchanges: [fetchExchange],
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});
const { data, error } = await client.query('{ grant { client } }', {}).toPromise();
""",
    "Relay": """\
import { Environment, Network, RecordSource, Store } from 'relay-runtime';

const network = Network.create(async ({ text, id }, variables) => {
  const response = await fetch('{address}/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: text, documentId: id, variables }),
  });
  return response.json();
});
export const environment = new Environment({ network, store: new Store(new RecordSource()) });
""",
}
"""Code by the name of a client; `{address}` stands for that of the gateway."""

MEANINGS: Final = {
    ErrorCode.BAD_REQUEST: "The request is none that can be answered.",
    ErrorCode.GRAPHQL_PARSE_FAILED: "The document is no GraphQL.",
    ErrorCode.GRAPHQL_VALIDATION_FAILED: "The document does not fit the schema.",
    ErrorCode.OPERATION_RESOLUTION_FAILURE: "The document has no operation of this name, or several and no name.",
    ErrorCode.BAD_USER_INPUT: "A variable or an argument has a value of another kind than its type.",
    ErrorCode.INVALID_ID: "The id is none of this gateway.",
    ErrorCode.INVALID_CURSOR: "The cursor is none of this connection.",
    ErrorCode.PAGE_TOO_LARGE: "Ask for fewer rows at once: the registration of the client says how many.",
    ErrorCode.AMBIGUOUS: "More than one customer has this value: name the customer by another particular.",
    ErrorCode.LIMIT_EXCEEDED: "The document is over the limit that is named: make it smaller, or ask in parts.",
    ErrorCode.INTROSPECTION_DISABLED: "The client is not registered for introspection: take the schema from the build.",
    ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE: "The field may not be read so; reason and allowed purposes stand beside it.",
    ErrorCode.PURPOSE_REFUSED: "The operation has no purpose that the token allows: state one that it has.",
    ErrorCode.PERSISTED_DOCUMENT_REQUIRED: "The client sends registered documents alone: register this one.",
    ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND: "No document of this hash is registered for the client.",
    ErrorCode.PERSISTED_DOCUMENT_MISMATCH: "The text that was sent has another hash than the one that was named.",
    ErrorCode.MUTATION_NOT_ALLOWED: "Mutations are sent by POST.",
    ErrorCode.STEP_UP_REQUIRED: "The customer must sign in again: send them to /oauth/authorize with max_age.",
    ErrorCode.SECRET_IN_DOCUMENT: "A secret stands in the document: send it in a variable.",
    ErrorCode.PERSONAL_DATA_IN_URL: "What is personal may not stand in an address: send it by POST.",
    ErrorCode.DATA_DAMAGED: "A stored value does not open; its siblings are answered.",
    ErrorCode.LEDGER_ALTERED: "An entry of the ledger is not as it was signed, and is not shown.",
    ErrorCode.THROTTLED: "The budget of the client is spent: ask again after retryAfter seconds.",
    ErrorCode.TOO_MANY_CUSTOMERS: "The client has read as many customers as it may in an hour.",
    ErrorCode.TIMEOUT: "The answer took too long; `made` says whether a mutation was carried out.",
    ErrorCode.UNAVAILABLE: "The store cannot be reached: ask again after retryAfter seconds.",
    ErrorCode.LEDGER_BEHIND: "The ledger was rolled back, and an operator must act first.",
    ErrorCode.INTERNAL: "A defect of the gateway: quote the number that stands beside it.",
}
"""A sentence for each code of the API's errors."""

ERRORS: Final = tuple((each.value, MEANINGS[each]) for each in ErrorCode)
"""The codes in the order of their list, each with its sentence; the page has an anchor for each."""


def developers(settings: Settings) -> Response:
    """The page at `/developers`: where things are, code to begin with, and what the codes of errors mean."""
    text = page(
        "developers.html",
        site=settings.site_name,
        demo=settings.demo,
        graphiql=settings.graphiql,
        places=PLACES,
        examples=[(name, text.replace("{address}", settings.public_url)) for name, text in EXAMPLES.items()],
        errors=ERRORS,
    )
    return HTMLResponse(text, headers=NO_STORE)
