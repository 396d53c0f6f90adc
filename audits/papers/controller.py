"""The facts of the notice that only the controller knows: its identity, contacts, and transfers of data (A15).

None of them is invented: a notice or record without them is refused, with a list of the missing ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audits.papers.controller_checks import errors
from audits.schema.sources import Text, UnreadableError
from messages.catalogue import languages
from policy.recipients import Recipient


@dataclass(frozen=True, slots=True)
class Party:
    """A person or an organisation with a contact."""

    name: str
    email: str
    address: str = ""
    none: Mapping[str, str] | None = None
    """The reason why there is none, by language."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer of data to another country."""

    recipient: Recipient
    country: str
    safeguards: Mapping[str, str]
    """The safeguards, by language."""


@dataclass(frozen=True, slots=True)
class Controller:
    """The validated controller's file."""

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
    """The reason why there are no transfers, by language."""
    rights: Mapping[str, str]
    obligation: Mapping[str, str]
    automated: Mapping[str, str]
    measures: tuple[str, ...]
    source: str
    """The name of the file."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Those in which the gateway has words and the file says everything that people read."""
        said = [self.rights, self.obligation, self.automated, *(each.safeguards for each in self.transfers)]
        said += filter(None, (self.no_transfers, self.dpo.none, self.representative.none))
        return tuple(language for language in languages() if all(language in each for each in said))


def read_controller(text: Text) -> Controller:
    """Parse the controller's file; UnreadableError lists everything that is missing or unknown, with the article."""
    try:
        given = tomllib.loads(text.text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(f"{text.name}: {error}.") from error
    if found := errors(given):
        listed = "\n".join(f"  - {fault}" for fault in found)
        raise UnreadableError(
            f"{text.name} leaves out what only the controller knows, and nothing of it is invented:\n{listed}\n"
            "An example: `gateway audit notice --example > controller.toml`."
        )
    return _controller(given, text.name)


def _controller(given: Mapping[str, Any], source: str) -> Controller:
    # `errors` has checked every key and name, so that no lookup below can fail.
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
    return dict.fromkeys(languages(), given) if isinstance(given, str) else given
