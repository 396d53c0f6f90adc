"""What only the controller knows and the notice must say: who it is, whom to ask, where data goes (A15).

Nothing of it is invented: a notice or record without it is not made, and the refusal names what is missing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audits.sources import Text, Unreadable
from policy.recipients import Recipient

LANGUAGES: Final = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Needed:
    """One thing the file must say; `by_language` if people read it as it stands."""

    path: str
    what: str
    article: str
    by_language: bool = False


NEEDED: Final = (
    Needed("controller.name", "the controller's registered name", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.address", "its postal address", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.country", "its country, two letters (ISO 3166-1)", "Art. 13(1)(a)"),
    Needed("controller.email", "the address for questions about privacy", "Art. 13(1)(a), 30(1)(a)"),
    Needed("controller.notice_url", "where the notice is published", "Art. 12(1)"),
    Needed("dpo.name", "the data protection officer", "Art. 13(1)(b), 30(1)(a)"),
    Needed("dpo.email", "how to reach the officer", "Art. 13(1)(b), 30(1)(a)"),
    Needed("eu_representative.name", "the representative in the Union", "Art. 13(1)(a), 27, 30(1)(a)"),
    Needed("eu_representative.email", "how to reach the representative", "Art. 13(1)(a), 27"),
    Needed("authority.name", "the supervisory authority for complaints", "Art. 13(2)(d)"),
    Needed("authority.website", "its web site", "Art. 13(2)(d)"),
    Needed("transfers", "countries outside that receive data, or `none` with the reason", "Art. 13(1)(f), 30(1)(e)"),
    Needed("rights.how", "how people exercise their rights", "Art. 12(2), 13(2)(b)", by_language=True),
    Needed("obligation.text", "what happens when data is not given", "Art. 13(2)(e)", by_language=True),
    Needed("automated_decisions.text", "whether decisions are automated, and how", "Art. 13(2)(f)", by_language=True),
    Needed("measures", "a list of security measures beyond the gateway's own", "Art. 30(1)(g)"),
)
OPTIONAL: Final = {
    "controller.phone",
    "authority.address",
    "eu_representative.address",
    "dpo.phone",
    "joint_controllers",
}
EXCUSABLE: Final = ("dpo", "eu_representative", "transfers")
"""May say `none = "why"` instead: silence is not an answer, a reason is."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a name and a way to be reached."""

    name: str
    email: str
    address: str = ""
    none: Mapping[str, str] | None = None
    """Why there is nobody, by language."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Data that goes to another country."""

    recipient: Recipient
    country: str
    safeguards: Mapping[str, str]
    """By language."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The file, checked."""

    name: str
    address: str
    country: str
    email: str
    phone: str
    notice_url: str
    joint: tuple[str, ...]
    dpo: Party
    representative: Party
    authority: str
    authority_site: str
    transfers: tuple[Transfer, ...]
    no_transfers: Mapping[str, str] | None
    """Why there are none, by language."""
    rights: Mapping[str, str]
    obligation: Mapping[str, str]
    automated: Mapping[str, str]
    measures: tuple[str, ...]
    source: str
    """The file's name."""


def read_controller(text: Text) -> Controller:
    """The controller's file; Unreadable names everything that is missing or unknown, with the article that asks."""
    try:
        given = tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"{text.name}: {error}.") from error
    if faults := [*_missing(given), *_unknown(given), *_odd(given), *_transfer_faults(given)]:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise Unreadable(
            f"{text.name} leaves out what only the controller knows, and nothing of it is invented:\n{listed}\n"
            "An example: `gateway audit notice --example > controller.toml`."
        )
    return _controller(given, text.name)


