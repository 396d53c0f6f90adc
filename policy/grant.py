"""The permissions of a verified token: the value that authentication passes down to every other layer."""

from dataclasses import dataclass, field
from enum import unique
from hashlib import blake2b

from policy.purposes import Purpose
from policy.rows import Row


@unique
class Refusal(Row):
    """The answer to a client that asks for more than it may have, by its registration."""

    REFUSE = ("The whole operation is refused.",)
    WITHHOLD = ("Refused fields are null and listed; the rest is answered.",)
    WITHHOLD_ERRORS = ("Refused fields are null and listed, with an error at each place; the rest is answered.",)

    @property
    def withholds(self) -> bool:
        """True if the rest is answered."""
        return self is not Refusal.REFUSE


@unique
class Over(Row):
    """The reaction when a client reads more customers in an hour than it is registered for."""

    ALARM = ("It is told to the operator, and answered.",)
    STOP = ("It is told to the operator, and nothing about a further customer is answered.",)


@dataclass(frozen=True, slots=True)
class Partner:
    """A company that works for us under an undertaking of confidentiality, and the fields that it may get (R7)."""

    name: str
    country: str
    fields: frozenset[str]
    """Coordinates of the schema."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The client, its subject, purposes and limits; made once per token and cached until the token expires.

    Raises ValueError when it would let a purpose that is for one's own data read anybody's, or allows no row.
    """

    token_id: str = field(repr=False)
    client_id: str
    subject: int | None = field(repr=False)
    """The only customer this token may read, or None for a token of a tool."""
    purposes: frozenset[Purpose]
    scopes: frozenset[str]
    """Actions such as `audit:read`; purposes are not repeated here."""
    expires_at: int
    """Unix seconds."""
    refusal: Refusal
    documents_only: bool
    introspection: bool
    max_page: int
    """The most rows one connection may return."""
    session_id: int | None = field(default=None, repr=False)
    """The session the customer signed in with; None for a tool, or when the issuer says nothing of it."""
    authenticated_at: int | None = field(default=None, repr=False)
    """The time of the customer's last authentication in Unix seconds; None: unknown, which counts as too long ago."""
    customers_per_hour: int | None = None
    """The number of different customers that its client may read in an hour; None: no limit."""
    over: Over = Over.ALARM
    partner: Partner | None = None
    """The processor whose client this is; None for one of our own clients."""
    observed: bool = False
    """True: ad hoc documents of its client are counted, before only registered ones are accepted."""
    summed: bool = False
    """True for anonymous clients (RDAP): their reads are recorded in sums, not one by one."""
    third_party: bool = False
    """True for a third-party app that a customer has authorised: everything for first parties is refused (O10)."""
    origins: frozenset[str] = frozenset()
    """The origins of pages whose scripts may read what the client gets (CORS)."""
    names_person: bool = False
    """True: each request names the member of staff who asks."""
    agent: bool = False
    """True at /mcp: a language model asks. Its entries in the ledger say so, and its budget is another one."""
    fingerprint: str = field(init=False, compare=False, repr=False)
    """Equal for two grants exactly when every decision is; the key of the plan caches.

    It states whether there is a subject, not which: plans are shared between customers. Computed here, once,
    so that a request only looks it up (a str caches its hash).
    """

    def __post_init__(self) -> None:
        # Without a subject a filter "own data" would have nothing to compare with.
        if self.subject is None and any(purpose.own_data_only for purpose in self.purposes):
            raise ValueError("a purpose for one's own data needs a token with a subject")
        if self.max_page < 1:
            raise ValueError("max_page must be at least 1")
        # A frozen dataclass has no other way to set a computed field.
        object.__setattr__(self, "fingerprint", self._fingerprint())

    def __hash__(self) -> int:
        """Hash the token's id alone: it is unique, and its hash is kept by the str."""
        return hash(self.token_id)

    def _fingerprint(self) -> str:
        """Digest what decisions depend on; lists are sorted and repr-quoted, so no two inputs read alike."""
        # Rate limits and recording are left out: they are applied to each request, and are part of no plan.
        facts = (
            sorted(purpose.name for purpose in self.purposes),
            sorted(self.scopes),
            self.subject is not None,
            self.refusal.name,
            self.documents_only,
            self.introspection,
            self.max_page,
            sorted(self.partner.fields) if self.partner else None,
            self.third_party,
        )
        return blake2b(repr(facts).encode(), digest_size=16).hexdigest()


def internal_grant(
    client: str,
    expires_at: int,
    *purposes: Purpose,
    subject: int | None = None,
    scopes: frozenset[str] = frozenset(),
    refusal: Refusal = Refusal.REFUSE,
    token_id: str | None = None,
    summed: bool = False,
) -> Grant:
    """Return the grant of something of the gateway's own that asks without a token, such as RDAP or an import.

    It is decided about like any other: `client` stands in the ledger and in records of changes, `expires_at` are Unix
    seconds, and a connection has one row.
    """
    return Grant(
        token_id=token_id or client,
        client_id=client,
        subject=subject,
        purposes=frozenset(purposes),
        scopes=scopes,
        expires_at=expires_at,
        refusal=refusal,
        documents_only=False,
        introspection=False,
        max_page=1,
        summed=summed,
    )
