"""Catalogues as files: one that has every message of the product, and how it is written (gettext's `.po`)."""

from __future__ import annotations

from collections.abc import Set
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from messages.catalogue import known
from messages.extraction import SourceMessage
from messages.lint import source_of


def template(wanted: Set[SourceMessage], language: str, there: Catalog | None = None) -> Catalog:
    """A catalogue of all messages, with those translations that there are already and with none of what is gone."""
    made = there or Catalog(locale=language.replace("-", "_") if known(language) else None, charset="utf-8")
    kept = {source_of(each): each for each in made if each.id}
    for key, each in kept.items():
        if key not in wanted:
            made.delete(each.id, context=each.context)
    for new in wanted - kept.keys():
        made.add((new.id, new.plural) if new.plural else new.id, context=new.context or None)
    return made


def written(catalogue: Catalog, language: str) -> str:
    """The file: sorted, without dates and places, so that a change of one message is a change of its lines."""
    made = BytesIO()
    write_po(made, catalogue, width=0, omit_header=True, no_location=True, sort_output=True)
    return HEADER.format(language=language, plurals=catalogue.plural_forms) + made.getvalue().decode()


HEADER = """# The ids are the English sentences; {{name}} stands for what is put in.
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