def _controller(given: Mapping[str, Any], source: str) -> Controller:
    own, transfers = given["controller"], given["transfers"]
    return Controller(
        name=own["name"],
        address=own["address"],
        country=own["country"],
        email=own["email"],
        phone=own.get("phone", ""),
        notice_url=own["notice_url"],
        joint=tuple(given.get("joint_controllers", ())),
        dpo=_party(given["dpo"]),
        representative=_party(given["eu_representative"]),
        authority=", ".join(filter(None, (given["authority"]["name"], given["authority"].get("address")))),
        authority_site=given["authority"]["website"],
        transfers=tuple(
            Transfer(Recipient[each["recipient"]], each["country"], _sentences(each["safeguards"]))
            for each in transfers.get("to", ())
        ),
        no_transfers=_sentences(transfers["none"]) if "none" in transfers else None,
        rights=given["rights"]["how"],
        obligation=given["obligation"]["text"],
        automated=given["automated_decisions"]["text"],
        measures=tuple(given["measures"]),
        source=source,
    )


def _party(given: Mapping[str, Any]) -> Party:
    none = _sentences(given["none"]) if "none" in given else None
    return Party(given.get("name", ""), given.get("email", ""), given.get("address", ""), none)


def _sentences(given: str | Mapping[str, str]) -> Mapping[str, str]:
    """A sentence by language; one that is written once stands for all."""
    return dict.fromkeys(LANGUAGES, given) if isinstance(given, str) else given


def _at(given: Mapping[str, Any], path: str) -> Any:
    found: Any = given
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _missing(given: Mapping[str, Any]) -> Iterator[str]:
    for each in NEEDED:
        section = each.path.partition(".")[0]
        if section in EXCUSABLE and _said(_at(given, f"{section}.none")):
            continue
        value = _at(given, each.path)
        paths = [f"{each.path}.{language}" for language in LANGUAGES] if each.by_language else [each.path]
        if each.path == "transfers":
            if not _at(given, "transfers.to"):
                yield f"transfers.to or transfers.none: {each.what} ({each.article})"
        elif each.path == "measures":
            if not isinstance(value, list) or not value or not all(map(_said, value)):
                yield f"measures: {each.what} ({each.article})"
        else:
            yield from (f"{path}: {each.what} ({each.article})" for path in paths if not _said(_at(given, path)))


def _said(value: object) -> bool:
    if isinstance(value, Mapping):
        return set(value) == set(LANGUAGES) and all(map(_said, value.values()))
    return isinstance(value, str) and bool(value.strip())


def _unknown(given: Mapping[str, Any]) -> Iterator[str]:
    """A misspelt key is a fact that is not told."""
    known = {each.path for each in NEEDED} | OPTIONAL | {f"{section}.none" for section in EXCUSABLE}
    spoken = [each.path for each in NEEDED if each.by_language] + [f"{section}.none" for section in EXCUSABLE]
    known |= {f"{path}.{language}" for path in spoken for language in LANGUAGES}
    known |= {"transfers.to"}
    for path in _paths(given):
        if path not in known and not any(each.startswith(f"{path}.") for each in known):
            yield f"{path}: there is no such key"


def _odd(given: Mapping[str, Any]) -> Iterator[str]:
    """What has another form than words: a number for an address would end in the notice as it is."""
    for key, value in given.items():
        if key in ("measures", "joint_controllers"):
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                yield f"{key}: a list of sentences"
        elif not isinstance(value, Mapping):
            yield f"{key}: a table [{key}]"
        elif key == "transfers" and not isinstance(value.get("to", []), list):
            yield "transfers.to: tables [[transfers.to]]"
        else:
            wrong = (name for name, each in value.items() if not isinstance(each, (str, Mapping, list)))
            yield from (f"{key}.{name}: text in quotation marks" for name in wrong)


def _paths(given: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in given.items():
        path = f"{before}{key}"
        yield path
        if isinstance(value, Mapping):
            yield from _paths(value, f"{path}.")


def _transfer_faults(given: Mapping[str, Any]) -> Iterator[str]:
    listed = _at(given, "transfers.to") or ()
    for number, each in enumerate(listed if isinstance(listed, list) else (), 1):
        for key in ("recipient", "country", "safeguards"):
            if not isinstance(each, Mapping) or not _said(each.get(key)):
                yield f"transfers.to, entry {number}: {key} (Art. 13(1)(f), 30(1)(e))"
            elif key == "recipient" and each[key] not in Recipient.__members__:
                yield f"transfers.to, entry {number}: recipient is one of {', '.join(Recipient.__members__)}"
