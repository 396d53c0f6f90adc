"""The retention period of each kind of record and its start; every table refers to a rule, and the notice prints it."""

from collections.abc import Mapping
from enum import unique
from typing import Final

from policy.rows import Row

_HOW_LONG = "Questions, How long will my personal data be kept after I terminate my services?"
_NOT_IN_NOTICE = "Not in the notice (A16)"


# Calendar units: six months of the notice are not 180 days (R59).
@unique
class RetentionRule(Row):
    """The end of a record's retention; no rule extends past the customer's erasure unless it says so.

    Columns: sentence, period (ISO 8601, calendar units), what it is counted from, the notice's place.
    """

    CUSTOMER_LIFE = (
        "As long as the customer has a service; erased within 30 days on request, else 6 months after the last"
        " service has ended.",
        "P6M",
        "the end of the customer's last service",
        _HOW_LONG,
    )
    CARD_CONSENT = (
        "As long as the customer allows the card to be stored; deleted at once when the consent is withdrawn.",
        "P0D",
        "the withdrawal of the consent",
        "Table, row Payment information",
    )
    SIGN_IN_RECORDS = (
        "For 6 months after each sign-in, and never past the customer's erasure.",
        "P6M",
        "the sign-in",
        _NOT_IN_NOTICE,
    )
    SESSION_RECORDS = (
        "For 6 months after the session has ended, and never past the customer's erasure.",
        "P6M",
        "the end of the session",
        _NOT_IN_NOTICE,
    )
    CONSENT_RECORDS = (
        "Given and withdrawn consents are kept as proof until the customer is erased.",
        "P6M",
        "the end of the customer's last service",
        "Not in the notice (A14)",
    )
    COOKIE_CHOICE = (
        "For 6 months after the choice, then we ask again.",
        "P6M",
        "the choice",
        _NOT_IN_NOTICE,
    )
    CHANGE_RECORDS = (
        "Which fields a customer changed and when is kept for 12 months, and never past the customer's erasure.",
        "P12M",
        "the change",
        "Not in the notice (A14)",
    )
    COMMAND_KEYS = (
        "The key that marks a change is kept for a day, so that a repeated request changes nothing twice.",
        "P1D",
        "the request",
        "Not in the notice: it holds no personal data",
    )
    DISCLOSURE_RECORDS = (
        "What was disclosed to whom is kept until the customer is erased.",
        "P6M",
        "the end of the customer's last service",
        "Not in the notice (A14)",
    )
    RIGHTS_RECORDS = (
        "Restrictions, objections and what recipients answered to them are kept as proof until the customer is erased.",
        "P6M",
        "the end of the customer's last service",
        "Not in the notice (A14)",
    )
    ERASURE_RECORDS = (
        "The proof of an erasure holds no personal data and is kept as long as a backup could bring the data back.",
        None,
        "the erasure",
        "Not in the notice (A14)",
    )
    LEGAL_HOLDS = (
        "An order to preserve data is kept while it holds, and as long as the customer's other data after that.",
        "P6M",
        "the end of the customer's last service",
        "Not in the notice (A18)",
    )
    LEDGER = (
        "Who read which field and why is kept for 12 months, under pseudonyms that die with the customer's key.",
        "P12M",
        "the end of the month of the entry",
        "Not in the notice (A14)",
    )
    OUTBOX = (
        "A message is kept for 30 days after it was delivered or given up, and never past the customer's erasure.",
        "P30D",
        "the delivery, or the last attempt",
        _NOT_IN_NOTICE,
    )
    EXPORTS = (
        "An export can be fetched for 7 days, and never past the customer's erasure.",
        "P7D",
        "the making of the export",
        _NOT_IN_NOTICE,
    )
    NOT_STORED = (
        "Used to answer the request that brings it, and not kept.",
        "P0D",
        "the answer",
        "Not in the notice: nothing is kept",
    )
    READING_COUNTS = (
        "How many customers a program reads is counted by the hour, in sketches that name nobody.",
        "P1D",
        "the ten minutes that are counted",
        "Not in the notice: no personal data",
    )
    REFUSAL_COUNTS = (
        "What a program asked for and was refused is counted by the day for 12 months, without a word about anybody.",
        "P12M",
        "the day that is counted",
        "Not in the notice: no personal data",
    )
    CLIENT_REGISTRATION = (
        "The registration of a program that uses the gateway is kept until the operator removes it.",
        None,
        "the removal by the operator",
        "Not in the notice: no personal data",
    )
    IMPORT_RUNS = (
        "That a file of customers was imported, and how many were added or changed, is kept; it names nobody.",
        None,
        "the import",
        "Not in the notice: no personal data",
    )
    PAPERS = (
        "Each privacy notice and record of processing that was released is kept, since it says what held then.",
        None,
        "the release",
        "Not in the notice: no customer's data",
    )
    KEYS = (
        "A customer's key is destroyed with the customer's erasure, a key of the gateway once nothing needs it.",
        "P0D",
        "the erasure, or the last use",
        "Not in the notice: no personal data",
    )

    def __init__(self, _text: str, period: str | None, starts: str, notice: str) -> None:
        self.period = period
        """ISO 8601 duration counted from `starts`; None: the policy sets no end."""
        self.starts = starts
        """The event from which the period is counted, as a noun phrase."""
        self.notice = notice
        """The place in the privacy notice, or why there is none."""


WAITING: Final[Mapping[str, str]] = {"email": "P30D", "webhook": "P30D"}
"""The time that a message of each topic may wait for delivery, from its writing or its replay; then it is given up and
its encrypted content is wiped. E-mails that announce a date expire earlier, the final notice with the deadline."""
