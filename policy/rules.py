"""The declaration of one schema coordinate: its category, the purposes that may read it, and its retention."""

from dataclasses import dataclass

from policy.app_scopes import AppScope
from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule


@dataclass(frozen=True, slots=True)
class Allowance:
    """Purposes that may read a coordinate, always or under one condition."""

    purposes: frozenset[Purpose]
    when: Condition | None = None
    third_party: frozenset[AppScope] = frozenset()
    """Scopes with any of which a third-party app may read it, if its customer granted one; empty: first parties
    only."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Everything declared of a field, an argument or an input field."""

    coordinate: str
    """GraphQL schema coordinate: `Customer.email`, `Query.customer(email:)`, `SignInInput.password`."""
    category: Category | None
    """None: it carries no personal data."""
    allowances: tuple[Allowance, ...]
    """Each purpose at most once."""
    retention: RetentionRule | None
    scopes: tuple[frozenset[str], ...] = ()
    """Alternatives, each a set of action scopes that are all needed (`@requiresScopes`); none: no scope needed."""
    disclosed_to: tuple[Recipient, ...] = ()
    inbound: bool = False
    """True for arguments and input fields: the datum comes in and is not returned."""
    first_party: bool = False
    """True: it needs no purpose, and yet no third-party app may use it."""

    @property
    def terms(self) -> tuple[object, ...]:
        """All that an object type has to repeat of its interface."""
        return self.category, self.allowances, self.scopes

    def when(self, purpose: Purpose) -> tuple[Condition | None, ...]:
        """Return the condition of each allowance that names the purpose; none: it is not allowed."""
        return tuple(allowance.when for allowance in self.allowances if purpose in allowance.purposes)

    def opened(self, purpose: Purpose) -> frozenset[AppScope]:
        """Return the scopes with which a third-party app may use it for the purpose; empty: it may not (O10)."""
        return frozenset(one for each in self.allowances if purpose in each.purposes for one in each.third_party)

    def conditions(self, purpose: Purpose) -> frozenset[Condition]:
        """Return the conditions under which a row may be read for the purpose, if it is allowed at all."""
        return frozenset(when for when in self.when(purpose) if when is not None)
