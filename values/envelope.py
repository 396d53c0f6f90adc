"""A postal address as an envelope to its country has it: every part that was given, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from values.address_data import customs_of
from values.regions import fold

_WITHOUT_BLANKS = "\u2e80"
"""The first letter of the scripts of East Asia."""
_TOKEN = re.compile(r"%([A-Z])|([^%]+)")


def envelope(parts: Sequence[str | None]) -> list[str]:
    """Return the lines below the name, in the order of the country; `parts` are in the order of `PARTS`.

    Nothing is put in capitals, as some posts wish for towns: it cannot be undone (`ß`, `ı`).
    """
    street, street2, code, city, region, country = parts
    if country is None:
        return [each for each in (street, street2, " ".join(filter(None, (code, city))), region) if each]
    customs = customs_of(country)
    said = {"A": "\n".join(filter(None, (street, street2))), "C": city or "", "S": region or "", "Z": code or ""}
    text = "\n".join(_line(form, said) for form in _without_repeats(customs.form, said))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return [*(line for line in lines if line), customs.name]


def _line(form: str, said: Mapping[str, str]) -> str:
    """One line of the format; a separator stands only between two parts, a prefix only before its part."""
    made, literal = "", ""
    for part, text in _TOKEN.findall(form):
        if text:
            literal = text
        elif value := said.get(part, ""):
            made += (
                (literal if made.strip() or any(map(str.isalnum, literal)) else "")
                + _apart(made, literal, value)
                + value
            )
            literal = ""
    # A line of words alone, such as GIBRALTAR, stands on every envelope to there.
    return made if "%" in form else form


def _apart(made: str, literal: str, value: str) -> str:
    """A blank between two parts that the format puts side by side, such as town and province of MZ; none where both
    are in scripts that are written without blanks."""
    return " " if made and not literal and min(made[-1], value[0]) < _WITHOUT_BLANKS else ""


def _without_repeats(form: str, said: Mapping[str, str]) -> list[str]:
    """The lines of the format without a town that is the region or the country, too, and stands there already."""
    lines = form.split("%n")
    words = {fold(re.sub("%.", "", line)) for line in lines} | {fold(said["S"])}
    if fold(said["C"]) in words - {""}:
        lines = [line for line in lines if line != "%C"]
    return lines
