"""Errors at the places of withheld fields, for clients that are registered to get them (`withhold-errors`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schema.core.errors import ErrorCode, ResponseError
from schema.decision.decision import Decision
from schema.execution.plans import Plan, Selection

ErrorPath = tuple[str | int, ...]


class WithheldError(Exception):
    """A field is withheld at a place; raised by the standard executor's resolvers."""

    def __init__(self, coordinate: str) -> None:
        super().__init__(coordinate)
        self.coordinate = coordinate


@dataclass(frozen=True, slots=True)
class WithheldFields:
    """The withheld fields of a selection and below, by response key."""

    here: tuple[tuple[str, str], ...]
    """Response keys with coordinates."""
    below: tuple[tuple[str, WithheldFields], ...]

    def places(self, value: Any, path: ErrorPath = ()) -> Iterator[tuple[ErrorPath, str]]:
        """Every place in a response where a field is withheld, with its coordinate."""
        if isinstance(value, list):
            for index, each in enumerate(value):
                yield from self.places(each, (*path, index))
        elif isinstance(value, dict):
            for key, coordinate in self.here:
                yield (*path, key), coordinate
            for key, fields in self.below:
                yield from fields.places(value[key], (*path, key))


def withheld_fields(plan: Plan) -> WithheldFields | None:
    """The withheld fields of a plan; None if a response alone does not tell where they are, which is by type."""
    return _of(plan.root)


def _of(selection: Selection) -> WithheldFields | None:
    here, below = [], []
    for key, each in selection.fields.items():
        if each.withheld:
            here.append((key, each.facts.coordinate))
            continue
        inner = [_of(one) for one in each.selections.values()]
        if any(one is None for one in inner):
            return None
        found = [one for one in inner if one is not None and (one.here or one.below)]
        if len(inner) > 1 and found:
            return None
        below += [(key, one) for one in found]
    return WithheldFields(tuple(here), tuple(below))


def withheld_error(decision: Decision, coordinate: str, path: ErrorPath) -> ResponseError:
    """The error at one place."""
    problem = decision.withheld[coordinate].problem(decision.purpose)
    return ResponseError(problem.code, problem.message, problem.locations, path, problem.details)


def errors_of_places(fields: WithheldFields, data: Any, decision: Decision, most: int) -> list[ResponseError]:
    """One error for each of the first places by path, and one that says how many more there are."""
    found = sorted(fields.places(data), key=lambda place: place[0])
    errors = [withheld_error(decision, coordinate, path) for path, coordinate in found[:most]]
    return errors if len(found) <= most else [*errors, _more(len(found) - most)]


def shortened(errors: Sequence[ResponseError], most: int) -> list[ResponseError]:
    """The errors with `most` of withheld fields, and one that says how many more there are."""
    withheld = [each for each in errors if each.code is ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE]
    if len(withheld) <= most:
        return list(errors)
    beyond = {id(each) for each in withheld[most:]}
    kept = [each for each in errors if id(each) not in beyond]
    return [*kept, _more(len(beyond))]


def _more(places: int) -> ResponseError:
    message = f"Fields are withheld at {places} more places; `extensions.withheld` lists all of them by coordinate."
    return ResponseError(ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE, message, details={"more": places})
