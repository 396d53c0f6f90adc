"""What is asked: the same fields of the gateway and of the hand-written endpoint, as requests ready to be sent."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import orjson

from benchmarks import outside
from benchmarks.clients import AREA, BILLING, PURPOSES
from benchmarks.duties import bearer
from benchmarks.people import customer_id, person
from gateway.tokens.tokens import Tokens

HOURS = 6 * 3600
"""Life of the tokens: longer than any run."""
REQUESTS = 2_000
"""Different requests of one workload; they are sent over and over in the same order."""
STAFF = 256
"""Different tokens of tools."""
TURNS = 4
"""Different values that are written to each customer in turn: what is there already would be no change."""

ADDRESS = "postalAddress { street city postalCode country }"
SERVICES = "services { nodes { id kind name state startedAt } }"
PAYMENTS = "paymentMethods { id kind ... on Card { brand last4 expMonth expYear } ... on BankTransfer { bankName } }"
PAGE_INFO = "pageInfo { hasNextPage endCursor }"


def _one(name: str, fields: str) -> str:
    return f"query {name}($id: ID!) {{ customer(by: {{id: $id}}) {{ {fields} }} }}"


def _page(name: str, first: int, fields: str) -> str:
    edges = f"edges {{ node {{ {fields} }} }}"
    return f"query {name}($after: String) {{ customers(first: {first}, after: $after) {{ {edges} {PAGE_INFO} }} }}"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of question."""

    name: str
    title: str
    client: str
    page: int
    document: str
    endpoint: str
    refused: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.endpoint == "W4"


_W1 = f"id customerNumber fullName email phone locale productNews createdAt {ADDRESS} {SERVICES} {PAYMENTS}"
_W4 = "mutation W4($phone: PhoneNumber!) { updateProfile(input: {phone: $phone}) { customer { id fullName phone } } }"
_T1 = f"id customerNumber fullName email locale createdAt {ADDRESS} {SERVICES}"

WORKLOADS = {
    each.name: each
    for each in (
        Workload(
            "W1", "point read by id: 8 scalars, address, services, payment methods", AREA, 0, _one("W1", _W1), "W1",
        ),
        Workload(
            "W2", "page of 50: 4 scalars and the id, address, services", BILLING, 50,
            _page("W2", 50, f"id customerNumber fullName email locale {ADDRESS} {SERVICES}"), "W2",
        ),
        Workload(
            "W3", "page of 500: 6 scalars", BILLING, 500,
            _page("W3", 500, "id customerNumber fullName email locale createdAt"), "W3",
        ),
        Workload("W4", "durable update returning 3 fields", AREA, 0, _W4, "W4"),
        Workload(
            "W5", "a query with one field that the token may not read", BILLING, 0,
            _one("W5", f"phone {_T1}"), "W1", refused=True,
        ),
        Workload("T1", "point read by id of any customer by a tool", BILLING, 0, _one("T1", _T1), "T1"),
    )
}  # fmt: skip


