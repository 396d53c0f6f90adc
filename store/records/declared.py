"""The declaration of each table: the owner of its rows, their export, their erasure and their retention, in one line.

The export, the erasure, its certificate, the retention and the audits all use only these declarations, so that the
exported and the erased data are the same (GDPR Art. 15 and 17). The columns declare the rest (`store.sql.metadata`): a
`sealed` column is erased with the customer's key, one without `output` is exported as held, without its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import Final


@unique
class Whose(Enum):
    """The way in which a table's rows belong to a customer."""

    COLUMN = "by `customer_id`, or by the customer's own key"
    PARENT = "by the row of another table that they are about"
    PSEUDONYM = "by a pseudonym that the customer's key gives"
    FINGERPRINT = "by a keyed hash or a word that no row of the customer's leads to"
    NOBODY = "not at all"


@unique
class ExportDetail(Enum):
    """The part of the rows that an export contains."""

    RECORDS = "every row, column by column"
    COUNT = "how many there are"
    HELD = "that such are held"
    NOTHING = "nothing, since they are about nobody"


@unique
class Fate(Enum):
    """The effect of an erasure on the rows."""

    ROWS = "removes them"
    DETACHED = "leaves them, without the customer"
    KEPT = "leaves them, with a reason that the certificate gives"
    BOUNDED = "leaves them to end by themselves within a period that the certificate names"
    NOTHING = "nothing, since they are about nobody"


@unique
class Way(Enum):
    """The mechanism that normally deletes the rows of a table."""

    SWEEPER = "the sweeper, once the period of their rule has passed"
    ERASURE = "the erasure of the customer"
    WITHDRAWAL = "the withdrawal of the consent, at once"
    HOUSEKEEPING = "the housekeeping of signing in and of tokens, once they are over"
    COUNTING = "the counting of reads itself, after a day"
    LEDGER = "the pruning of the ledger, which the sweeper begins"
    OPERATOR = "the operator"
    NEVER = "nothing: they hold no personal data"
    KEPT = "nothing: they say what held, and name no customer"


@dataclass(frozen=True, slots=True)
class TableDeclaration:
    """The declaration of one table."""

    whose: Whose
    export: ExportDetail
    fate: Fate
    way: Way
    because: str = ""
    """The reason why an erasure keeps the rows, or why they are about no customer."""
    within: str | None = None
    """The period (ISO 8601) after which the remaining rows expire; None: the table's retention rule applies."""
    parent: str | None = None
    """The foreign key column to the row of the other table, for `Whose.PARENT`."""


def rows(way: Way = Way.ERASURE, export: ExportDetail = ExportDetail.RECORDS) -> TableDeclaration:
    """Declare rows of customers that are exported and erased, the usual case."""
    return TableDeclaration(Whose.COLUMN, export, Fate.ROWS, way)


def kept(because: str, parent: str | None = None, way: Way = Way.NEVER, fate: Fate = Fate.KEPT) -> TableDeclaration:
    """Declare rows about a customer that outlive the erasure; `parent` is the column to the row with the customer."""
    whose = Whose.COLUMN if parent is None else Whose.PARENT
    return TableDeclaration(whose, ExportDetail.RECORDS, fate, way, because, parent=parent)


def marks(within: str, because: str, way: Way = Way.HOUSEKEEPING) -> TableDeclaration:
    """Declare keyed hashes that come from customers, cannot be found by customer, and expire by themselves."""
    return TableDeclaration(Whose.FINGERPRINT, ExportDetail.HELD, Fate.BOUNDED, way, because, within)


def nobodys(way: Way, because: str = "They are about no customer.") -> TableDeclaration:
    """Declare rows that are about no customer."""
    return TableDeclaration(Whose.NOBODY, ExportDetail.NOTHING, Fate.NOTHING, way, because)


DETACHED: Final = ("customer_id", "embargoed_until")
"""The columns that are cleared in a detached row: the owner, and the embargo, since there is nobody left to inform."""

COUNTED: Final = ExportDetail.COUNT
PROOF: Final = "The proof that the erasure was done and who was told of it; it names nobody."
REGISTER: Final = "A register of the operator's: it is about programs, companies and staff."

INDEX_OF_SUBJECTS: Final = TableDeclaration(
    Whose.PSEUDONYM, ExportDetail.RECORDS, Fate.KEPT, Way.LEDGER,
    "Which entries are about a pseudonym that nobody can lead to a person once the key is destroyed.",
)  # fmt: skip

