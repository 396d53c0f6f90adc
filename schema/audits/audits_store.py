"""Reports on the store: clients, consents, erasures, acts, refusals, checkpoints. They count and name no customer."""

from __future__ import annotations

from schema.audits.audits_schema import AuditFinding
from schema.audits.reported import report_field
from schema.core.enums import ActState, ConsentKind, ConsentState, ErasureState
from schema.core.scalars import BigInt, Date, DateTime, LanguageTag
from schema.declare.directives import RefusalModeEnum
from schema.declare.records import plain_type


@plain_type
class AuditClientDocument:
    """A registered document."""

    hash: str = report_field("SHA-256 of its text.")
    purpose: str | None = report_field("The purpose it is registered for; null if the operation states it.")


@plain_type
class AuditClientReach:
    """One field that a client can read for one purpose."""

    purpose: str = report_field("The purpose.")
    coordinate: str = report_field("The field.")
    conditions: list[str] = report_field("Conditions that must all hold.")
    own_data_only: bool = report_field("Whether it reaches the signed-in customer's own data only.")
    via: list[str] = report_field("The documents that select it, by hash, or `ad hoc`.")


@plain_type
class AuditClient:
    """A registered client and its reach."""

    id: str = report_field("Its client id.")
    name: str = report_field("Its name.")
    purposes: list[str] = report_field("The purposes it may have.")
    scopes: list[str] = report_field("The OAuth scopes for actions.")
    refusal: RefusalModeEnum = report_field("The answer to a request for more than it may have.")
    documents_only: bool = report_field("Whether it may send registered documents only.")
    introspection: bool = report_field("Whether it may use introspection.")
    max_page: int = report_field("The maximum page size.")
    disabled: bool = report_field("Whether it is disabled.")
    documents: list[AuditClientDocument] = report_field("Its registered documents.")
    reach: list[AuditClientReach] = report_field("The fields that it can read.")


@plain_type
class AuditClients:
    """Clients and the fields they can read, by purpose and document: `gateway audit clients`."""

    clients: list[AuditClient] = report_field("By id.")
    findings: list[AuditFinding] = report_field("Registrations that no longer fit the schema.")


@plain_type
class AuditErasureState:
    """The number of erasures in one state."""

    state: ErasureState = report_field("The state that the cases are in.")
    cases: int = report_field("The number of cases.")


@plain_type
class AuditErasureDay:
    """The erasures due on one day."""

    day: Date = report_field("The day, in UTC.")
    cases: int = report_field("The number of cases.")
    overdue: int = report_field("Those whose deadline has passed.")


@plain_type
class AuditErasures:
    """Erasures by state and deadline, counted: `gateway audit erasures`."""

    overdue: int = report_field("Open cases whose deadline has passed.")
    late: int = report_field("Cases done after their deadline.")
    due_within_a_week: int = report_field("Due within seven days.")
    states: list[AuditErasureState] = report_field("Cases by state.")
    due: list[AuditErasureDay] = report_field("The days on which open cases are due, the earliest first.")


@plain_type
class AuditConsentStanding:
    """The present state of one kind of consent."""

    kind: ConsentKind = report_field("The kind of consent.")
    given: int = report_field("The customers whose newest event is a consent.")
    withdrawn: int = report_field("The customers whose newest event is a withdrawal.")


@plain_type
class AuditConsentEvents:
    """The number of consents to, or withdrawals of, one wording."""

    kind: ConsentKind = report_field("The kind of consent.")
    state: ConsentState = report_field("Whether it was given or withdrawn.")
    wording_version: str = report_field("The version of the wording.")
    language: LanguageTag = report_field("Its language.")
    source: str = report_field("The place where it was given or withdrawn.")
    events: int = report_field("The number of events.")


@plain_type
class AuditConsentWording:
    """A version of a wording with the hashes of the texts shown."""

    kind: ConsentKind = report_field("The kind of consent.")
    version: str = report_field("The version.")
    language: LanguageTag = report_field("The language.")
    sha256: list[str] = report_field("SHA-256 of each text shown: there must be one.")


@plain_type
class AuditCookieCounts:
    """Cookie choices about measurement, counted."""

    yes: int = report_field("Allowed.")
    no: int = report_field("Refused.")
    global_privacy_control: int = report_field("Choices sent with Global Privacy Control, of all.")


@plain_type
class AuditConsents:
    """Consents, counted: `gateway audit consents`."""

    standing: list[AuditConsentStanding] = report_field("The present state.")
    events: list[AuditConsentEvents] = report_field("Every event, counted.")
    wordings: list[AuditConsentWording] = report_field("The wordings that were shown.")
    cookies: AuditCookieCounts = report_field("Choices about cookies.")
    findings: list[AuditFinding] = report_field("Versions that stand for several texts.")


@plain_type
class AuditAct:
    """An act of an operator: `gateway audit acts`. The ledger has an entry before it and one after it."""

    id: str = report_field("The id that the entries of one act share.")
    at: DateTime = report_field("The time.")
    act: str = report_field("The command, such as `clients create`.")
    state: ActState = report_field("How far it came.")
    operator: str = report_field("The pseudonym of the operating system user.")
    staff: str | None = report_field("The staff code that was given.")
    target: str | None = report_field("The object of the act, once done.")
    details: list[str] = report_field("The parameters of the act, once done.")


@plain_type
class AuditRefusal:
    """Refusals of one client: `gateway audit refusals`."""

    client: str = report_field("The client.")
    purpose: str | None = report_field("The purpose asked; null if none was stated.")
    coordinate: str | None = report_field("The field; null for the whole operation, `*` for the sum of the rest.")
    reason: str = report_field("The reason.")
    operations: int = report_field("The number of operations.")
    days: int = report_field("The number of days.")
    last_at: DateTime = report_field("The time of the last one.")


@plain_type
class AuditCheckpoint:
    """A signed checkpoint of the ledger."""

    size: BigInt = report_field("The number of entries in the tree.")
    root: str = report_field("The root hash of the Merkle tree (RFC 9162), in base64.")
    signed_at: DateTime = report_field("The time of signing.")
    note: str = report_field("The signed note (C2SP tlog-checkpoint), verified with the ledger's public key.")
