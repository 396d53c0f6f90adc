"""The decision on one coordinate for one grant and purpose: what `policy.decision` says, and what partners may get."""

from __future__ import annotations

from policy.decision import Gap, Granted, Reason, Refused, alternatives, decide
from policy.grant import Grant, Partner
from policy.hard_rules import never_received
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.rules import Rule
from schema.model.model import SchemaModel


class CoordinateVerdicts:
    """Decides on coordinates one by one, each once."""

    def __init__(self, model: SchemaModel, purpose: Purpose | None, grant: Grant) -> None:
        """Without a purpose everything that names purposes is refused."""
        self.model, self.purpose, self.grant = model, purpose, grant
        self.verdicts: dict[str, Granted | Refused] = {}
        """The decisions so far, by coordinate."""

    def verdict(self, rule: Rule | None, coordinate: str) -> Granted | Refused:
        """The decision on one coordinate, made once. An undeclared coordinate is refused (default deny, G9)."""
        if coordinate not in self.verdicts:
            self.verdicts[coordinate] = self._decide(rule)
        return self.verdicts[coordinate]

    def _decide(self, rule: Rule | None) -> Granted | Refused:
        if rule is None:
            return Refused(Reason.UNDECLARED)
        if self.grant.third_party and (rule.first_party or (rule.scopes and not rule.allowances)):  # O10
            return Refused(Reason.FIRST_PARTY_ONLY)
        if not rule.allowances and rule.category is None and not rule.scopes:
            return Granted()
        # Root fields and arguments select customers and are no data, so no undertaking lists them.
        partner = self.grant.partner
        if partner is not None and _is_datum(rule) and not _undertaken(partner, rule):  # R7
            return Refused(Reason.NOT_IN_UNDERTAKING)
        if self.purpose is None:
            allowed = tuple(each for each in Purpose if each.enabled and rule.when(each))
            return Refused(Reason.PURPOSE_NOT_ALLOWED, allowed) if rule.allowances else self._by_scope(rule)
        # The policy's decision depends on these four alone, so it is shared by all operations.
        key = (rule.coordinate, self.purpose, self.grant.scopes, self.grant.third_party)
        verdict = self.model.verdicts.get(key)
        if verdict is None:
            verdict = self.model.verdicts[key] = decide(rule, *key[1:])
        return Refused(Reason.UNDECLARED) if isinstance(verdict, Gap) else verdict

    def _by_scope(self, rule: Rule) -> Granted | Refused:
        held = any(needed <= self.grant.scopes for needed in rule.scopes)
        return Granted() if held else Refused(Reason.SCOPE_MISSING, scopes=alternatives(rule))

    def verdict_of(self, type_name: str, name: str) -> Granted | Refused:
        """The decision on one field; a rendered document is granted only if each field that it contains is (R58)."""
        model = self.model.field(type_name, name)
        verdict = self.verdict(model.rule, model.coordinate)
        # All or nothing: a document with fields withheld would be a different document.
        contents = model.source.contents if model.source is not None else None
        if contents is not None and isinstance(verdict, Granted):
            for coordinate in contents.fields.values():
                within = self.verdict(self.model.rules[coordinate], coordinate)
                if isinstance(within, Refused):
                    return within
        return verdict


def _is_datum(rule: Rule) -> bool:
    """True for a field of an object type; not for root fields, arguments and inputs, which select whom, not what."""
    return "(" not in rule.coordinate and not rule.coordinate.startswith("Query.")


def _undertaken(partner: Partner, rule: Rule) -> bool:
    """True if the partner may receive the field: its undertaking names it, and no hard rule forbids it."""
    return rule.coordinate in partner.fields and not never_received(rule.category, Recipient.PARTNER)
