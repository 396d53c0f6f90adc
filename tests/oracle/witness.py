"""A witness that shares nothing with the engine: stored rows opened one by one, and the printed schema's own words.

Both executors read through the same statements, so a filter that the statements lack would be missed by both. The
witness reads every row of every table, keeps what a purpose's directives leave of it, and lets graphql-core answer
from plain dictionaries. It is slow, and knows each relation and condition from the documentation, by hand.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal
from typing import Any

import idna
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    get_named_type,
    is_object_type,
    parse,
)
from sqlalchemy import select

from policy.grant import Grant
from policy.registries import registry_of, shown
from schema.api.build import sdl
from store.sql.metadata import metadata
from tests.oracle.world import EMPTIED, IDS_KEY, NOW, World, newcomers
from values.domain_name import DomainNameError, to_ascii
from values.envelope import envelope

Rows = Mapping[str, Sequence["Row"]]
NONE: frozenset[str] = frozenset()

RELATIONS: Mapping[str, tuple[str, str, str, str]] = {
    "Customer.services": ("services", "customer_id", "id", "oldest"),
    "Customer.domains": ("domains", "customer_id", "id", "oldest"),
    "Customer.paymentMethods": ("payment_methods", "customer_id", "id", "oldest"),
    "Customer.invoices": ("invoices", "customer_id", "id", "newest"),
    "Customer.credentials": ("credentials", "customer_id", "id", "oldest"),
    "Customer.signIns": ("sign_ins", "customer_id", "id", "newest"),
    "Customer.sessions": ("sessions", "customer_id", "id", "newest"),
    "Customer.consents": ("consents", "customer_id", "id", "newest"),
    "Customer.cookieChoice": ("cookie_choices", "customer_id", "id", "one"),
    "Customer.disclosures": ("disclosures", "customer_id", "id", "newest"),
    "Customer.erasures": ("erasures", "customer_id", "id", "newest"),
    "Customer.changes": ("customer_changes", "customer_id", "id", "newest"),
    "Customer.exports": ("exports", "customer_id", "id", "newest"),
    "Customer.authorizedApps": ("oauth_consents", "customer_id", "id", "newest"),
    "Customer.appSessions": ("oauth_families", "customer_id", "id", "newest"),
    "Customer.restriction": ("restrictions", "customer_id", "id", "one"),
    "Customer.objections": ("objections", "customer_id", "id", "oldest"),
    "Customer.notices": ("notice_recipients", "customer_id", "id", "newest"),
    "Customer.requests": ("rights_requests", "customer_id", "id", "newest"),
    "Invoice.lines": ("invoice_lines", "invoice_id", "id", "oldest"),
    "Credential.secondFactors": ("second_factors", "credential_id", "id", "oldest"),
    "Service.customer": ("customers", "id", "customer_id", "one"),
    "Domain.service": ("services", "id", "service_id", "one"),
    "Domain.customer": ("customers", "id", "customer_id", "one"),
    "Invoice.customer": ("customers", "id", "customer_id", "one"),
}
"""Table, its column, the parent's column, and the order."""

OF_ROW = {"Domain.registrant"}
"""Objects of columns of the same row."""

TYPES = {
    "customers": "Customer", "services": "Service", "domains": "Domain", "invoices": "Invoice", "consents": "Consent",
    "credentials": "Credential", "second_factors": "SecondFactor", "sign_ins": "SignIn", "sessions": "Session",
    "cookie_choices": "CookieChoice", "disclosures": "Disclosure", "erasures": "Erasure", "exports": "Export",
    "customer_changes": "Change", "oauth_consents": "AuthorizedApp", "oauth_families": "AppSession",
    "restrictions": "Restriction", "objections": "Objection", "notice_recipients": "NoticeRecipient",
    "rights_requests": "RightsRequest", "invoice_lines": "InvoiceLine",
}  # fmt: skip
GOES_ON = {
    "AUTHENTICATION", "LEGAL_REQUEST", "COOKIE_ESSENTIAL", "SELF_SERVICE", "ERASURE", "RIGHTS_HANDLING",
    "ACCOUNTABILITY_LOG",
    "STATUTORY_RETENTION",
}  # fmt: skip
"""Storage, legal claims, what the person does, rights and their proof (Art. 18(2)): written here once more, by hand."""
WAYS_TO_PAY = {"CARD": "Card", "PAYPAL": "PayPal", "BANK_TRANSFER": "BankTransfer"}

