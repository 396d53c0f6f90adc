"""Fields of a sanitised copy that their category alone does not determine, and plain columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import encode_cbor

from gateway.demo.copies.generators import DEVICE, GENERATORS, Generator
from gateway.demo.copies.invented import InventedPerson, based
from gateway.demo.payments import BANKS
from gateway.demo.subscriptions import PRODUCTS
from policy.categories import Category
from policy.consents import CONSENT_KINDS
from policy.platforms import DEFAULT
from policy.wordings import VERSION, wording
from resolvers.clients.client_area import ID as AREA
from resolvers.factors.recovery import COUNT, kept, new_codes

Row = Mapping[str, Any]
Maker = Callable[[InventedPerson, Row, Any, int], Any]
"""Makes the value of a column from the customer, the row of the source, the column's value in it (a plain column's
alone: sealed ones are never opened) and the row's id in the copy."""

WORD = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
COORDINATE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}(\.[A-Za-z][A-Za-z0-9]{0,63})?")
TLD = re.compile(r"[a-z]{2,12}")
SCOPE = re.compile(r"[a-z_]{2,40}(:[a-z_]{2,40})?")
CURRENCY = re.compile(r"[A-Z]{3}")
RATE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")


def as_is(who: InventedPerson, row: Row, value: Any, id_: int) -> Any:
    """Numbers and marks that say nothing about a person: versions, counts, currencies."""
    return value


def shifted(who: InventedPerson, row: Row, value: Any, id_: int) -> Any:
    """A date: shifted and cut to the day."""
    return who.shifted(value)


def nothing(who: InventedPerson, row: Row, value: Any, id_: int) -> None:
    """No value: what refers to a person's letter, to a proof under other keys, or to a member of staff."""


def constant(said: Any, *_: Any) -> Any:
    """Always the same value."""
    return said


