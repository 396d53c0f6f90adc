"""What people type, as each kind of value is read: addresses, names, numbers, passwords, and what they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from gateway.access.dpop import Call, DPoPVerifier
from policy.purposes import Purpose
from policy.registered import AffiliateRegistration, offences
from policy.transport import is_encrypted
from resolvers.account.passwords import measure, password_problems
from resolvers.events.references import REFERENCES, may_be_personal
from resolvers.inputs import values as import_values
from resolvers.inputs.texts import InputReader
from resolvers.passwords.lists import shipped
from resolvers.passwords.rules import Rules
from resolvers.passwords.text import normal, too_long
from store.crypto.blind_index import Lookup, blind_index
from tests.promises.foreign import Read, each_of
from values import domain_name, mailbox, postal_code
from values.country import read_country
from values.date_time import read_day, read_day_or_moment, read_moment
from values.hosts import host_to_ascii, url_to_ascii
from values.lines import read_line
from values.person_name import read_name
from values.postal_code import PostalCodeError, read_postal_code
from values.regions import find_region
from values.scripts import mixes_scripts

RULES = Rules(12, True, (shipped(),))
PROOFS = DPoPVerifier(None, None, frozenset({"https://data.example"}), float)  # type: ignore[arg-type]
ADDRESSES = ("https://{}.example/", "https://{}/", "https://a.example/{}", "https://{}@a.example/")


def password_of(text: str) -> object:
    """A new password, as it is judged and measured."""
    password = normal(text)
    return too_long(password) or (password_problems(password, ["Ada"], RULES), measure(password, ["Ada"]))


def address_of(text: str) -> None:
    """An address of the web, by each reader of such."""
    for form in ADDRESSES:
        url = form.format(text)
        each_of(is_encrypted, url_to_ascii, lambda url: offences(AffiliateRegistration(url, "CH")))(url)
        PROOFS._is_for({"htu": url, "htm": "POST"}, Call("POST", "/oauth/token"))


def _postal_code_of(text: str) -> None:
    for country in ("GB", "LV", "QA"):
        with suppress(PostalCodeError):
            read_postal_code(text, country)


VALUES: Mapping[str, Read] = {
    "a domain": each_of(
        domain_name.lookup_form,
        lambda text: domain_name.lookup_form(f"{text}.example"),
        lambda text: domain_name.lookup_form(f"xn--{text}.example"),
        lambda text: domain_name.to_unicode(f"xn--{text}.example"),
        import_values.domain,
    ),
    "an e-mail address": each_of(
        lambda text: mailbox.lookup_form(f"a@{text}.example"),
        lambda text: mailbox.lookup_form(f"{text}@a.example"),
        lambda text: mailbox.read_mailbox(f"{text}@a.example"),
        import_values.email,
    ),
    "a host": host_to_ascii,
    "an address of the web": address_of,
    "a line": each_of(read_line, lambda text: InputReader({"x": text}, ("input",)).line("x")),
    "a name": each_of(read_name, import_values.name, mixes_scripts),
    "a telephone number": each_of(
        lambda text: import_values.phone(f"+41{text}"), lambda text: InputReader({"x": f"+41{text}"}).phone("x")
    ),
    "a region": each_of(lambda text: find_region(text, "US"), lambda text: find_region(text, "CN")),
    "a postal code": lambda text: _postal_code_of(text[: postal_code.LONGEST]),
    "a language": import_values.language,
    "a country": read_country,
    "a customer number": import_values.number,
    "a moment": each_of(read_moment, read_day, lambda text: read_day_or_moment(f"2026-11-29T{text}")),
    "a reference": each_of(
        lambda text: REFERENCES.fits(Purpose.EMERGENCY_CONTACT, f"INC-{text}"),
        lambda text: may_be_personal(f"12345678{text}"),
    ),
    "a password": normal,
    "a new password": password_of,
    "a look-up": lambda text: [blind_index(b"k" * 32, each, text) for each in Lookup],
}
