"""Templates of pages, in which everything put in is escaped, and of plain text; both in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from messages.catalogue import translate
from messages.dates import direction
from messages.message import Message, Text

LAYOUTS: Final = Path(__file__).parent / "layouts"
"""The folder of layouts that pages of several packages extend."""

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text with a sign for each character that would hide something, or turn its direction."""
    return _UNSEEN.sub("\ufffd", text)


def environment(package: str, shown: Callable[[str], str] = visible) -> Environment:
    """The templates of a package, in its folder `templates`: a name that is not given is an error.

    Pages (`.html`) escape what is put in; plain text (`.txt`) has nothing to escape. `shown` goes over every text
    that is put in, but not over markup of ours. Templates say `translate("English", name=value)` for a message, in the
    language that is given to them as `language`.
    """

    def finalize(value: Any) -> Any:
        return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    made = Environment(
        loader=FileSystemLoader([str(files(package).joinpath("templates")), str(LAYOUTS)]),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"translate": _translate, "direction": direction}
    return made


@pass_context
def _translate(context: Context, text: Text, **parameters: Any) -> str:
    message = text if isinstance(text, Message) else Message(text, None, None, **parameters)
    return translate(message, context["language"])
