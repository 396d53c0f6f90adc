"""What the audits count in the store: registrations, consents, erasures, checkpoints; nobody is named."""

from __future__ import annotations

from schema.audits.audits_schema import AuditFinding
from schema.audits.reported import told
from schema.core.scalars import DateTime
from schema.declare.records import plain_type


@plain_type
class AuditClientDocument:
    """A registered document."""

    hash: str = told("SHA-256 of its text.")
    purpose: str | None = told("The purpose it is registered for; null: whichever its operation states.")


@plain_type
class AuditClientReach:
    """One field that a client can read for one purpose."""

    purpose: str = told("For which purpose.")
    coordinate: str = told("The field.")
    conditions: list[str] = told("Only where all of these hold.")
    own_data_only: bool = told("Whether only the signed-in person's own data is within reach.")
    via: list[str] = told("Through which documents, by their hashes; or `ad hoc`.")


@plain_type
class AuditClient:
    """A registered client and its reach."""

    id: str = told("Its client id.")
    name: str = told("Its name.")
    purposes: list[str] = told("The purposes it may have.")
    scopes: list[str] = told("The actions it may take.")
    refusal: str = told("What it gets when it asks for too much: `REFUSE` or `WITHHOLD`.")
    documents_only: bool = told("Whether it may send registered documents only.")
    introspection: bool = told("Whether it may ask for the schema.")
    max_page: int = told("The most rows a page.")
    disabled: bool = told("Whether it was switched off.")
    documents: list[AuditClientDocument] = told("Its registered documents.")
    reach: list[AuditClientReach] = told("What it can read.")


@plain_type
class AuditClients:
    """Who can read what, for what, through which document: `gateway audit clients`."""

    clients: list[AuditClient] = told("By id.")
    findings: list[AuditFinding] = told("Registrations that no longer fit the schema.")


@plain_type
class AuditErasureState:
    """How many erasures are in one state."""

    state: str = told("The state.")
    cases: int = told("How many.")


@plain_type
class AuditErasureDay:
    """What is due on one day."""

    day: str = told("The day, in UTC.")
    cases: int = told("How many.")
    overdue: int = told("Of these, how many deadlines have passed.")


@plain_type
class AuditErasures:
    """What was promised, and whether it was kept: `gateway audit erasures`, counted."""

    overdue: int = told("Deadlines that have passed without it.")
    late: int = told("Done after the deadline.")
    due_within_a_week: int = told("Due within seven days.")
    states: list[AuditErasureState] = told("Cases by state.")
    due: list[AuditErasureDay] = told("The days on which open cases are due, the earliest first.")


@plain_type
class AuditConsentStanding:
    """What stands today of one kind of consent."""

    kind: str = told("The kind.")
    given: int = told("How many people's newest word is yes.")
    withdrawn: int = told("How many took it back.")


@plain_type
class AuditConsentEvents:
    """How often one wording was agreed to or taken back."""

    kind: str = told("The kind of consent.")
    state: str = told("Given or withdrawn.")
    wording_version: str = told("The version of the wording.")
    language: str = told("Its language.")
    source: str = told("Where.")
    events: int = told("How often.")


@plain_type
class AuditConsentWording:
    """A wording, and what was shown under its version."""

    kind: str = told("The kind of consent.")
    version: str = told("The version.")
    language: str = told("The language.")
    sha256: list[str] = told("SHA-256 of each text shown: there must be one.")


@plain_type
class AuditCookieCounts:
    """Choices about measurement."""

    yes: int = told("Allowed.")
    no: int = told("Refused.")
    global_privacy_control: int = told("Of all, those that came with Global Privacy Control.")


@plain_type
class AuditConsents:
    """What people agreed to, counted: `gateway audit consents`."""

    standing: list[AuditConsentStanding] = told("What stands today.")
    events: list[AuditConsentEvents] = told("Every event, counted.")
    wordings: list[AuditConsentWording] = told("What was shown.")
    cookies: AuditCookieCounts = told("Choices about cookies.")
    findings: list[AuditFinding] = told("Versions that stand for several texts.")


@plain_type
class AuditAct:
    """What an operator did: `gateway audit acts`. An act has an entry before it and one after it."""

    id: str = told("What the entries of one act share.")
    at: DateTime = told("When.")
    act: str = told("The command, such as `clients create`.")
    state: str = told("What became of it: `BEGUN`, `DONE` or `FAILED`.")
    operator: str = told("Who was signed in to the operating system, by a pseudonym.")
    staff: str | None = told("The code of the staff that they gave.")
    target: str | None = told("What it was done to; once it is done.")
    details: list[str] = told("With which words and numbers; once it is done.")


@plain_type
class AuditRefusal:
    """What one client was refused: `gateway audit refusals`."""

    client: str = told("The client.")
    purpose: str | None = told("The purpose that it asked for; null where none was stated.")
    coordinate: str | None = told("The field; null for the whole operation, `*` for those that had no room.")
    reason: str = told("Why.")
    operations: int = told("How often.")
    days: int = told("On how many days.")
    last_at: DateTime = told("When it was counted last.")


@plain_type
class AuditCheckpoint:
    """A signed checkpoint of the ledger."""

    size: str = told("How many entries it covers.")
    root: str = told("The root of the tree over them (RFC 9162), in base64.")
    signed_at: DateTime = told("When it was signed.")
    note: str = told("What was signed (C2SP tlog-checkpoint): verify it with the ledger's public key.")