READS: Mapping[str, Callable[[Any], Any]] = {
    "Customer.fullName": lambda name: " ".join(part for part in name if part),
    "Customer.givenName": lambda name: name[0],
    "Customer.familyName": lambda name: name[1],
    "Invoice.billedName": lambda name: " ".join(part for part in name if part),
    "Domain.unicodeName": lambda name: idna.decode(name, display=True),
    "Card.expMonth": lambda expiry: int(expiry[0]),
    "Card.expYear": lambda expiry: int(expiry[1]),
    "Disclosure.fields": orjson.loads,
    "Change.fields": orjson.loads,
    "Export.pollAfterSeconds": lambda state: {"REQUESTED": 10}.get(state),
    "Erasure.pollAfterSeconds": lambda state: (
        60 if state == "ERASING" else None if state in ("ERASED", "CANCELLED", "REFUSED") else 21_600
    ),
}
ADDRESS = ("street", "street2", "postalCode", "city", "region", "country")


class Broken:
    """A value that did not open."""


@dataclass(frozen=True)
class Row:
    """One row, opened."""

    table: str
    columns: Mapping[str, Any]

    @property
    def type_name(self) -> str:
        """The object type that it is."""
        return TYPES.get(self.table) or WAYS_TO_PAY[self.columns["kind"]]

    @property
    def owner(self) -> int:
        """The customer whose it is."""
        return int(self.columns["id" if self.table == "customers" else "customer_id"])


async def opened(world: World) -> Rows:
    """Every row whose owner's key is there."""
    found: dict[str, list[Row]] = {}
    for table in metadata.sorted_tables:
        if table.name not in TYPES and table.name not in ("payment_methods", "processing_stops"):
            continue
        prepared = world.store.reader.prepare(select(table).order_by(table.c.id))
        rows = [dict(zip(prepared.columns, row, strict=True)) for row in await world.store.reader.fetch(prepared, {})]
        owners = [row["id" if table.name == "customers" else "customer_id"] for row in rows]
        found[table.name] = []
        for row, key in zip(rows, await world.store.keys.subjects(owners), strict=True):
            if key is None:
                continue
            for column in table.c:
                row[column.name] = _open(column, key, row["id"], row[column.name])
            found[table.name].append(Row(table.name, row))
    return found


