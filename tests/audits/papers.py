"""The demo company's controller file, and papers made with it."""

from __future__ import annotations

import re
from importlib.resources import files

from audits.forms.report import Report
from audits.papers.controller import Controller, read_controller
from audits.papers.notice import notice
from audits.papers.notice_report import notice_report
from audits.papers.registers import SCHEMA_ALONE, Registers
from audits.papers.texts import NoticeTexts
from audits.schema.facts import Facts
from audits.schema.sources import Text
from schema.api.build import own_model
from schema.audits.printed import own_facts

EXAMPLE = files("audits").joinpath("data/controller.example.toml").read_text("utf-8")
OURS = own_facts(own_model())


def controller(text: str = EXAMPLE) -> Controller:
    """The controller of a file's text."""
    return read_controller(Text("controller.toml", text))


def notice_in(language: str, facts: Facts = OURS, registers: Registers = SCHEMA_ALONE) -> Report:
    """The notice of a schema and registers."""
    return notice_report(facts, notice(facts, registers), controller(), NoticeTexts(language))


def without(path: str) -> str:
    """The example without one key (`dpo.name`), or without a whole table (`authority`)."""
    table, _, key = path.rpartition(".")
    if not table:
        start = EXAMPLE.index(f"\n{path} = [") if f"\n{path} = [" in EXAMPLE else None
        if start is not None:
            return EXAMPLE[:start] + EXAMPLE[EXAMPLE.index("]\n", start) + 2 :]
        return re.sub(rf"\n\[\[?{re.escape(path)}(\.to)?\]\]?\n(?:.*\n)*?(?=\n\[|\Z)", "\n", EXAMPLE + "\n")
    start = EXAMPLE.index(f"[{table}]\n")
    return EXAMPLE[:start] + re.sub(rf"^{key} = .*\n", "", EXAMPLE[start:], count=1, flags=re.M)
