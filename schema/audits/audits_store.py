"""Reports on the store: clients, consents, erasures, acts, refusals, checkpoints. They count and name no customer."""

from __future__ import annotations

from schema.audits.audits_schema import AuditFinding
from schema.audits.reported import report_field
from schema.core.enums import ActState, ConsentKind, ConsentState, ErasureState
from schema.core.scalars import BigInt, Date, DateTime, LanguageTag
from schema.declare.directives import PurposeEnum, RefusalModeEnum
from schema.declare.records import plain_type


@plain_type
class AuditClientDocument:
    """A registered document."""

    hash: str = report_field("The SHA-256 of the document's text, in hexadecimal.")
    purpose: str | None = report_field("The purpose it is registered for; null if the operation states it.")


@plain_type
class AuditClientReach:
    """One field that a client can read for one purpose."""

    purpose: PurposeEnum = report_field("The purpose for which it can read the field.")
    coordinate: str = report_field("The field by its schema coordinate, such as `Customer.email`.")
    conditions: list[str] = report_field("The conditions on the customer's row that must all hold.")
    own_data_only: bool = report_field("Whether it reaches the signed-in customer's own data only.")
    via: list[str] = report_field("The documents that select it, by hash, or `ad hoc`.")


@plain_type
class AuditClient:
    """A registered client and its reach."""

    id: str = report_field("The client id, by which tokens are issued to it.")
    name: str = report_field("The name under which it is registered, for people.")
    purposes: list[str] = report_field("The purposes that its tokens may have.")
    scopes: list[str] = report_field("The OAuth scopes that its tokens may have, such as `audit:read`.")
    refusal: RefusalModeEnum = report_field("The answer to a request for more than it may have.")
    documents_only: bool = report_field("Whether it may send registered documents only.")
    introspection: bool = report_field("Whether it may use introspection.")
    max_page: int = report_field("The largest page that it may ask of a connection.")
    disabled: bool = report_field("Whether it is switched off, and gets no tokens.")
    documents: list[AuditClientDocument] = report_field("The documents that are registered for it.")
    reach: list[AuditClientReach] = report_field(
        "The fields that it can read, each with the purpose and the documents that lead to it."
    )


@plain_type
class AuditClients:
    """Clients and the fields they can read, by purpose and document: `gateway audit clients`."""

    clients: list[AuditClient] = report_field("The registered clients, ordered by id.")
    findings: list[AuditFinding] = report_field("Registrations that no longer fit the schema.")


@plain_type
class AuditErasureState:
    """The number of erasures in one state."""

    state: ErasureState = report_field("The state that the cases are in.")
    cases: int = report_field("How many erasures are in that state.")


@plain_type
class AuditErasureDay:
    """The erasures due on one day."""

    day: Date = report_field("The day of the deadline, in UTC.")
    cases: int = report_field("How many erasures are due on that day.")
    overdue: int = report_field("Those whose deadline has passed.")


@plain_type
class AuditErasures:
    """Erasures by state and deadline, counted: `gateway audit erasures`."""

    overdue: int = report_field("How many open erasures have a deadline that has passed.")
    late: int = report_field("Cases done after their deadline.")
    due_within_a_week: int = report_field("How many open erasures have a deadline in the next seven days.")
    states: list[AuditErasureState] = report_field("How many erasures are in each state.")
    due: list[AuditErasureDay] = report_field("The days on which open cases are due, the earliest first.")


@plain_type
class AuditConsentStanding:
    """The present state of one kind of consent."""

    kind: ConsentKind = report_field("The subject of the consents that stand.")
    given: int = report_field("The customers whose newest event is a consent.")
    withdrawn: int = report_field("The customers whose newest event is a withdrawal.")


@plain_type
class AuditConsentEvents:
    """The number of consents to, or withdrawals of, one wording."""

    kind: ConsentKind = report_field("The subject of the consents that were counted.")
    state: ConsentState = report_field("Whether it was given or withdrawn.")
    wording_version: str = report_field("The version of the wording that was shown, such as `2026-01`.")
    language: LanguageTag = report_field("The language in which the wording was shown.")
    source: str = report_field("The place where it was given or withdrawn.")
    events: int = report_field("How many such events there are.")


@plain_type
class AuditConsentWording:
    """A version of a wording with the hashes of the texts shown."""

    kind: ConsentKind = report_field("The subject of the wording.")
    version: str = report_field("The version of the wording, such as `2026-01`.")
    language: LanguageTag = report_field("The language of the text that was shown.")
    sha256: list[str] = report_field("SHA-256 of each text shown: there must be one.")


@plain_type
class AuditCookieCounts:
    """Cookie choices about measurement, counted."""

    yes: int = report_field("How many customers allow measurement today.")
    no: int = report_field("How many customers refuse measurement today.")
    global_privacy_control: int = report_field("Choices sent with Global Privacy Control, of all.")


@plain_type
class AuditConsents:
    """Consents, counted: `gateway audit consents`."""

    standing: list[AuditConsentStanding] = report_field("For each subject, how many customers consent today.")
    events: list[AuditConsentEvents] = report_field("Every event, counted by subject, state, wording and place.")
    wordings: list[AuditConsentWording] = report_field("The wordings that were shown, with the hashes of their texts.")
    cookies: AuditCookieCounts = report_field("The choices about cookies, counted.")
    findings: list[AuditFinding] = report_field("Versions that stand for several texts.")


@plain_type
class AuditAct:
    """An act of an operator: `gateway audit acts`. The ledger has an entry before it and one after it."""

    id: str = report_field("The id that the entries of one act share.")
    at: DateTime = report_field("The time at which the entry was written.")
    act: str = report_field("The command, such as `clients create`.")
    state: ActState = report_field("How far the act came by this entry.")
    operator: str = report_field("The pseudonym of the operating system user.")
    staff: str | None = report_field("The staff code that the operator gave; null without one.")
    target: str | None = report_field("What the act was about, such as a client's id; null until it is done.")
    details: list[str] = report_field("The parameters of the act, once done.")


@plain_type
class AuditRefusal:
    """Refusals of one client: `gateway audit refusals`."""

    client: str = report_field("The client that was refused, by its client id.")
    purpose: str | None = report_field("The purpose asked; null if none was stated.")
    coordinate: str | None = report_field("The field; null for the whole operation, `*` for the sum of the rest.")
    reason: str = report_field("Why it was refused, by the name of the reason.")
    operations: int = report_field("How many operations were refused so.")
    days: int = report_field("On how many days that was.")
    last_at: DateTime = report_field("The time of the last such refusal.")


@plain_type
class AuditCheckpoint:
    """A signed checkpoint of the ledger."""

    size: BigInt = report_field("The number of entries in the tree.")
    root: str = report_field("The root hash of the Merkle tree (RFC 9162), in base64.")
    signed_at: DateTime = report_field("The time at which the root was signed.")
    note: str = report_field("The signed note (C2SP tlog-checkpoint), verified with the ledger's public key.")