def _open(column: Any, key: Any, id_: int, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if value is None or "sealing" not in column.info:
        return bool(value) if value is not None and column.type.python_type is bool else value
    try:
        return column.info["sealing"].decode(key.open(column, id_, value))
    except Exception:  # noqa: BLE001  (however it fails to open)
        return Broken()


@dataclass
class Witness:
    """Answers operations from opened rows."""

    rows: Rows
    lookups: Mapping[str, Mapping[str, Any]]
    """For each field of `CustomerBy` the customer's id by the value in its normal form; the ids of all rows with it, if
    several customers may have it."""
    schema: Any = field(default_factory=lambda: build_schema(sdl(with_columns=True), assume_valid=True))
    _allowances: dict[tuple[str, str], list[str | None] | None] = field(default_factory=dict)

    def answer(
        self, text: str, variables: Mapping[str, Any], grant: Grant
    ) -> tuple[ExecutionResult, set[int], list[list[str | int]]]:
        """Data and errors, whose rows were seen, and the paths of withheld fields in order."""
        seen: set[int] = set()
        asking = _Asking(self, grant, seen)
        result = execute_sync(
            self.schema,
            parse(text),
            variable_values=dict(variables),
            field_resolver=asking.resolve,
            type_resolver=lambda value, info, type_: value["type"] if isinstance(value, dict) else value.type_name,
        )
        return result, seen, sorted(asking.withheld)

    def allows(self, coordinate: str, purpose: str) -> list[str | None] | None:
        """The conditions under which the purpose may use a field (None: always); empty: never. None: public."""
        if (coordinate, purpose) not in self._allowances:
            type_name, name = coordinate.split(".")
            node = self.schema.type_map[type_name].fields[name].ast_node
            found = [_arguments(each) for each in node.directives or () if each.name.value == "purpose"]
            conditions = [each.get("when") for each in found if purpose in each["allows"]]
            self._allowances[coordinate, purpose] = conditions if found else None
        return self._allowances[coordinate, purpose]


def _arguments(directive: Any) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for argument in directive.arguments:
        values = getattr(argument.value, "values", None)
        read[argument.name.value] = argument.value.value if values is None else [each.value for each in values]
    return read


@dataclass
class _Asking:
    witness: Witness
    grant: Grant
    seen: set[int]
    withheld: list[list[str | int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (purpose,) = self.grant.purposes
        self.purpose = purpose.name

    def resolve(self, parent: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        """Any field."""
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        allowed = self.witness.allows(coordinate, self.purpose)
        if allowed == []:
            self.withheld.append(info.path.as_list())
            return None
        if info.parent_type.name == "Query":
            return self._root(info, given)
        if coordinate in RELATIONS:
            return self._related(parent, info, coordinate, given)
        if coordinate in OF_ROW:
            return parent
        if not isinstance(parent, Row):
            value = parent.get(info.field_name)
            return value() if callable(value) else value
        if info.field_name == "id":
            return _global_id(parent.type_name, parent.owner, parent.columns["id"])
        return self._value(parent, info, coordinate, allowed or [])

    def _root(self, info: GraphQLResolveInfo[Any], given: Mapping[str, Any]) -> Any:
        match info.field_name:
            case "grant":
                return self._grant()
            case "me":
                return self._one(info, "Customer", self.grant.subject)
            case "customers":
                rows = self._visible(info, self.witness.rows["customers"], {"Customer.id"})
                return self._page(info, rows, given, newest=False)
            case "customer":
                ((name, value),) = given["by"].items()
                if name == "id":
                    type_name, key = _from_global_id(value)
                    if type_name != "Customer":
                        raise GraphQLError("another type")
                    return self._one(info, type_name, key)
                if name in ("phone", "serviceName"):
                    return self._sharing(info, name, value)
                return self._one(info, "Customer", self._named(name, value))
            case "nodes":
                if len(given["ids"]) > self.grant.max_page:
                    raise GraphQLError("too many")
                return [self._one(info, *each) for each in [_from_global_id(each) for each in given["ids"]]]
            case "_entities":
                named = [(each["__typename"], _from_global_id(each["id"])) for each in given["representations"]]
                if len(named) > self.grant.max_page or any(name != found[0] for name, found in named):
                    raise GraphQLError("too many, or another type")
                return [self._one(info, *found) for _, found in named]
            case "services" | "invoices":
                rows = self.witness.rows[info.field_name]
                return self._listed(info, rows, {f"{TYPES[info.field_name]}.id"}, given, "oldest")
            case "domain":
                try:
                    return self._one(info, "Domain", self._domain(to_ascii(given["name"])))
                except DomainNameError:
                    raise GraphQLError("no name of a domain") from None
        type_name, key = _from_global_id(given["id"])
        return self._one(info, type_name, key)

    def _grant(self) -> Mapping[str, Any]:
        """What the token says; a budget without a limit is whole."""
        grant, now = self.grant, NOW.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "client": grant.client_id, "purposes": [self.purpose], "scopes": sorted(grant.scopes), "sessionId": None,
            "expiresAt": "9999-12-31T23:59:59Z",  # Its tokens last beyond what a DateTime can tell.
            "refusal": grant.refusal.name, "documentsOnly": False, "introspection": grant.introspection,
            "maxPage": grant.max_page, "budget": {"limit": 2**31 - 1, "remaining": 2**31 - 1, "resetsAt": now},
        }  # fmt: skip

    def _sharing(self, info: GraphQLResolveInfo[Any], name: str, value: str) -> Row | None:
        """The one customer of those who have the value, among those that may be read."""
        if name == "phone" and not value.startswith("+"):
            raise GraphQLError("no number")
        owners = self.witness.lookups[name].get(" ".join(value.lower().split()), [])
        rows = [each for each in self.witness.rows["customers"] if each.columns["id"] in owners]
        found = [] if self.witness.allows("Customer.id", self.purpose) == [] else rows
        found = self._visible(info, found, {"Customer.id"})
        if len(found) > 1 or len(owners) > 20:
            raise GraphQLError("more than one")
        self._see(found)
        return next(iter(found), None)

    def _named(self, name: str, value: str) -> int | None:
        """The customer whom this is said of, by a domain only while it is registered."""
        if name == "invoiceNumber":
            bills = self.witness.rows["invoices"]
            return next((each.owner for each in bills if each.columns["number"] == value.strip()), None)
        normal = _normal(name, value)
        if name == "domain" and self._domain(normal) is None:
            return None
        return self.witness.lookups[name].get(normal)

    def _domain(self, name: str) -> int | None:
        """The domain that is registered under this name."""
        rows = [each for each in self.witness.rows["domains"] if each.columns["name"] == name and self._running(each)]
        return next((int(each.columns["id"]) for each in rows), None)

    def _one(self, info: GraphQLResolveInfo[Any], type_name: str, key: int | None) -> Row | None:
        if self.witness.allows(f"{type_name}.id", self.purpose) == []:
            return None
        rows = [row for table in self.witness.rows.values() for row in table if row.columns["id"] == key]
        rows = [
            row for row in rows if type_name == row.type_name or {type_name, row.type_name} <= {*WAYS_TO_PAY.values()}
        ]
        found = self._visible(info, rows, {f"{type_name}.id"})
        self._see(found)
        return next((row for row in found if row.type_name == type_name), None)

    def _related(self, parent: Row, info: GraphQLResolveInfo[Any], coordinate: str, given: Mapping[str, Any]) -> Any:
        table, column, of, order = RELATIONS[coordinate]
        rows = [row for row in self.witness.rows[table] if row.columns[column] == parent.columns[of]]
        types = [TYPES[table]] if table in TYPES else list(WAYS_TO_PAY.values())
        if get_named_type(info.return_type).name.endswith("Connection"):
            return self._listed(info, rows, {f"{each}.id" for each in types}, given, order)
        rows = self._visible(info, rows, {f"{each}.id" for each in types})
        if order == "newest":
            rows.reverse()
        self._see(rows)
        return next(iter(rows), None) if order == "one" else rows

    def _listed(
        self, info: GraphQLResolveInfo[Any], rows: Sequence[Row], known: set[str], given: Mapping[str, Any], order: str
    ) -> Any:
        """A page of the rows that pass the filter, in the order asked for."""
        rows = self._visible(info, rows, known)
        if given.get("order"):
            order = "newest" if given["order"] == "NEWEST_FIRST" else "oldest"
        if order == "newest":
            rows.reverse()
        narrowed = {name: value for name, value in (given.get("filter") or {}).items() if value is not None}
        rows = [row for row in rows if all(_passes(row, name, value) for name, value in narrowed.items())]
        return self._page(info, rows, given, newest=order == "newest")

    def _value(self, row: Row, info: GraphQLResolveInfo[Any], coordinate: str, conditions: Sequence[str | None]) -> Any:
        directives = info.parent_type.fields[info.field_name].ast_node.directives  # type: ignore[union-attr]
        source = next(
            (_arguments(each).get("source") for each in directives or () if each.name.value == "personalData"), None
        )
        if not all(self._holds(condition, row) for condition in conditions):
            return None
        if coordinate == "Domain.registryPolicy":
            return _policy(row.columns["tld"], row.columns["registrant_kind"])
        if coordinate in ("Invoice.amount", "InvoiceLine.amount"):
            return _amount(row.columns["amount_minor"], row.columns["currency"])
        if coordinate == "Invoice.tax":
            tax = row.columns["tax_minor"]
            return None if tax is None else _amount(tax, row.columns["currency"])
        if coordinate == "Disclosure.cause":
            return _cause(row.columns["trigger"])
        column = source.split(".")[1] if source else _snake(info.field_name)
        value = row.columns[column]
        if isinstance(value, Broken):
            raise GraphQLError("damaged")
        if value is None:
            return None
        if is_object_type(get_named_type(info.return_type)):
            return dict(zip(ADDRESS, value, strict=True)) | {"formatted": envelope(value)}
        return READS[coordinate](value) if coordinate in READS else value

    def _see(self, rows: Sequence[Row]) -> None:
        self.seen.update(row.owner for row in rows)

    def _visible(self, info: GraphQLResolveInfo[Any], rows: Sequence[Row], known: set[str]) -> list[Row]:
        """The rows that the token and the purpose leave, given all that is asked of them."""
        asked = {f"{info.parent_type.name}.{info.field_name}", *known, *self._asked(info)}
        conditions = {one for each in asked for one in self.witness.allows(each, self.purpose) or ()}
        owned = [row for row in rows if self.grant.subject in (None, row.owner)]
        standing = [row for row in owned if not self._stopped(row)]
        return [row for row in standing if all(self._holds(one, row) for one in conditions if one in ROWS)]

    def _stopped(self, row: Row) -> bool:
        """Whether the customer restricted processing, or objected to this purpose (GDPR Art. 18, 21)."""
        if self.purpose in GOES_ON:
            return False
        stops = [each.columns["subject"] for each in self.witness.rows["processing_stops"] if each.owner == row.owner]
        return "RESTRICTION" in stops or self.purpose in stops

    def _holds(self, condition: str | None, row: Row) -> bool:
        if condition is None or (condition in ROWS and ROWS[condition] != row.table):
            return True
        match condition:
            case "NEWS_NOT_DECLINED":
                return bool(row.columns["product_news"])
            case "CARD_STORAGE_CONSENTED":
                return self._consented(row)
            case "DISCLOSURE_MAY_BE_TOLD":
                until = row.columns["embargoed_until"]
                return until is None or until <= NOW.isoformat().replace("+00:00", "Z")
            case "REGISTRATION_RUNS":
                return self._running(row)
        field = condition.split("_")[1].lower()
        if field == "country":
            # ICANN has it published whatever is hidden; elsewhere it goes with the address.
            if row.columns["tld"] in ("com", "net", "org"):
                return True
            field = "address"
        return shown(row.columns["tld"], row.columns["registrant_kind"], field, bool(row.columns[f"hide_{field}"]))

    def _running(self, row: Row) -> bool:
        """Its service has not ended, and it has not expired, or may still be had back."""
        mine = [each for each in self.witness.rows["services"] if each.columns["id"] == row.columns["service_id"]]
        states = [each.columns["status"] for each in mine]
        expires = row.columns["expires_at"]
        lasts = expires is None or expires > NOW.isoformat().replace("+00:00", "Z") or "REDEMPTION" in states
        return lasts and "TERMINATED" not in states

    def _consented(self, row: Row) -> bool:
        """The consent that the card names was given, by this customer and for cards, and not taken back since."""
        events = [
            each
            for each in self.witness.rows["consents"]
            if each.owner == row.owner and each.columns["kind"] == "CARD_STORAGE"
        ]
        named = row.columns["card_consent_id"]
        given = any(each.columns["id"] == named and each.columns["state"] == "GIVEN" for each in events)
        return given and all(each.columns["state"] == "GIVEN" for each in events if each.columns["id"] > named)

    def _page(self, info: GraphQLResolveInfo[Any], rows: list[Row], given: Mapping[str, Any], newest: bool) -> Any:
        coordinate = f"{info.parent_type.name}.{info.field_name}"
        first, last = given.get("first"), given.get("last")
        size = last if first is None else first
        size = self.grant.max_page if size is None else size
        if not 0 <= size <= self.grant.max_page or (first is not None and last is not None):
            raise GraphQLError("a wrong size")
        after, before = given.get("after"), given.get("before")
        if after is not None:
            key = _from_cursor(self.grant, coordinate, newest, after)
            rows = [row for row in rows if (row.columns["id"] < key if newest else row.columns["id"] > key)]
        if before is not None:
            key = _from_cursor(self.grant, coordinate, newest, before)
            rows = [row for row in rows if (row.columns["id"] > key if newest else row.columns["id"] < key)]
        shown = rows[:size] if last is None else rows[max(0, len(rows) - size) :]
        self._see(shown)
        cursors = [_cursor(self.grant, coordinate, newest, row.columns["id"]) for row in shown]
        more = len(rows) > len(shown)
        return {
            "nodes": shown,
            "edges": [{"node": row, "cursor": cursor} for row, cursor in zip(shown, cursors, strict=True)],
            "pageInfo": {
                "hasNextPage": more if last is None else before is not None,
                "hasPreviousPage": after is not None if last is None else more,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }

    def _asked(self, info: GraphQLResolveInfo[Any]) -> Iterator[str]:
        """Every field asked of the rows that this field leads to, through the parts of a connection if it is one."""
        waiting = [(get_named_type(info.return_type).name, node.selection_set) for node in info.field_nodes]
        while waiting:
            on, selections = waiting.pop()
            for type_name, node in self._fields(info, selections, self._objects(on)):
                coordinate = f"{type_name}.{node.name.value}"
                part = type_name.endswith(("Connection", "Edge"))
                if not part:
                    yield coordinate
                # The fields of an object of the same row are asked of that row.
                if node.selection_set and node.name.value != "pageInfo" and (part or coordinate in OF_ROW):
                    inner = self.witness.schema.type_map[type_name].fields[node.name.value].type
                    waiting.append((get_named_type(inner).name, node.selection_set))

    def _fields(
        self, info: GraphQLResolveInfo[Any], selections: SelectionSetNode | None, possible: set[str]
    ) -> Iterator[tuple[str, FieldNode]]:
        """Each field with every type of object that it can be asked of."""
        for node in selections.selections if selections else ():
            if not _included(node, info.variable_values):
                continue
            if isinstance(node, FieldNode):
                if not node.name.value.startswith("__"):
                    yield from ((type_name, node) for type_name in possible)
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                fragment = info.fragments[node.name.value]
                inner = getattr(fragment, "definition", fragment)
            condition = inner.type_condition
            among = self._objects(condition.name.value) if condition else possible
            yield from self._fields(info, inner.selection_set, possible & among)

    def _objects(self, name: str) -> set[str]:
        type_ = self.witness.schema.type_map[name]
        return (
            {name} if is_object_type(type_) else {each.name for each in self.witness.schema.get_possible_types(type_)}
        )


def _cause(trigger: str) -> dict[str, Any] | None:
    """The member of the union that a record's text stands for."""
    for mark, type_name, name in (
        ("invoice:", "PaymentCause", "invoiceId"),
        ("card:", "CardCause", "reference"),
        ("order:", "OrderCause", "reference"),
        ("partner:", "PartnerCause", "partner"),
    ):
        if trigger.startswith(mark) and trigger != mark:
            return {"type": type_name, name: trigger[len(mark) :]}
    return {"type": "RegistrationCause", "domainId": trigger} if trigger.startswith("Domain_") else None


def _policy(tld: str, kind: str) -> dict[str, Any] | None:
    """As the catalogue of registries has it."""
    registry = registry_of(tld)
    if registry is None:
        return None
    rules = [(field, registry.rule(kind, field)) for field in ("name", "address", "email", "phone")]
    told = [{"field": field.upper(), "rule": r.name, "meaning": r.text, "free": r.free} for field, r in rules]
    return {"registry": registry.name, "source": registry.source, "checked": registry.checked, "rules": told}


def _amount(minor: int, currency: str) -> dict[str, str]:
    """As the standard says, written here once more, by hand: hundredths, but for yen and dinars."""
    if currency == "ABC":
        raise GraphQLError("no such currency")
    digits = {"JPY": 0, "KWD": 3}.get(currency, 2)
    return {"amount": format(Decimal(minor).scaleb(-digits, Context(prec=40)), "f"), "currency": currency}


BOUNDS = {
    "issuedFrom": "issued_at", "issuedBefore": "issued_at", "dueFrom": "due_at", "dueBefore": "due_at",
    "renewsFrom": "renews_at", "renewsBefore": "renews_at", "expiresFrom": "expires_at", "expiresBefore": "expires_at",
    "since": "at", "before": "at",
}  # fmt: skip
"""The moments that filters compare: their beginning counts, their end does not."""


def _passes(row: Row, name: str, value: Any) -> bool:
    """Whether the row has what a field of a filter asks for."""
    if name in BOUNDS:
        moment = row.columns[BOUNDS[name]]
        return moment is not None and (moment < value if name.lower().endswith("before") else moment >= value)
    if name == "paid":
        return (row.columns["paid_at"] is not None) is value
    if name == "causeId":
        return bool(row.columns["trigger"] == (f"invoice:{value}" if value.startswith("Invoice_") else value))
    if isinstance(value, list):
        stored = "status" if row.table in ("services", "invoices") and name == "state" else _snake(name)
        return row.columns[stored] in value
    if name == "name":
        try:
            return bool(row.columns["name"] == to_ascii(value))
        except DomainNameError:
            raise GraphQLError("no name of a domain") from None
    return bool(row.columns[name] == (value.lower() if name == "tld" else value))


ROWS = {
    "NEWS_NOT_DECLINED": "customers",
    "CARD_STORAGE_CONSENTED": "payment_methods",
    "DISCLOSURE_MAY_BE_TOLD": "disclosures",
    "REGISTRATION_RUNS": "domains",
}
"""The conditions that hide a whole row, and of which table."""


def _included(node: Any, variables: Any) -> bool:
    values = getattr(variables, "coerced", variables)
    for directive in node.directives or ():
        given = directive.arguments[0].value
        held = values[given.name.value] if isinstance(given, VariableNode) else given.value
        if held == (directive.name.value == "skip"):
            return False
    return True


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _block(type_name: str) -> Any:
    """What encrypts ids of a type: one block of AES-256 over the customer's number and the row's."""
    return Cipher(algorithms.AES(hmac.digest(IDS_KEY, f"global id of {type_name}".encode(), "sha256")), modes.ECB())


def _global_id(type_name: str, owner: int, key: int) -> str:
    content = owner.to_bytes(8, "big") + key.to_bytes(8, "big")
    return f"{type_name}_1{_block(type_name).encryptor().update(content).hex()}"


def _from_global_id(text: str) -> tuple[str, int]:
    type_name, _, rest = text.partition("_")
    if type_name in {*TYPES.values(), *WAYS_TO_PAY.values()} and re.fullmatch("1[0-9a-f]{32}", rest):
        content = _block(type_name).decryptor().update(bytes.fromhex(rest[1:]))
        owner, key = int.from_bytes(content[:8], "big"), int.from_bytes(content[8:], "big")
        if 0 < owner < 2**63 and 0 < key < 2**63:
            return type_name, key
    raise GraphQLError("no global id")


def _sealed() -> AESSIV:
    return AESSIV(hmac.digest(IDS_KEY, b"cursors", "sha512"))


def _bound(grant: Grant, coordinate: str, newest: bool) -> list[bytes]:
    order = "descending" if newest else "ascending"
    return [each.encode() for each in (grant.client_id, str(grant.subject or 0), coordinate, order)]


def _cursor(grant: Grant, coordinate: str, newest: bool, key: int) -> str:
    sealed = _sealed().encrypt(key.to_bytes(8, "big"), _bound(grant, coordinate, newest))
    return urlsafe_b64encode(b"\x01" + sealed).decode().rstrip("=")


def _from_cursor(grant: Grant, coordinate: str, newest: bool, text: str) -> int:
    try:
        raw = urlsafe_b64decode(text + "==")
        return int.from_bytes(_sealed().decrypt(raw[1:], _bound(grant, coordinate, newest)), "big")
    except (ValueError, InvalidTag):
        raise GraphQLError("no cursor of this list") from None


def _normal(name: str, value: str) -> str:
    value = value.strip().lower()
    return value.rstrip(".") if name == "domain" else value


def lookups(people: Sequence[int]) -> Mapping[str, Mapping[str, Any]]:
    """The customers by what they can be looked up by, as they were registered."""
    found: dict[str, dict[str, Any]] = {each: {} for each in ("email", "customerNumber", "domain", "externalId")}
    shared: dict[str, dict[str, list[int]]] = {"phone": {}, "serviceName": {}}
    for place, (id_, person) in enumerate(zip(people, newcomers(), strict=True)):
        if place != EMPTIED:
            found["email"][_normal("email", person.email)] = id_
            for name, values in (("phone", [person.phone or ""]), ("serviceName", [s.name for s in person.services])):
                for value in filter(None, values):
                    shared[name].setdefault(value.lower(), []).append(id_)
        found["customerNumber"][_normal("customerNumber", person.customer_number or "")] = id_
        if person.external_id is not None and place != EMPTIED:
            found["externalId"][_normal("externalId", person.external_id)] = id_
        for service in person.services:
            if service.domain is not None:
                found["domain"][_normal("domain", service.domain.name)] = id_
    return found | shared