def word(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """A word of the program's, such as a purpose; anything else becomes OTHER."""
    return value if WORD.fullmatch(value) else "OTHER"


def coordinates(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """A JSON list of schema coordinates, without what is none."""
    try:
        listed = orjson.loads(value)
    except orjson.JSONDecodeError:
        listed = None
    found = listed if isinstance(listed, list) else []
    return orjson.dumps([each for each in found if isinstance(each, str) and COORDINATE.fullmatch(each)]).decode()


def scope(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """The scopes of OAuth, separated by spaces, without what is none."""
    return " ".join(each for each in value.split() if SCOPE.fullmatch(each))


def currency(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """The code of a currency (ISO 4217)."""
    return value if CURRENCY.fullmatch(value) else "EUR"


def rate(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """A rate of tax in per cent, which is the law's."""
    return value if RATE.fullmatch(value) else "0"


def client(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """A client that the copy has, too."""
    return value if value in who.clients else AREA


def tld(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """The top-level domain, whose registry's rules apply; one that is no short word becomes `com`."""
    return value if TLD.fullmatch(value) else "com"


def country(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    """The country of the invented address."""
    return who.person.country.code


def generated(generator: Generator, part: str = "") -> Maker:
    """The value of a generator of `gateway.demo.copies.generators`."""
    return lambda who, row, value, id_: generator(who, part)


def _external_id(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    return f"copy:{who.position}"


def _service_name(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    name = _domain(who) if row["kind"] == "DOMAIN" else _product(who, row["kind"])
    who.words["services", row["id"]] = name
    return name


def _domain(who: InventedPerson) -> str:
    return f"shop-{based(who.position)}-{who.number('domain')}.example"


def _product(who: InventedPerson, kind: str) -> str:
    return who.random.pick([name for of, name, _ in PRODUCTS if of == kind] or ["Service"])


def _domain_name(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    # One registration for a service: a second domain of the same service has a name of its own.
    return who.words.pop(("services", row["service_id"] or 0), "") or _domain(who)


def _login_name(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    nth = who.number(f"login {row['platform']}")
    if row["platform"] == DEFAULT and nth == 1:
        return who.person.email
    return f"u{based(who.position)}-{nth}@mail.example"


def _factor_secret(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    if row["kind"] == "RECOVERY_CODES":
        return kept(id_, new_codes()).text.decode()
    return who.signing.totp_secret if row["kind"] == "TOTP" else "passkey"


def _remaining(who: InventedPerson, row: Row, value: Any, id_: int) -> int:
    return COUNT


def _public_key(who: InventedPerson, row: Row, value: Any, id_: int) -> bytes:
    """A key of P-256 in COSE (RFC 9053, section 7.1.1) whose private half nobody has."""
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def _handle(who: InventedPerson, row: Row, value: Any, id_: int) -> bytes:
    return id_.to_bytes(16, "big")


def _shown(part: str) -> Maker:
    """The wording that was shown, in the language of the invented person: version, hash and language go together."""

    def made(who: InventedPerson, row: Row, value: Any, id_: int) -> Any:
        kind = row["kind"]
        assert kind in CONSENT_KINDS
        return getattr(wording(kind, who.person.language), part)

    return made


def _last4(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    return str(GENERATORS[Category.CARD_NUMBER](who, ""))[-4:]


def coarse(amount: int) -> int:
    """An amount with one digit other than zero: of its size, and nobody's bill."""
    if amount == 0:
        return 0
    size = int(10 ** (len(str(abs(amount))) - 1))
    return round(amount / size) * size


def _line_amount(who: InventedPerson, row: Row, value: Any, id_: int) -> int:
    return coarse(value)


def _total(who: InventedPerson, row: Row, value: Any, id_: int) -> int:
    """The sum of the lines in the copy, so that an invoice still adds up."""
    return who.totals.get(row["id"]) or coarse(value)


def _tax(who: InventedPerson, row: Row, value: Any, id_: int) -> int:
    """The same share of the total as it was: a rate is the law's."""
    return _total(who, row, row["amount_minor"], id_) * value // row["amount_minor"] if row["amount_minor"] else 0


def _invoice_number(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    return f"D{who.position:09d}-{who.number('invoice'):04d}"


def _erasure_state(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    # What is being carried out there begins here from its start.
    return "SCHEDULED" if value == "ERASING" else str(value)


def _reference(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    return f"DEV-{based(who.position).upper()}-{who.number('reference')}"


def _recipient(who: InventedPerson, row: Row, value: Any, id_: int) -> str:
    kind = str(row.get("recipient_kind") or row.get("kind")).replace("_", " ").lower()
    return f"Example {kind} {who.number('recipient')}"


def _person(part: str) -> Maker:
    return lambda who, row, value, id_: getattr(who.person, part)


FIELDS: Final[Mapping[str, Maker]] = {
    "consents.language": _shown("language"),
    "consents.source": partial(constant, "development-copy"),
    "consents.wording_hash": _shown("hash"),
    "consents.wording_version": _shown("version"),
    "cookie_choices.wording_version": partial(constant, VERSION),
    "credentials.login_name": _login_name,
    "credentials.password_hash": lambda who, row, value, id_: who.signing.hashes[row["platform"]],
    "customer_changes.client": client,
    "customer_changes.fields": coordinates,
    "customers.external_id": _external_id,
    "customers.locale": _person("locale"),
    "customers.version": as_is,
    "disclosures.fields": coordinates,
    "disclosures.legal_basis": word,
    "disclosures.purpose": word,
    "disclosures.recipient_country": country,
    "disclosures.recipient_name": _recipient,
    "disclosures.trigger": _reference,
    "domains.name": _domain_name,
    "domains.registrant_country": country,
    "domains.tld": tld,
    "domains.version": as_is,
    "erasures.attempts": partial(constant, 0),
    "erasures.certificate": nothing,
    "erasures.erased_now": coordinates,
    "erasures.files_at": nothing,
    "erasures.files_statement": nothing,
    "erasures.fingerprint": nothing,
    "erasures.holds": nothing,
    "erasures.leased_until": nothing,
    "erasures.letter_statement": nothing,
    "erasures.number": nothing,
    "erasures.recipients_due_at": nothing,
    "erasures.recipients_statement": nothing,
    "erasures.state": _erasure_state,
    "erasures.step": nothing,
    "erasures.trouble": nothing,
    "erasures.unobserved": partial(constant, False),
    "erasures.warnings": as_is,
    "invoice_lines.amount_minor": _line_amount,
    "invoice_lines.currency": currency,
    "invoice_lines.quantity": partial(constant, "1"),
    "invoice_lines.tax_rate": rate,
    "invoices.amount_minor": _total,
    "invoices.currency": currency,
    "invoices.number": _invoice_number,
    "invoices.tax_minor": _tax,
    "legal_holds.basis": partial(constant, "Example law, section 1"),
    "legal_holds.fields": coordinates,
    "legal_holds.reference": _reference,
    "notice_recipients.answer": word,
    "notice_recipients.country": country,
    "notice_recipients.name": _recipient,
    "notice_recipients.outbox_id": nothing,
    "notice_recipients.tries": as_is,
    "notice_recipients.trouble": nothing,
    "notices.fields": coordinates,
    "oauth_consents.client_name": partial(constant, "Example application"),
    "oauth_consents.scope": scope,
    "objections.letter_id": nothing,
    "objections.purpose": word,
    "passkeys.handle": _handle,
    "passkeys.public_key": _public_key,
    "passkeys.sign_count": partial(constant, 0),
    "payment_methods.bank_name": lambda who, row, value, id_: who.random.pick(BANKS),
    "payment_methods.card_last4": _last4,
    "payment_methods.paypal_account": _person("email"),
    "processing_stops.subject": word,
    "restrictions.letter_id": nothing,
    "restrictions.reference": _reference,
    "rights_events.purpose": word,
    "rights_events.reference": _reference,
    "rights_requests.entry": nothing,
    "rights_requests.paused_seconds": as_is,
    "rights_requests.purpose": word,
    "rights_requests.reference": _reference,
    "rights_requests.second_signature": nothing,
    "rights_requests.signature": nothing,
    "second_factors.last_timecode": nothing,
    "second_factors.remaining": _remaining,
    "second_factors.secret": _factor_secret,
    "services.name": _service_name,
    "sessions.device": generated(DEVICE),
    "sign_ins.device": generated(DEVICE),
}
"""By `table.column`. A plain text, number or mark that is not here fails a test: nothing is copied by oversight."""
