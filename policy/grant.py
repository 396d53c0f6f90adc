"""What a verified token allows: the one value that the front door hands down."""

from dataclasses import dataclass, field
from enum import unique
from hashlib import blake2b

from policy.purposes import Purpose
from policy.rows import Row


@unique
class Refusal(Row):
    """What a client that asks for too much receives, by its registration."""

    REFUSE = ("The whole operation is refused.",)
    WITHHOLD = ("Refused fields are null and listed; the rest is answered.",)


@unique
class Over(Row):
    """What happens when a client reads more customers in an hour than it is registered for."""

    ALARM = ("It is told to the operator, and answered.",)
    STOP = ("It is told to the operator, and nothing about a further customer is answered.",)


@dataclass(frozen=True, slots=True)
class Partner:
    """A company that works for us under an undertaking of confidentiality, and all that it may get (R7)."""

    name: str
    country: str
    fields: frozenset[str]
    """Coordinates of the schema."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Who asks, for which purposes, within which limits; made once per token and kept until it expires.

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
    """When the customer last proved who they are, in Unix seconds; None: nobody can say, so long ago."""
    customers_per_hour: int | None = None
    """How many different customers its client may read in an hour; None: nobody counts."""
    over: Over = Over.ALARM
    partner: Partner | None = None
    """The company outside whose client this is; None for one of ours."""
    third_party: bool = False
    """Whether a customer let an app of somebody else act for them: then nothing that is for first parties (O10)."""
    fingerprint: str = field(init=False, compare=False, repr=False)
    """The same for two grants exactly when every decision is; a key of plan caches.

    It holds whether there is a subject, not which: plans are shared between customers. Computed here, once,
    so that a request only looks it up (a str keeps its hash).
    """

    def __post_init__(self) -> None:
        if self.subject is None and any(purpose.own_data_only for purpose in self.purposes):
            raise ValueError("a purpose for one's own data needs a token with a subject")
        if self.max_page < 1:
            raise ValueError("max_page must be at least 1")
        object.__setattr__(self, "fingerprint", self._fingerprint())

    def __hash__(self) -> int:
        """Hash the token's id alone: it is unique, and its hash is kept by the str."""
        return hash(self.token_id)

    def _fingerprint(self) -> str:
        """Digest what decisions depend on; lists are sorted and repr-quoted, so no two inputs read alike."""
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
