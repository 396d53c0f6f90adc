"""The frame of every sign-in page, and the parts that forms are made of; both are templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.http.templates import page
from gateway.signin.frame.markup import Attribute, Child, Markup, flat, joined, named, parts
from gateway.signin.frame.words import WORDS
from resolvers.passwords.text import CLASSES


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language."""

    tag: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page around its content."""

    language: str
    title: str
    site: str
    languages: Sequence[LanguageLink]
    wide: bool = False


def document(shell: Shell, *children: Child) -> str:
    """A whole page."""
    around = {"title": shell.title, "site": shell.site, "languages": shell.languages, "wide": shell.wide}
    return page("signin.html", shell.language, content=list(flat(children)), **around)


def notice(text: Child, kind: str = "note", title: str | None = None) -> Markup:
    """Something to know."""
    made: Markup = parts().notice(joined(text), kind, title)
    return made


def entry(
    name: str,
    label: str,
    kind: str = "text",
    hint: str | None = None,
    errors: Sequence[str] = (),
    **attributes: Attribute,
) -> Markup:
    """A labelled field."""
    made: Markup = parts().entry(name, label, kind, hint, errors, named(attributes))
    return made


def tick(name: str, label: str, hint: str | None = None, ticked: bool = False) -> Markup:
    """A box to tick."""
    made: Markup = parts().tick(name, label, hint, ticked)
    return made


def button(text: str, plain: bool = False, **attributes: Attribute) -> Markup:
    """A button that sends its form."""
    made: Markup = parts().button(text, plain, named(attributes))
    return made


def links(*items: tuple[str, str]) -> Markup:
    """Other ways to go."""
    made: Markup = parts().links(items)
    return made


def meter(language: str, present: Sequence[str], length: int, least: int, field: str) -> Markup:
    """The length that counts, and the four kinds of characters, there or missing (R37)."""
    there = {"length": length >= least} | {kind: kind in present for kind in CLASSES}
    rows = [(kind, WORDS.say(language, kind, least=least), is_there) for kind, is_there in there.items()]
    states = (WORDS.say(language, "present"), WORDS.say(language, "missing"))
    made: Markup = parts().meter(rows, *states, field, least)
    return made


def paragraph(text: str, **attributes: Attribute) -> Markup:
    """Plain words."""
    made: Markup = parts().paragraph(text, named(attributes))
    return made


__all__ = [
    "LanguageLink", "Shell", "button", "document", "entry", "joined", "links", "meter", "notice", "paragraph", "tick",
]  # fmt: skip
