"""Converts one record of an import to a customer with services, or to its problems."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from policy.registries import REGISTRANT_KINDS, RegistrantKind
from policy.services import SERVICE_KINDS, SERVICE_STATES, ServiceKind, ServiceStatus
from resolvers.customers.new_customer import NewCustomer, NewDomain, NewService, PersonName, PostalAddress
from resolvers.customers.new_customer_rows import FURTHER
from resolvers.imports.columns import COLUMNS
from resolvers.imports.credentials import credentials
from resolvers.imports.invoices import invoices
from resolvers.imports.source import SourceRecord
from resolvers.inputs import values
from resolvers.inputs.changes import FieldChange, ImportChange
from resolvers.inputs.report import FieldFault, ImportProblem
from resolvers.inputs.values import FieldProblem, Fields
from values import domain_name, external_id, lines, mailbox, person_name, postal_code, telephone
from values.domain_name import to_unicode

MOST_SERVICES = 200
ADDRESS_KEYS = ("street", "street2", "postal_code", "city", "region", "country")
SERVICE_KEYS = ("kind", "name", "status", "started_at", "renews_at", "terminated_at", "domain")
HIDE_KEYS = ("hide_name", "hide_address", "hide_email", "hide_phone")
DOMAIN_KEYS = (
    "registrant_kind", "registrant_name", "registrant_email", "registrant_phone", "expires_at", *HIDE_KEYS,
    *ADDRESS_KEYS,
)  # fmt: skip


def customer(
    record: SourceRecord, now: datetime, changes: list[ImportChange] | None = None, system: str | None = None
) -> NewCustomer | list[ImportProblem]:
    """The customer of a record; or all of its problems. `changes` is given what is not taken as it is written.

    `system` is the one that the external ids of the file are from; without it each names its own.
    """
    if record.fault is not None:
        return [ImportProblem(record.row, record.line, "the record", record.fault)]
    # All problems of a row at once, so that a file is corrected in few rounds.
    problems: list[FieldProblem] = []
    changed: list[tuple[str, FieldChange]] = []
    found = _customer(Fields(record.fields, problems, changed, now), system)
    if changes is not None:
        columns = record.columns or {name: at for at, name in enumerate(record.fields, 1)}
        changes += [ImportChange(record.row, record.line, columns.get(field), field, each) for field, each in changed]
    return [ImportProblem(record.row, record.line, *each) for each in problems] if problems else found


def _customer(fields: Fields, system: str | None) -> NewCustomer:
    fields.only(COLUMNS, "the record")
    name, email, address = (
        _name(fields),
        fields.required("email", values.email, mailbox.LONGEST_TYPED),
        _address(fields),
    )
    bare = NewCustomer(
        name=name,
        email=email,
        postal_address=address,
        created_at=fields.moment("customer_since") or fields.now,
        phone=_phone(fields, "phone", address.country),
        locale=fields.text("locale", values.language, 35) or "en",
        product_news=fields.truth("product_news", default=False),
        customer_number=fields.text("customer_number", values.number, 32),
        external_id=fields.text("external_id", values.external_id(system), external_id.LONGEST),
        further={name: text for name in FURTHER if (text := fields.text(name)) is not None},
    )
    for column in ("customer_since", "locale"):
        fields.assumed(column)
    services = tuple(_service(each, bare) for each in _services(fields))
    return replace(bare, services=services, credentials=credentials(fields, bare), invoices=invoices(fields, bare))


def _name(fields: Fields) -> PersonName:
    """The name; of a person with one name, one of its parts is empty."""
    given, family = (fields.text(part, values.name, person_name.LONGEST) for part in ("given_name", "family_name"))
    if all(fields.is_empty(part) for part in ("given_name", "family_name")):
        fields.fault("family_name", FieldFault.MISSING)
    return PersonName(given or "", family or "")


def _phone(fields: Fields, name: str, country: str) -> str | None:
    """A telephone number; one without country code is read as one of the address's country, which is told."""
    written = fields.raw(name)
    found = fields.text(name, values.phone_in(country or None), telephone.LONGEST_TYPED)
    if found and isinstance(written, str) and not telephone.has_country_code(written):
        fields.note(name, FieldChange.COUNTRY_CODE)
    return found


