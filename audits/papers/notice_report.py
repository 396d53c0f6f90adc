"""The text of the privacy notice in English or French: the facts of `audits.papers.notice` and those of the
controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from audits.forms.findings import schema_source
from audits.forms.report import Cell, Report, Section, Table, cell, link
from audits.papers.companies import Company
from audits.papers.controller import Controller
from audits.papers.notice import DataRow, PrivacyNotice, SharingCase, Use
from audits.papers.notice_data import notice_data
from audits.papers.texts import NoticeTexts
from audits.schema.facts import Facts
from policy.bases import LegalBasis
from policy.categories import Category
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.registries import LEGAL, NATURAL, Publishing

PARTS: Final = {
    "name_address": ("profile", "/#profile"),
    "email": ("profile", "/#profile"),
    "phone": ("profile", "/#profile"),
    "login": ("security", "/#security"),
    "ip": ("security", "/#security"),
    "payment": ("payments", "/#payments"),
    "invoices": ("payments", "/#payments"),
    "services": ("services", "/#services"),
    "domain_owner": ("services", "/#services"),
    "preferences": ("choices", "/#choices"),
    "cookies": ("choices", "/cookies"),
    "disclosures": ("readers", "/#readers"),
}
"""By row of the notice: the part of the client area where the person does something about it."""
EXPORT: Final = ("mine", "/#mine")


def notice_report(facts: Facts, found: PrivacyNotice, controller: Controller | None, texts: NoticeTexts) -> Report:
    """Return the whole notice, in the order of the company's own, then the further information of GDPR Art. 13.

    Without the controller's facts it is not a complete notice, and says so in their place.
    """
    words = _Words(found, controller, texts)
    sections = list(words.sections())
    return Report(
        "notice",
        texts.prose("title", name="…" if controller is None else controller.name),
        texts.prose("lead"),
        sections,
        notice_data(found, texts),
        sources=schema_source(facts) | ({} if controller is None else {"Controller": controller.source}),
        language=texts.language,
        ways=((texts.prose("do.account"), "/"), (texts.prose("do.edit"), "/cookies")),
        rows=words.data_table(),
    )


class _Words:
    def __init__(self, found: PrivacyNotice, controller: Controller | None, texts: NoticeTexts) -> None:
        self.found, self.controller, self.texts = found, controller, texts
        self.say = texts.prose

    def sections(self) -> Iterator[Section]:
        """Yield every section; each heading is a key of the prose."""
        say, found = self.say, self.found
        yield Section(say("section.data"), [say("data.lead")], table=self.data_table())
        limits = [say("limits.sale"), *map(self.texts.rule, found.limits), say("limits.minimum")]
        yield Section(say("section.limits"), bullets=limits)
        lead = [say("sharing.lead", count=len(found.sharing)), *self.unread(), *self.transfers()]
        yield Section(say("section.sharing"), lead, table=self.sharing_table())
        if found.registries:
            yield Section(say("section.registries"), [say("registries.lead")], table=self.registries_table())
        yield Section(say("section.cookies"), [say("cookies.change")], [self.purpose(each) for each in found.cookies])
        yield Section(say("section.change"), [say("change.how", what=self.texts.of(each)) for each in found.own])
        yield Section(say("section.delete"), list(self.deletion()))
        yield Section(say("section.kept"), list(self.keeping()), table=self.kept_table())
        yield Section(say("section.protect"), [say("protect.lead")], self.advice())
        yield Section(say("section.basis"), table=self.basis_table())
        yield Section(say("section.rights"), [say("rights.lead")], self.texts.items("rights.items"))
        yield Section(say("section.controller"), list(self.responsible()))
        yield Section(say("section.beyond"), [say("beyond.lead")], list(self.beyond()))

    def data_table(self) -> Table:
        """Return the table “Data” and “Used for” of the company's notice, with retention and recipients."""
        columns = [self.say(f"column.{name}") for name in ("data", "used", "kept", "shared", "do")]
        return Table(columns, [self.data_row(row) for row in self.found.rows], wordy=1)

    def data_row(self, row: DataRow) -> list[Cell]:
        shared = list(self.shared(row)) or [self.say("data.not_shared")]
        kept = [self.texts.of(each) for each in row.kept]
        texts = (cell("\n".join(each)) for each in (list(self.used(row)), kept, shared))
        part, address = PARTS.get(row.group, EXPORT)
        return [cell(self.group(row.group)), *texts, link(self.say(f"do.{part}"), address)]

    def used(self, row: DataRow) -> Iterator[str]:
        """Yield each purpose with its conditions, then the excluded uses, then the person's options."""
        # The purposes that the company's own notice has in this row come first.
        for use in sorted(row.uses, key=lambda use: not use.at_home):
            yield "• " + self.use(use, row)
        if not row.uses and row.own:
            yield "• " + self.say("data.shown_to_you")
        if row.group == "ip":
            yield self.say("data.platforms", platforms=self.texts.listed(self.found.platforms))
        yield from map(self.texts.rule, row.limits)
        sent = {category for category, _ in row.forwarded}
        if kept := [each for each in row.hidden if each not in sent]:
            yield self.say("data.hidden", categories=" ".join(map(self.texts.of, kept)))
        for category, recipient in row.forwarded:
            yield self.say("data.forwarded", category=self.texts.of(category), recipient=self.texts.of(recipient))
        if row.own:
            yield self.say("data.own")

    def shared(self, row: DataRow) -> Iterator[str]:
        """Yield each kind of recipient, followed by its registered companies."""
        for recipient in row.recipients:
            yield self.texts.of(recipient)
            yield from (self.company(each) for each in row.companies if each.recipient is recipient)

    def company(self, each: Company) -> str:
        """Return one company with its country."""
        return f"• {each.name} ({each.country})"

    def use(self, use: Use, row: DataRow) -> str:
        """Return a purpose with its conditions; consent and objection only once, in the row of the company's notice."""
        parts = [self.texts.of(use.purpose)]
        if len(use.categories) < len(row.categories):
            parts.append(f"({self.say('data.of_it', categories=' '.join(map(self.texts.of, use.categories)))})")
        if use.conditions:
            key = "data.partly_if" if use.partly else "data.only_if"
            parts.append(f"({self.say(key, condition=' '.join(map(self.texts.of, use.conditions)))})")
        return " ".join([*parts, *(self.consent(use.purpose) if use.at_home else ())])

    def consent(self, purpose: Purpose) -> Iterator[str]:
        """Yield the consent that a purpose needs, and how to object."""
        if purpose.consent:
            yield self.say("data.consent", consent=self.texts.of(purpose, "consent"))
        if purpose.objection:
            yield self.say("data.objection", objection=self.texts.of(purpose, "objection"))

    def purpose(self, purpose: Purpose) -> str:
        """Return a purpose as a sentence."""
        off = "" if purpose.enabled else f" ({self.say('beyond.off')})"
        return " ".join([self.texts.of(purpose) + off, *self.consent(purpose)])

    def group(self, name: str) -> str:
        """Return the name of a row; for a category without one, its own sentence."""
        if name in Category.__members__:
            return self.texts.of(Category[name])
        return self.say(f"group.{name}")

    def sharing_table(self) -> Table:
        """Return the table of disclosures: case, recipients and purposes, data, condition."""
        columns = [self.say(f"column.{name}") for name in ("who", "why", "fields", "condition")]
        return Table(columns, [self.case(each) for each in self.found.sharing], wordy=1)

    def case(self, case: SharingCase) -> list[Cell]:
        why = [self.texts.of(case.recipient)]
        for purpose in case.recipient.purposes:
            objection = self.texts.of(purpose, "objection") if purpose.objection and not case.by_order else ""
            why.append(f"• {self.texts.of(purpose)} {objection}".strip())
        why += [self.named(each) for each in case.companies]
        fields = [self.say("sharing.by_order")] if case.by_order else [self.group(each) for each in case.groups]
        return [
            cell(self.say(f"case.{case.recipient.name}")),
            cell("\n".join(why)),
            cell("\n".join(fields)),
            cell(self.texts.of(case.recipient, "condition")),
        ]

    def named(self, each: Company) -> str:
        """Return one company with its country, and for a partner its purposes and data."""
        if each.recipient is not Recipient.PARTNER:
            return self.company(each)
        purposes = " ".join(map(self.texts.of, each.purposes))
        fields = " ".join(map(self.texts.of, each.categories))
        bound = self.say("sharing.bound", since=each.since)
        return f"{self.company(each)}: {purposes} {fields} {bound}"

    def registries_table(self) -> Table:
        """Return the table of endings: registry, country, and published fields of an owner."""
        columns = [self.say(f"column.{name}") for name in ("ending", "registry", "person", "organisation")]
        rows = [
            [
                cell(f".{each.tld}"),
                cell(f"{each.name} ({each.country})"),
                *(cell(self.published(each.published[kind])) for kind in (NATURAL, LEGAL)),
            ]
            for each in self.found.registries
        ]
        return Table(columns, rows)

    def published(self, rules: Mapping[str, str]) -> str:
        """Return the published fields of one registry for one kind of owner, in words."""
        shown = [
            f"{self.texts.word(name)} ({self.say(f'registries.{rule}')})"
            for name, rule in rules.items()
            if rule != Publishing.NEVER.name
        ]
        return ", ".join(shown) or self.say("registries.nothing")

    def unread(self) -> Iterator[str]:
        """Yield the remark that the registers were not read."""
        if not self.found.registers_read:
            yield self.say("sharing.unread")

    def transfers(self) -> Iterator[str]:
        """Yield the transfers to other countries, or the reason why there are none (Art. 13(1)(f))."""
        own, language = self.controller, self.texts.language
        if own is None:
            yield self.say("release.no_controller")
            return
        if own.no_transfers:
            yield self.say("sharing.no_transfers", reason=own.no_transfers[language])
        for each in own.transfers:
            recipient = self.texts.of(each.recipient)
            safeguards = each.safeguards[language]
            yield self.say("sharing.transfer", country=each.country, recipient=recipient, safeguards=safeguards)

    def deletion(self) -> Iterator[str]:
        """Yield the preconditions and the period of deletion on request."""
        facts = self.found.deletion
        if facts.services_must_have_ended:
            yield self.say("delete.blocked")
        yield self.say("delete.request", days=facts.request_days)
        yield self.say("delete.armed")

    def keeping(self) -> Iterator[str]:
        """Yield the periods of deletion, with and without a request, and of copies."""
        facts = self.found.deletion
        first, second = facts.warning_days
        yield self.say("kept.asked", days=facts.request_days)
        yield self.say("kept.automatic", months=facts.automatic_months, first=first, second=second)
        for name, period in (self.found.periods or {}).items():
            if period is not None:
                yield self.say(f"periods.{name}", period=self.texts.period(period))
        for each in self.found.copies:
            key = "copies.unknown" if each.days is None else "copies.known"
            yield self.say(key, name=each.name, keeps=each.keeps, days=each.days)

    def kept_table(self) -> Table:
        """Return the table of retention periods with the data to which they apply."""
        columns = [self.say("column.records"), self.say("column.until")]
        rows = [
            [cell("\n".join(self.group(group) for group in groups)), cell(self.texts.of(rule))]
            for rule, groups in self.found.kept
        ]
        return Table(columns, rows)

    def advice(self) -> tuple[str, ...]:
        """Return the five recommendations, with the names of the platforms."""
        platforms = self.found.platforms
        first, second = (self.texts.word(each) for each in platforms[:2])
        listed = self.texts.listed(platforms)
        return self.texts.items("protect.items", platforms=listed, first=first, second=second)

    def basis_table(self) -> Table:
        """Return the table of purposes with legal basis, consent and objection (Art. 13(1)(c)(d))."""
        columns = [self.say(f"column.{name}") for name in ("purpose", "basis", "consent", "objection")]
        rows = [
            [
                cell(self.texts.of(each)),
                cell("\n".join(f"{self.texts.of(basis)} ({self.texts.of(basis, 'article')})" for basis in each.bases)),
                cell(self.texts.of(each, "consent")),
                cell(self.texts.of(each, "objection")),
            ]
            for each in self.found.purposes
        ]
        return Table(columns, rows)

    def responsible(self) -> Iterator[str]:
        """Yield the controller, its contacts, and the other mandatory information (Art. 13(1)(a)(b), 13(2))."""
        say, own, language = self.say, self.controller, self.texts.language
        if own is None:
            yield say("release.no_controller")
            return
        yield say("controller.name", name=own.name, address=own.address, country=own.country)
        yield say("controller.contact", email=own.email)
        if own.phone:
            yield say("controller.phone", phone=own.phone)
        if own.joint:
            yield say("controller.joint", names=", ".join(own.joint))
        for key, party in (("dpo", own.dpo), ("representative", own.representative)):
            if party.none:
                yield say(f"controller.no_{key}", reason=party.none[language])
            else:
                yield say(f"controller.{key}", name=party.name, address=party.address, email=party.email)
        yield say("rights.how", how=own.rights[language])
        # Art. 21(1) gives the objection against legitimate interests, Art. 21(2) against direct marketing on any basis.
        interest = [each for each in self.found.purposes if LegalBasis.A6_1_F in each.bases or each.promotional]
        yield say("rights.objection", purposes=" ".join(self.texts.of(each) for each in interest))
        # Art. 18(2): only the purposes with an exemption continue while processing is restricted.
        going = [each for each in self.found.purposes if each.exempt is not None]
        yield say("rights.restriction", purposes=" ".join(self.texts.of(each) for each in going))
        yield say("rights.complaint", authority=own.authority, site=own.authority_site)
        yield say("rights.obligation", text=own.obligation[language])
        yield say("rights.automated", text=own.automated[language])
        yield say("rights.published", url=own.notice_url, email=own.email)

    def beyond(self) -> Iterator[str]:
        """Yield purposes and periods beyond the services (A14, A16)."""
        yield from (self.purpose(each) for each in self.found.beyond)
        yield from (self.texts.of(each) for each in self.found.beyond_kept)
