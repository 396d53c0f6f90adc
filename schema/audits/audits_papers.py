"""What follows from the schema for the privacy notice and for the record of processing activities."""

from __future__ import annotations

from schema.audits.reported import told
from schema.core.scalars import CountryCode
from schema.declare.directives import CategoryEnum, ConditionEnum, PurposeEnum, RecipientEnum, RetentionEnum
from schema.declare.records import plain_type


@plain_type
class AuditCompany:
    """A company of the registers that may receive data."""

    kind: RecipientEnum = told("Which kind of recipient it is.")
    name: str = told("Its name.")
    country: CountryCode = told("Where it is.")
    purposes: list[PurposeEnum] = told("What for.")
    categories: list[CategoryEnum] = told("What it may receive.")
    fields: list[str] = told("The schema coordinates of that.")
    since: str | None = told("The day of its undertaking or registration.")
    document: str | None = told("The SHA-256 of its undertaking.")


@plain_type
class AuditForwarded:
    """What no field shows, and the gateway itself sends to somebody."""

    category: CategoryEnum = told("What.")
    recipient: RecipientEnum = told("To whom.")


@plain_type
class AuditCopies:
    """A program that may keep copies of what it reads."""

    client: str = told("The client's id.")
    name: str = told("What people call it.")
    keeps: str | None = told("What it keeps; null where nobody has said.")
    days: int | None = told("For how many days; null where nobody has said.")


@plain_type
class AuditPaper:
    """One version of the notice or the record, as it was released."""

    version: int = told("Its number, from 1 on.")
    valid_from: str = told("The day from which it holds, where the controller is.")
    issued_on: str = told("The day of its release.")
    sha256: str = told("Over all of its forms, as the ledger has it.", name="sha256")
    loosens: list[str] = told("What it loosened against the version before, as it was signed off.")


@plain_type
class AuditPapers:
    """The versions of one of the two papers."""

    kind: str = told("NOTICE or RECORD.")
    in_force: AuditPaper | None = told("The one that holds today; null where none was released.")
    newest: AuditPaper | None = told("The newest one, which may hold from a day to come.")


@plain_type
class AuditNoticeUse:
    """One purpose of a row of the notice."""

    purpose: PurposeEnum = told("The purpose.")
    categories: list[CategoryEnum] = told("For which of the row's categories.")
    when: list[ConditionEnum] = told("Only where these hold.")
    partly: bool = told("Whether these bind some of the row's fields only.")


@plain_type
class AuditNoticeRow:
    """One kind of data, as people speak of it."""

    row: str = told("Its key, such as `email`.")
    categories: list[CategoryEnum] = told("What it holds.")
    used_for: list[AuditNoticeUse] = told("What for.")
    own_data: bool = told("Whether people read it themselves.")
    kept_and_never_shown: list[CategoryEnum] = told("What is stored with it and given to nobody.")
    kept: list[RetentionEnum] = told("How long.")
    disclosed_to: list[RecipientEnum] = told("Who else may receive it.")
    limits: list[str] = told("The rules that no declaration can loosen.")
    fields: list[str] = told("The schema coordinates behind it.")
    forwarded: list[AuditForwarded] = told("Of what is given to nobody, what the gateway itself sends, as to pay.")


@plain_type
class AuditNoticeSharing:
    """One case in which data is passed on."""

    recipient: RecipientEnum = told("To whom.")
    purposes: list[PurposeEnum] = told("What for.")
    categories: list[CategoryEnum] = told("What.")
    named_each_time: bool = told("Whether an order or an allow-list names the fields, each time anew.")
    condition: str = told("Under which condition.")
    companies: list[AuditCompany] = told("Who that is today, by the registers.")


@plain_type
class AuditNoticeDeletion:
    """When everything about a person is deleted."""

    services_must_have_ended: bool = told("Whether all services must have ended before.")
    request_days: int = told("Within how many days of the request.")
    automatic_months: int = told("How many months after the last service, if nobody asks.")
    warning_days: list[int] = told("How many days before the person is warned.")


