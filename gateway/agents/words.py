"""Outcomes of the API in words that a language model can act on: what was refused, why, and whom to ask for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from policy.decision import Reason
from schema.documents.requests import RequestOutcome

NOTHING: Final = "Nothing was read, and nothing was changed."

OTHER_PURPOSE: Final = (
    "Go on without it, and do not look for it elsewhere. If the errand cannot do without it, ask the person you work "
    "for: a colleague who works for such a purpose can read it, and whoever registers clients can grant it."
)
ADVICE: Final[Mapping[str, str]] = {
    "PURPOSE_NOT_ALLOWED": OTHER_PURPOSE,
    "PURPOSE_NOT_GRANTED": "Ask the person you work for: whoever registers clients can grant this purpose.",
    "PURPOSE_REQUIRED": "Call the tool again, and state the purpose in its argument.",
    "PURPOSE_DISABLED": "Nobody can read for this purpose yet. Tell the person you work for.",
    "DOCUMENT_PURPOSE_MISMATCH": "Call the tool again without a purpose of your own.",
    "SCOPE_MISSING": "Ask the person you work for: whoever registers clients can grant it.",
    "REFERENCE_REQUIRED": "Ask the person you work for the number of the case, and call the tool again with it. "
    "Never invent one: it is recorded, and the customer sees it.",
    "REFERENCE_MALFORMED": "Ask the person you work for the number of the case, without any personal data in it.",
    "FIRST_PARTY_ONLY": "No app of others can have it. Tell the person you work for.",
    "NOT_IN_UNDERTAKING": "The contract of the partner does not name it. Tell the person you work for.",
}
"""By the reason of a refusal."""
ADVICE_OF_CODE: Final[Mapping[str, str]] = {
    "BAD_USER_INPUT": "Correct the arguments by the schema of the tool, and call it again.",
    "INVALID_ID": "Use an id exactly as a tool returned it.",
    "INVALID_CURSOR": "Use a cursor exactly as the same tool returned it.",
    "AMBIGUOUS": "Ask the person you work for what tells the customers apart.",
    "STEP_UP_REQUIRED": "Ask the customer to sign in again; a new access token is needed.",
    "MUTATION_NOT_ALLOWED": "This changes something, and is not published for agents. Ask a person to do it.",
    "THROTTLED": "Wait as long as it says, then go on; ask for less at once.",
    "TOO_MANY_CUSTOMERS": "Stop. Tell the person you work for how many customers the errand is about.",
    "PERSISTED_DOCUMENT_NOT_FOUND": "The tool is not published any more: list the tools again.",
    "INTERNAL": "Do not try again. Tell the person you work for the number of the incident.",
    "LEDGER_BEHIND": "Do not try again. Tell the person you work for that an operator must act.",
}
"""By the code of an error."""
LAST: Final = "If the same happens again, stop, and tell the person you work for what you were told here."
NO_TOOL: Final = "This client has no such tool: list the tools. What none of them does, ask a person to do."


def failure(kind: RequestOutcome, errors: Sequence[Mapping[str, Any]]) -> str:
    """The text of a call that was not answered, from the errors of its GraphQL response."""
    refused = kind in (RequestOutcome.REFUSED, RequestOutcome.STEP_UP_REQUIRED, RequestOutcome.METHOD_NOT_ALLOWED)
    lines = [f"Refused. {NOTHING}" if refused else f"Not done: {kind.name.lower().replace('_', ' ')}."]
    lines += [f"- {_line(each)}" for each in errors]
    advice = dict.fromkeys(_advice(each) for each in errors)
    return "\n".join([*lines, *advice])


def partly(errors: Sequence[Mapping[str, Any]]) -> str:
    """The text beside an answer of which some fields failed."""
    return "\n".join(["Not all of it could be answered:", *(f"- {_line(each)}" for each in errors)])


def unknown_arguments(unknown: Sequence[str], known: Sequence[str]) -> str:
    """The text of a call with arguments that the tool does not have; only their number is repeated (D1)."""
    takes = ", ".join(known) or "none"
    return f"Not done: {len(unknown)} of the arguments are none of this tool's. It takes: {takes}. Call it again."


def _line(error: Mapping[str, Any]) -> str:
    """The error's own message; of a refused purpose its reason, as that message speaks of headers and directives."""
    found = error.get("extensions", {})
    if found.get("code") != "PURPOSE_REFUSED":
        return str(error["message"])
    said = Reason[found["reason"]].text
    if allowed := found.get("allowedPurposes"):
        said += f" It has: {', '.join(allowed)}."
    return said + (f" The form of a reference is {found['expected']}." if found.get("expected") else "")


def _advice(error: Mapping[str, Any]) -> str:
    found = error.get("extensions", {})
    return ADVICE.get(found.get("reason", "")) or ADVICE_OF_CODE.get(found.get("code", "")) or LAST
