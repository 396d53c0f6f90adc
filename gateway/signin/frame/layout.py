"""The frame of every sign-in page, and the parts that forms are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.signin.frame.markup import Child, Markup, joined, tag
from gateway.signin.frame.words import WORDS
from resolvers.passwords.text import CLASSES


@dataclass(frozen=True, slots=True)
class Shell:
    """What is around the content."""

    language: str
    title: str
    site: str
    languages: Markup
    wide: bool = False


def document(shell: Shell, *children: Child) -> str:
    """A whole page; its only scripts are files of this house, and it works without them."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("title", f"{shell.title} · {shell.site}"),
        tag("link", rel="icon", href="/static/icon.svg", type="image/svg+xml"),
        tag("link", rel="stylesheet", href="/static/house.css"),
        tag("link", rel="stylesheet", href="/static/signin.css"),
        tag("script", src="/static/signin.js", defer=True),
    )
    brand = tag(
        "header", tag("a", tag("img", src="/static/icon.svg", alt="", width=28, height=28), shell.site, href="/")
    )
    choices = tag("a", WORDS.say(shell.language, "edit_choices"), href=f"/cookies?lang={shell.language}")
    foot = tag("footer", shell.languages, " · ", choices)
    main = tag("main", tag("h1", shell.title), *children, class_="wide" if shell.wide else None)
    body = tag("body", brand, main, foot, class_="signin")
    return "<!doctype html>\n" + tag("html", head, body, lang=shell.language)


def notice(text: Child, kind: str = "note", title: str | None = None) -> Markup:
    """Something to know; screen readers say an error at once."""
    role = "alert" if kind == "error" else "status"
    return tag("div", tag("strong", title) if title else None, tag("p", text), class_=f"notice {kind}", role=role)


def entry(
    name: str,
    label: str,
    kind: str = "text",
    hint: str | None = None,
    errors: Sequence[str] = (),
    **attributes: str | int | bool | None,
) -> Markup:
    """A labelled field; what is wrong with it stands below it, and is tied to it for those who listen."""
    told = [f"{name}-{part}" for part, there in (("hint", hint), ("error", errors)) if there]
    field = tag(
        "input",
        id=name,
        name=name,
        type=kind,
        aria_describedby=" ".join(told) or None,
        aria_invalid="true" if errors else None,
        **attributes,
    )
    faults = tag("ul", [tag("li", each) for each in errors], id=f"{name}-error", class_="errors") if errors else None
    about = tag("p", hint, id=f"{name}-hint", class_="hint") if hint else None
    return tag("div", tag("label", label, for_=name), about, field, faults, class_="field")


def tick(name: str, label: str, hint: str | None = None, ticked: bool = False) -> Markup:
    """A box to tick."""
    box = tag(
        "input", id=name, name=name, type="checkbox", value="yes", checked=ticked, aria_describedby=f"{name}-hint"
    )
    about = tag("p", hint, id=f"{name}-hint", class_="hint") if hint else None
    return tag("div", box, tag("label", label, for_=name), about, class_="tick")


def button(text: str, plain: bool = False, **attributes: str | bool | None) -> Markup:
    """A button that sends its form."""
    return tag("button", text, type="submit", class_="plain" if plain else None, **attributes)


def links(*items: tuple[str, str]) -> Markup:
    """Other ways to go."""
    return tag("ul", [tag("li", tag("a", text, href=address)) for text, address in items], class_="links")


def meter(language: str, present: Sequence[str], length: int, least: int, field: str) -> Markup:
    """The length that counts, and the four kinds of characters, there or missing (R37); a script keeps it up while one
    types."""
    items = [_row(language, "length", length >= least, least)]
    items += [_row(language, kind, kind in present, least) for kind in CLASSES]
    return tag("ul", items, class_="meter", data_meter=field, data_least=str(least))


def _row(language: str, kind: str, there: bool, least: int) -> Markup:
    said = [WORDS.say(language, "present"), WORDS.say(language, "missing")]
    state = tag("span", said[0] if there else said[1], class_="state", data_present=said[0], data_missing=said[1])
    named = WORDS.say(language, kind, least=least)
    return tag("li", named, " ", state, data_kind=kind, class_="there" if there else None)


def paragraph(text: str, **attributes: str | None) -> Markup:
    """Plain words."""
    return tag("p", text, **attributes)


__all__ = [
    "Shell", "button", "document", "entry", "joined", "links", "meter", "notice", "paragraph", "tick",
]  # fmt: skip