@plain_type
class AuditNoticePeriod:
    """How long something is kept."""

    rule: RetentionEnum = told("The rule.")
    period: str | None = told("Its length (ISO 8601); null where an event ends it.")
    data: list[str] = told("The rows it holds for.")


@plain_type
class AuditNotice:
    """The facts of the privacy notice: `gateway audit notice`. Who the controller is, the schema does not know."""

    language: str = told("In which language rows without a sentence were looked for.")
    data: list[AuditNoticeRow] = told("What is held and what it is used for.")
    sharing: list[AuditNoticeSharing] = told("With whom and why.")
    cookies: list[PurposeEnum] = told("What cookies are for.")
    own_data: list[PurposeEnum] = told("The purposes by which people see and change their own data.")
    deletion: AuditNoticeDeletion = told("When everything is deleted.")
    kept: list[AuditNoticePeriod] = told("How long what is kept.")
    beyond: list[PurposeEnum] = told("Uses that are not about the services.")
    limits: list[str] = told("The rules that no declaration can loosen.")
    copies: list[AuditCopies] = told("The programs that may keep copies.")
    untranslated: list[str] = told("Rows that have no sentence in this language yet.")


@plain_type
class AuditRecordSubjects:
    """Letter c of the article."""

    subjects: list[str] = told("Whose data.")
    categories: list[CategoryEnum] = told("Which.")


@plain_type
class AuditRecordRecipient:
    """Letter d of the article."""

    kind: RecipientEnum = told("The kind of recipient.")
    who: str = told("Who that is.")
    condition: str = told("Under which condition.")


@plain_type
class AuditRecordPartner:
    """A company that is bound to carry out a part of the contract."""

    name: str = told("Its name.")
    country: CountryCode = told("Where it is.")
    since: str = told("The day of its undertaking.")
    fields: list[str] = told("The schema coordinates that it may get.")


@plain_type
class AuditRecordLimit:
    """Letter f of the article."""

    rule: RetentionEnum = told("The rule.")
    text: str = told("In words.")
    period: str | None = told("Its length (ISO 8601); null where an event ends it.")
    starts: str = told("From when it is counted.", name="from")


@plain_type
class AuditRecordBasis:
    """A legal basis."""

    name: str = told("Its name.")
    article: str = told("Where it stands in the law.")


@plain_type
class AuditRecordExtra:
    """What the article does not ask for."""

    legal_bases: list[AuditRecordBasis] = told("The legal bases, the usual one first.")
    consent: str | None = told("When consent is needed.")
    objection: str | None = told("How one can object or withdraw.")
    requires_reference: bool = told("Whether each use must name its case.")
    fields: list[str] = told("The schema coordinates that can be read for it.")
    note: str | None = told("What is done outside the schema.")


@plain_type
class AuditRecordActivity:
    """One processing activity: a purpose with what the article asks of it, by its letters."""

    name: PurposeEnum = told("The purpose.")
    enabled: bool = told("Whether it is carried out at all.")
    b: str = told("The purpose in words.")
    c: AuditRecordSubjects = told("Persons and categories of data.")
    d: list[AuditRecordRecipient] = told("Recipients.")
    partners: list[AuditRecordPartner] | None = told("Of these, the partners by name; null where nobody looked.")
    companies: list[AuditCompany] | None = told("Everybody of the registers who receives something for it.")
    f: list[AuditRecordLimit] = told("Time limits.")
    extra: AuditRecordExtra = told("What the article does not ask for.")


@plain_type
class AuditRecord:
    """The record of processing activities: `gateway audit record`. Letters a and e are the controller's to tell."""

    article: str = told("Which article asks for it.")
    activities: list[AuditRecordActivity] = told("One for each purpose of the policy.")
    g: list[str] = told("Technical and organisational measures of this gateway.")
