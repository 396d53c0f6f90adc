"""The privacy notice and the record of processing activities, as they follow from the schema."""

from __future__ import annotations

from schema.audits.reported import report_field
from schema.core.enums import PaperKind
from schema.core.scalars import CountryCode, Date, LanguageTag
from schema.declare.directives import CategoryEnum, ConditionEnum, PurposeEnum, RecipientEnum, RetentionEnum
from schema.declare.records import plain_type


@plain_type
class AuditCompany:
    """A company of the registers that may receive data."""

    kind: RecipientEnum = report_field("The kind of recipient that the company is.")
    name: str = report_field("The company by its registered name.")
    country: CountryCode = report_field("The country of the company; null if it is not registered.")
    purposes: list[PurposeEnum] = report_field("The purposes for which it may get data.")
    categories: list[CategoryEnum] = report_field("The categories of data that it may receive.")
    fields: list[str] = report_field("The fields that it may get, by their schema coordinates.")
    since: Date | None = report_field("The day of its undertaking or registration; null if it has none.")
    document: str | None = report_field("The SHA-256 of the text of its undertaking, in hexadecimal; null without one.")


@plain_type
class AuditForwarded:
    """Data that no field returns, and that the gateway itself forwards to a recipient."""

    category: CategoryEnum = report_field("The category of the data that is forwarded.")
    recipient: RecipientEnum = report_field("The kind of recipient that it is forwarded to.")


@plain_type
class AuditCopies:
    """A client that may keep copies of the data it reads."""

    client: str = report_field("The client that keeps copies, by its client id.")
    name: str = report_field("The name under which that client is registered.")
    keeps: str | None = report_field("The data that it keeps; null if not declared.")
    days: int | None = report_field("The number of days it keeps them; null if not declared.")


@plain_type
class AuditPaper:
    """One version of the notice or the record, as it was released."""

    version: int = report_field("The number of the version, counted from 1.")
    valid_from: Date = report_field("The first day it is in force, in the controller's time zone.")
    issued_on: Date = report_field("The day on which the version was released.")
    sha256: str = report_field("SHA-256 over all of its forms, as in the ledger.", name="sha256")
    loosens: list[str] = report_field("Changes that loosen the previous version, as signed off.")


@plain_type
class AuditPapers:
    """The versions of one of the two papers."""

    kind: PaperKind = report_field("Which of the two papers it is.")
    in_force: AuditPaper | None = report_field("The version in force today; null if none was released.")
    newest: AuditPaper | None = report_field("The newest version, which may come into force later.")


@plain_type
class AuditNoticeUse:
    """One purpose of a row of the notice."""

    purpose: PurposeEnum = report_field("The purpose that uses the data.")
    categories: list[CategoryEnum] = report_field("The categories of the row that it applies to.")
    when: list[ConditionEnum] = report_field("The conditions on the customer's row that must hold.")
    partly: bool = report_field("Whether the conditions apply to some of the row's fields only.")


@plain_type
class AuditNoticeRow:
    """One kind of data, in everyday words."""

    row: str = report_field("The key of the row, such as `email`.")
    categories: list[CategoryEnum] = report_field("The categories of data that the row stands for.")
    used_for: list[AuditNoticeUse] = report_field("The purposes that use the data, each with its conditions.")
    own_data: bool = report_field("Whether data subjects can read it themselves.")
    kept_and_never_shown: list[CategoryEnum] = report_field("Categories that are stored and never returned.")
    kept: list[RetentionEnum] = report_field("The rules by which the data is kept.")
    disclosed_to: list[RecipientEnum] = report_field("The kinds of recipients that may get the data.")
    limits: list[str] = report_field("Hard rules, which no declaration can loosen.")
    fields: list[str] = report_field("The schema coordinates behind it.")
    forwarded: list[AuditForwarded] = report_field(
        "Data that is never returned, but forwarded by the gateway, such as for a payment."
    )


@plain_type
class AuditNoticeSharing:
    """One case in which data is passed on."""

    recipient: RecipientEnum = report_field("The kind of recipient that gets the data.")
    purposes: list[PurposeEnum] = report_field("The purposes for which the data is given.")
    categories: list[CategoryEnum] = report_field("The categories of data that are given.")
    named_each_time: bool = report_field("Whether an order or allow-list names the fields each time.")
    condition: str = report_field("The condition under which the data is given, in words.")
    companies: list[AuditCompany] = report_field("The registered companies of today.")


@plain_type
class AuditNoticeDeletion:
    """The deadlines for the deletion of all data of a person."""

    services_must_have_ended: bool = report_field("Whether all services must have ended first.")
    request_days: int = report_field("The number of days after the request.")
    automatic_months: int = report_field("The number of months after the last service, without a request.")
    warning_days: list[int] = report_field("The days before deletion on which a warning is sent.")