DECLARED: Final[dict[str, TableDeclaration]] = {
    "affiliates": nobodys(Way.OPERATOR, REGISTER),
    "alarm_links": rows(Way.HOUSEKEEPING, COUNTED),
    "card_vault": rows(Way.WITHDRAWAL),
    "client_reach": nobodys(Way.COUNTING, "Sketches of how many customers a program reads; they name nobody."),
    "client_grants": nobodys(Way.OPERATOR, REGISTER),
    "clients": nobodys(Way.OPERATOR, REGISTER),
    "command_keys": marks("P2D", "Keyed marks of requests, so that one that comes twice is done once.", Way.SWEEPER),
    "consents": rows(),
    "cookie_choices": rows(Way.SWEEPER),
    "credentials": rows(),
    "customer_changes": rows(Way.SWEEPER),
    "customers": rows(),
    "disclosures": rows(),
    "document_releases": nobodys(Way.OPERATOR, REGISTER),
    "emergency_grants": nobodys(Way.OPERATOR, REGISTER),
    "documents": nobodys(Way.OPERATOR, REGISTER),
    "domains": rows(),
    "email_links": rows(Way.HOUSEKEEPING, COUNTED),
    "erasure_count": nobodys(Way.NEVER),
    "erasure_letters": kept(PROOF, parent="erasure_id"),
    "erasure_recipients": kept(PROOF, parent="erasure_id"),
    "erasure_steps": kept(PROOF, parent="erasure_id"),
    "erasures": kept(PROOF),
    "export_parts": rows(Way.SWEEPER, COUNTED),
    "exports": rows(Way.SWEEPER),
    "guesses": marks("P2D", "Failed attempts by a keyed mark of an account, a network or a device, against guessing."),
    "import_rows": rows(export=COUNTED),
    "imports": nobodys(Way.KEPT, "Runs of imports: counts, which name nobody."),
    "index_rebuilds": nobodys(Way.NEVER),
    "invoice_lines": rows(),
    "invoices": rows(),
    "key_erasure_count": nobodys(Way.NEVER),
    "key_lookup_count": nobodys(Way.NEVER),
    "lookup_count": nobodys(Way.NEVER),
    "known_devices": rows(Way.HOUSEKEEPING),
    "ledger_checkpoints": nobodys(Way.LEDGER),
    "ledger_entries": TableDeclaration(
        Whose.PSEUDONYM, ExportDetail.RECORDS, Fate.KEPT, Way.LEDGER,
        "Who read what, under a pseudonym that nobody can lead to a person once the key is destroyed.",
    ),
    "ledger_heads": nobodys(Way.NEVER),
    "ledger_server": nobodys(Way.NEVER),
    "ledger_keys": nobodys(Way.NEVER),
    "ledger_leaves": nobodys(Way.LEDGER, "The order of entries, and hashes of them."),
    "ledger_pending": nobodys(Way.LEDGER, "The order of entries."),
    "ledger_postings": INDEX_OF_SUBJECTS,
    "ledger_runs": INDEX_OF_SUBJECTS,
    "ledger_tiles": nobodys(Way.NEVER, "Hashes of entries."),
    "ledger_tree": nobodys(Way.NEVER),
    "legal_holds": rows(),
    "legal_requests": kept(
        "What an authority asked for stays in the register, without the customer; the answer is the certificate.",
        way=Way.ERASURE, fate=Fate.DETACHED,
    ),
    "lookup_changes": rows(export=ExportDetail.HELD),
    "lookup_epochs": nobodys(Way.HOUSEKEEPING, "Keys under which keyed marks rest."),
    "lookups": rows(export=ExportDetail.HELD),
    "notice_recipients": rows(),
    "notices": rows(),
    "observed_documents": nobodys(Way.OPERATOR, "What a program sends, counted by a hash without values."),
    "oauth_clients": nobodys(Way.OPERATOR, REGISTER),
    "oauth_codes": rows(Way.HOUSEKEEPING),
    "oauth_consents": rows(),
    "oauth_families": rows(Way.HOUSEKEEPING),
    "oauth_secrets": nobodys(Way.HOUSEKEEPING, REGISTER),
    "objections": rows(),
    "outbox": rows(Way.SWEEPER, COUNTED),
    "paper_forms": nobodys(Way.KEPT, "Released papers, which name no customer."),
    "papers": nobodys(Way.KEPT, "Released papers, which name no customer."),
    "partners": nobodys(Way.OPERATOR, REGISTER),
    "passkey_challenges": rows(Way.HOUSEKEEPING, COUNTED),
    "passkeys": rows(export=COUNTED),
    "payment_methods": rows(),
    "pending_sign_ins": rows(Way.HOUSEKEEPING),
    "processing_stops": rows(),
    "recipient_contacts": nobodys(Way.OPERATOR, REGISTER),
    "refusal_counts": nobodys(Way.SWEEPER, "What programs were refused, counted by the day: no count is of a person."),
    "reset_links": rows(Way.HOUSEKEEPING, COUNTED),
    "restrictions": rows(),
    "revocations": marks("P8D", "That no token of the customer's may be taken any more, until every one has ended."),
    "rights_events": rows(),
    "rights_requests": rows(),
    "second_factors": rows(),
    "services": rows(),
    "session_proofs": rows(Way.HOUSEKEEPING),
    "sessions": rows(Way.SWEEPER),
    "sign_ins": rows(Way.SWEEPER),
    "signing_keys": nobodys(Way.HOUSEKEEPING),
    "slowdowns": marks("P2D", "Failed attempts by a keyed mark of who failed, against guessing."),
    "staff": nobodys(Way.OPERATOR, REGISTER),
    "staff_keys": nobodys(Way.OPERATOR, REGISTER),
    "subject_keys": TableDeclaration(
        Whose.COLUMN, ExportDetail.HELD, Fate.KEPT, Way.ERASURE,
        "That there was a key and that it was destroyed: one that a backup brings back is not taken for a living one.",
    ),
    "system_keys": nobodys(Way.NEVER),
    "used_values": marks("P2D", "Hashes of values that work once, until they would not work anyway."),
    "value_rewrites": nobodys(Way.NEVER, "How far an upgrade has come."),
    "webhooks": nobodys(Way.OPERATOR, REGISTER),
}  # fmt: skip
"""By table, in alphabetical order. A table without a line fails the start and the lint."""


class UndeclaredTableError(Exception):
    """A table without a declaration, or with one that contradicts its columns."""


def declaration_of(table: str) -> TableDeclaration:
    """Return the declaration of a table; UndeclaredTableError if there is none."""
    try:
        return DECLARED[table]
    except KeyError:
        raise UndeclaredTableError(f"{table}: say in store/records/declared.py whose rows it has") from None
