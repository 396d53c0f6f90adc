"""The one maker of the gateway's pages: Jinja2 with autoescape, over `gateway/templates`."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment

from gateway.addresses.below import addressed
from messages.catalogue import SOURCE
from messages.templates import environment


@cache
def templates() -> Environment:
    """Made once a process; templates are compiled when they are first asked for."""
    return environment("gateway")


def page(name: str, language: str = SOURCE, **values: Any) -> str:
    """A page from its template; jinja2.UndefinedError for a value that it needs and is not given."""
    return addressed(templates().get_template(name).render(values, language=language))