def _address(fields: Fields) -> PostalAddress:
    written = {
        "street": fields.required("street"),
        "street2": fields.text("street2"),
        "postalCode": fields.text("postal_code", most=postal_code.LONGEST),
        "city": fields.required("city", most=100),
        "region": fields.text("region", most=100),
        "country": fields.required("country", values.country, 2),
    }
    if written["country"] and written["street"] and written["city"]:  # Otherwise it has its faults already.
        written = values.address(fields, written)
    return PostalAddress(
        street=written["street"] or "",
        street2=written["street2"],
        postal_code=written["postalCode"],
        city=written["city"] or "",
        region=written["region"],
        country=written["country"] or "",
    )


def _services(fields: Fields) -> list[Fields]:
    """The services: objects in NDJSON, `KIND|name|start|end` separated by semicolons in CSV."""
    written = fields.raw("services")
    if not isinstance(written, str) or not written.strip():
        return fields.objects("services", MOST_SERVICES)
    rows = [[part.strip() for part in entry.split("|")] for entry in written.split(";") if entry.strip()]
    if not all(2 <= len(row) <= 4 for row in rows):
        fields.fault("services", FieldFault.NOT_A_SERVICE)
        return []
    keys = ("kind", "name", "started_at", "terminated_at")
    entries: list[dict[str, Any]] = [dict(zip(keys, row, strict=False)) for row in rows]
    return fields.within({"services": entries}).objects("services", MOST_SERVICES)


def _service(fields: Fields, owner: NewCustomer) -> NewService:
    fields.only(SERVICE_KEYS, "the service")
    kind = cast(ServiceKind, fields.required("kind", values.one_of(SERVICE_KINDS), 20))
    check, most = (values.domain, domain_name.LONGEST_TYPED) if kind == "DOMAIN" else (values.line, lines.LONGEST)
    name = fields.required("name", check, most)
    started = fields.moment("started_at") or owner.created_at
    ended = fields.moment("terminated_at")
    if ended is not None and ended < started:
        fields.fault("terminated_at", FieldFault.ENDS_BEFORE_START)
    # CSV has no column for the status.
    assumed = "ACTIVE" if ended is None else "TERMINATED"
    status = cast(ServiceStatus, fields.text("status", values.one_of(SERVICE_STATES), 20) or assumed)
    if (status == "TERMINATED") != (ended is not None):
        fields.fault("terminated_at", FieldFault.END_DISAGREES)
        # Any consistent value: the row is refused, and NewService must not raise.
        status, ended = "ACTIVE", None
    domain = _domain(fields, owner, name, started) if kind == "DOMAIN" else None
    if kind != "DOMAIN" and fields.raw("domain") is not None:
        fields.fault("domain", FieldFault.UNKNOWN_KEY)
    # Services have the readable name, domains the A-labels.
    shown = name if domain is None else to_unicode(name)
    return NewService(kind, shown, started, status, fields.moment("renews_at", future=True), ended, domain)


def _domain(service: Fields, owner: NewCustomer, name: str, registered: datetime) -> NewDomain:
    """The domain; missing details of the registrant are the customer's, except the phone, which is never copied
    (A4)."""
    fields = service.object("domain") or service.within({})
    fields.only(DOMAIN_KEYS, "the domain")
    # An address is taken whole: parts of two addresses would make a third one.
    elsewhere = any(fields.raw(key) is not None for key in ADDRESS_KEYS)
    address = _address(fields) if elsewhere else owner.postal_address
    for column in ("registrant_name", "registrant_email", *(() if elsewhere else ("street",))):
        fields.assumed(column, FieldChange.OF_THE_CUSTOMER)
    fields.assumed("registrant_kind")
    kind = fields.text("registrant_kind", values.one_of(REGISTRANT_KINDS), 20) or "NATURAL_PERSON"
    return NewDomain(
        name=name,
        tld=name.rpartition(".")[2],
        registrant_kind=cast(RegistrantKind, kind),
        registrant_name=fields.text("registrant_name", values.name) or owner.name.full,
        registrant_address=address,
        registrant_email=fields.text("registrant_email", values.email, mailbox.LONGEST_TYPED) or owner.email,
        registrant_phone=_phone(fields, "registrant_phone", address.country),
        registered_at=registered,
        expires_at=fields.moment("expires_at", future=True),
        **{key: fields.truth(key, default=True) for key in HIDE_KEYS},
    )