@plain_type
class AuditNoticePeriod:
    """One retention period."""

    rule: RetentionEnum = report_field("The rule of retention that the period belongs to.")
    period: str | None = report_field("Its length (ISO 8601); null if an event ends it.")
    data: list[str] = report_field("The rows of the notice that are kept by the rule.")


@plain_type
class AuditNotice:
    """The facts of the privacy notice (`gateway audit notice`). The controller's identity is not part of the schema."""

    language: LanguageTag = report_field("The language in which missing sentences were looked for.")
    data: list[AuditNoticeRow] = report_field("The rows of the notice's table, with the uses of each.")
    sharing: list[AuditNoticeSharing] = report_field("Who gets data, and under which condition.")
    cookies: list[PurposeEnum] = report_field("The purposes that cookies are set for.")
    own_data: list[PurposeEnum] = report_field("The purposes under which data subjects read and change their own data.")
    deletion: AuditNoticeDeletion = report_field("When all data of a customer is deleted.")
    kept: list[AuditNoticePeriod] = report_field("How long data is kept, by rule.")
    beyond: list[PurposeEnum] = report_field("The uses of data that no service needs.")
    limits: list[str] = report_field("Hard rules, which no declaration can loosen.")
    copies: list[AuditCopies] = report_field("The clients that may keep copies.")
    untranslated: list[str] = report_field("Rows without a sentence in this language.")


@plain_type
class AuditRecordRecipient:
    """A category of recipients (Art. 30(1)(d))."""

    kind: RecipientEnum = report_field("The kind of recipient, as in the schema.")
    who: str = report_field("Who the recipients of this kind are, in words.")
    condition: str = report_field("The condition under which they get data, in words.")


@plain_type
class AuditRecordPartner:
    """A processor: a company bound by an undertaking to carry out a part of the contract."""

    name: str = report_field("The partner by its registered name.")
    country: CountryCode = report_field("Where the partner has its seat, by its two letters.")
    since: Date = report_field("The day on which the partner signed its undertaking.")
    fields: list[str] = report_field("The schema coordinates that it may get.")


@plain_type
class AuditRecordLimit:
    """A time limit for erasure (Art. 30(1)(f))."""

    rule: RetentionEnum = report_field("The rule of retention that sets the limit.")
    text: str = report_field("The rule of retention in one sentence.")
    period: str | None = report_field("Its length (ISO 8601); null if an event ends it.")
    starts: str = report_field("The event from which it is counted.", name="from")


@plain_type
class AuditRecordBasis:
    """A legal basis of an activity (GDPR Art. 6)."""

    name: str = report_field("The name of the legal basis, such as `CONTRACT`.")
    article: str = report_field("The article of the GDPR that has the basis, such as `Art. 6(1)(b)`.")


@plain_type
class AuditRecordExtra:
    """Information beyond Art. 30."""

    legal_bases: list[AuditRecordBasis] = report_field("The legal bases, the usual one first.")
    consent: str | None = report_field("The cases in which consent is needed.")
    objection: str | None = report_field("The way to object or to withdraw consent.")
    requires_reference: bool = report_field("Whether each use must give a reference.")
    fields: list[str] = report_field("The schema coordinates that can be read for it.")
    note: str | None = report_field("Processing of this kind outside of the schema; null if there is none.")


@plain_type
class AuditRecordActivity:
    """One processing activity: a purpose with what letters (b) to (f) of Art. 30(1) ask for."""

    name: PurposeEnum = report_field("The purpose that the activity serves.")
    enabled: bool = report_field("Whether it is carried out at all.")
    text: str = report_field("The purpose in words (letter b).")
    subjects: list[str] = report_field("The categories of data subjects (letter c).")
    categories: list[CategoryEnum] = report_field("The categories of data (letter c).")
    recipients: list[AuditRecordRecipient] = report_field("The categories of recipients (letter d).")
    partners: list[AuditRecordPartner] | None = report_field(
        "The partners among them, by name; null if the register was not read."
    )
    companies: list[AuditCompany] | None = report_field("The registered companies that receive data for it.")
    limits: list[AuditRecordLimit] = report_field("The time limits for erasure (letter f).")
    extra: AuditRecordExtra = report_field("What is known of it beyond GDPR Art. 30.")


@plain_type
class AuditRecord:
    """The record of processing activities: `gateway audit record`. The controller adds letters a and e."""

    article: str = report_field("The article of the law that asks for the record.")
    activities: list[AuditRecordActivity] = report_field("One for each purpose of the policy.")
    measures: list[str] = report_field("Technical and organisational measures of this gateway (letter g).")