def numbers(workload: Workload, size: int, count: int = REQUESTS) -> list[int]:
    """Which customers are asked for, or after which one a page begins; the same for every contestant."""
    random = Random(workload.name)  # noqa: S311  (nothing here is secret)
    if workload.writes:  # The same customers again and again, each time with another value.
        some = random.sample(range(1, size + 1), max(1, count // TURNS))
        return [some[place % len(some)] for place in range(count)]
    return [random.randint(1, max(1, size - workload.page)) for _ in range(count)]


class Asker:
    """Writes the requests of workloads for stores of one size, with tokens of that size's keys."""

    def __init__(self, tokens: Tokens | None, size: int) -> None:
        self._tokens = tokens
        self._size = size

    async def of_gateway(self, workload: Workload, count: int = REQUESTS) -> list[bytes]:
        """The requests to the gateway: a customer's own token for each customer, or one of a tool's many."""
        asked = numbers(workload, self._size, count)
        own = workload.client == AREA
        client = workload.client
        ids = [customer_id(number) for number in asked]
        bearers: Sequence[str]
        if own:
            known = {id_: await self._token(client, id_) for id_ in sorted(set(ids))}
            bearers = [known[id_] for id_ in ids]
        else:
            staff = [await self._token(client, None) for _ in range(STAFF)]
            bearers = [staff[place % STAFF] for place in range(len(ids))]
        turns = turns_of(asked)
        return [
            posted("/graphql", body(workload, number, turn), bearer)
            for number, turn, bearer in zip(asked, turns, bearers, strict=True)
        ]

    def of_endpoint(self, workload: Workload, count: int = REQUESTS) -> list[bytes]:
        """The same questions to the hand-written endpoint."""
        asked = numbers(workload, self._size, count)
        if workload.writes:
            path = f"/{workload.endpoint}"
            return [
                posted(f"{path}/{customer_id(number)}", orjson.dumps(written(number, turn)))
                for number, turn in zip(asked, turns_of(asked), strict=True)
            ]
        return [got(f"/{workload.endpoint}/{customer_id(each)}") for each in asked]

    def of_dutiful(self, workload: Workload, count: int = REQUESTS) -> list[bytes]:
        """The same questions to the hand-written endpoint with duties."""
        asked = numbers(workload, self._size, count)
        bearers = self._bearers(workload, asked)
        paths = [f"/{workload.endpoint}/{customer_id(number)}" for number in asked]
        if not workload.writes:
            return [got(path, token) for path, token in zip(paths, bearers, strict=True)]
        bodies = [orjson.dumps(written(*each)) for each in zip(asked, turns_of(asked), strict=True)]
        return [posted(*each) for each in zip(paths, bodies, bearers, strict=True)]

    def of_node(self, workload: Workload, count: int = REQUESTS) -> list[bytes]:
        """The same questions to the GraphQL server with duties, which has ids and cursors of its own."""
        asked = numbers(workload, self._size, count)
        bodies = []
        for number, turn in zip(asked, turns_of(asked), strict=True):
            id_ = str(customer_id(number))
            variables = {"after": b64encode(id_.encode()).decode()} if workload.page else {"id": id_}
            if workload.writes:
                variables = written(number, turn)
            bodies.append(orjson.dumps({"variables": variables, "query": workload.document}))
        bearers = self._bearers(workload, asked)
        return [posted("/graphql", *each) for each in zip(bodies, bearers, strict=True)]

    def _bearers(self, workload: Workload, asked: Sequence[int]) -> list[str]:
        """As many different tokens as the gateway gets: of each customer, or of a tool's staff."""
        purpose = PURPOSES[workload.client].name
        names = [
            str(customer_id(each)) if workload.client == AREA else f"staff-{at % STAFF}"
            for at, each in enumerate(asked)
        ]
        known = {name: bearer(name, purpose) for name in set(names)}
        return [known[name] for name in names]

    async def _token(self, client: str, subject: int | None) -> str:
        assert self._tokens is not None
        return await self._tokens.mint(client, [PURPOSES[client].scope], HOURS, subject)


def turns_of(asked: Sequence[int]) -> list[int]:
    """How often each customer was asked for before."""
    seen: Counter[int] = Counter()
    turns = []
    for number in asked:
        turns.append(seen[number])
        seen[number] += 1
    return turns


def written(number: int, turn: int = 0) -> dict[str, Any]:
    """What an update writes: another phone number each time, the same to every contestant."""
    phone = person(number).phone
    return {"phone": f"{phone[:-1]}{(int(phone[-1]) + 1 + turn % TURNS) % 10}"}


def body(workload: Workload, number: int, turn: int = 0) -> bytes:
    """The body of a question about a customer to the gateway."""
    id_ = customer_id(number)
    variables = {"after": outside.after(id_)} if workload.page else {"id": outside.customer(id_)}
    if workload.writes:
        variables = written(number, turn)
    return orjson.dumps({"variables": variables, "query": workload.document})


def posted(path: str, content: bytes, bearer: str = "") -> bytes:
    """A POST as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Authorization: Bearer {bearer}\r\n" if bearer else ""
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def got(path: str, token: str = "") -> bytes:
    """A GET as it goes over the wire."""
    proof = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{proof}\r\n".encode()


def write(path: Path, requests: Sequence[bytes]) -> Path:
    """Requests in a file, each behind its length; returns the path."""
    with path.open("wb") as file:
        for request in requests:
            file.write(b"%d\n" % len(request))
            file.write(request)
    return path


def read(path: Path) -> Iterator[bytes]:
    """The requests of such a file."""
    with path.open("rb") as file:
        while line := file.readline():
            yield file.read(int(line))
