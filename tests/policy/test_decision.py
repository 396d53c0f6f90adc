"""Default deny: a purpose reads what names it, under its conditions and scopes, and nothing else."""

import dataclasses
from collections.abc import Set
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.categories import Category
from policy.conditions import Condition
from policy.decision import Allowance, Gap, Granted, Reason, Refused, Rule, decide, gaps
from policy.hard_rules import forbids
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule

NO_SCOPES: frozenset[str] = frozenset()
ACTIONS = ("a:read", "b:write", "c:read")


def rule(*allowances: Allowance, category: Category | None = Category.EMAIL, **more: object) -> Rule:
    facts = {"coordinate": "Customer.email", "retention": RetentionRule.CUSTOMER_LIFE} | more
    return Rule(category=category, allowances=allowances, **facts)  # type: ignore[arg-type]


def allow(*purposes: Purpose, when: Condition | None = None) -> Allowance:
    return Allowance(frozenset(purposes), when)


SCOPES = st.frozensets(st.sampled_from(ACTIONS))
ALLOWANCES = st.builds(
    Allowance,
    st.frozensets(st.sampled_from(Purpose), min_size=0, max_size=6),
    st.none() | st.sampled_from(Condition),
)
RULES = st.builds(
    Rule,
    coordinate=st.sampled_from(["Customer.phone", "Registrant.phone", "Query.customer(email:)"]),
    category=st.none() | st.sampled_from(Category),
    allowances=st.lists(ALLOWANCES, max_size=3).map(tuple),
    retention=st.none() | st.sampled_from(RetentionRule),
    scopes=st.lists(SCOPES, max_size=3).map(tuple),
    disclosed_to=st.lists(st.sampled_from(Recipient), max_size=2).map(tuple),
    inbound=st.booleans(),
)


@st.composite
def complete_rules(draw: st.DrawFn) -> Rule:
    """Rules without a gap: each purpose once, none of the lists empty inside."""
    pool = draw(st.permutations(list(Purpose)))
    allowances = []
    while len(pool) > 1 and draw(st.booleans()):
        taken = draw(st.integers(1, min(6, len(pool) - 1)))  # one purpose stays unnamed, to be added
        allowances.append(Allowance(frozenset(pool[:taken]), draw(st.none() | st.sampled_from(Condition))))
        pool = pool[taken:]
    made = Rule(
        coordinate=draw(st.sampled_from(["Customer.phone", "Registrant.phone"])),
        category=draw(st.none() | st.sampled_from(Category)) if allowances else None,
        allowances=tuple(allowances),
        retention=draw(st.sampled_from(RetentionRule)),
        scopes=draw(st.lists(st.frozensets(st.sampled_from(ACTIONS), min_size=1), max_size=3).map(tuple)),
        inbound=draw(st.booleans()),
    )
    assert gaps(made) == ()
    return made


def unnamed(made: Rule) -> list[Purpose]:
    return [purpose for purpose in Purpose if not made.when(purpose)]


# --- what is granted -------------------------------------------------------------------------------------------------


def test_a_named_purpose_reads() -> None:
    assert decide(rule(allow(Purpose.INVOICING)), Purpose.INVOICING, NO_SCOPES) == Granted(frozenset())


def test_another_purpose_is_refused_with_those_that_would_do() -> None:
    """R5; in the catalogue's order, whatever the order of the declaration."""
    declared = rule(allow(Purpose.SELF_SERVICE, Purpose.INVOICING), allow(Purpose.SERVICE_PROVISION))
    assert decide(declared, Purpose.EMERGENCY_CONTACT, NO_SCOPES) == Refused(
        Reason.PURPOSE_NOT_ALLOWED, (Purpose.SERVICE_PROVISION, Purpose.INVOICING, Purpose.SELF_SERVICE)
    )


def test_an_allowance_brings_its_condition() -> None:
    """R12: news, unless declined; the same field without condition for another purpose."""
    news = allow(Purpose.PRODUCT_NEWS, when=Condition.NEWS_NOT_DECLINED)
    declared = rule(news, allow(Purpose.INVOICING))
    assert decide(declared, Purpose.PRODUCT_NEWS, NO_SCOPES) == Granted(frozenset({Condition.NEWS_NOT_DECLINED}))
    assert decide(declared, Purpose.INVOICING, NO_SCOPES) == Granted()


def test_what_is_not_personal_is_open_unless_it_names_purposes() -> None:
    assert decide(rule(category=None, retention=None), Purpose.COOKIE_ESSENTIAL, NO_SCOPES) == Granted()
    closed = rule(allow(Purpose.INVOICING), category=None, retention=None)
    assert isinstance(decide(closed, Purpose.COOKIE_ESSENTIAL, NO_SCOPES), Refused)
    assert decide(closed, Purpose.INVOICING, NO_SCOPES) == Granted()


def test_a_purpose_that_is_off_reads_nothing() -> None:
    """A8, R54: not even where it is named, and it is never suggested."""
    declared = rule(allow(Purpose.STATUTORY_RETENTION, Purpose.INVOICING))
    assert decide(declared, Purpose.STATUTORY_RETENTION, NO_SCOPES) == Refused(Reason.PURPOSE_DISABLED)
    refused = decide(declared, Purpose.ERASURE, NO_SCOPES)
    assert refused == Refused(Reason.PURPOSE_NOT_ALLOWED, (Purpose.INVOICING,))
    assert decide(rule(category=None), Purpose.STATUTORY_RETENTION, NO_SCOPES) == Refused(Reason.PURPOSE_DISABLED)


def test_a_hard_rule_holds_at_run_time_whatever_was_declared() -> None:
    """R15: should such a declaration ever reach this point, it still reads nothing and is not suggested."""
    declared = rule(allow(Purpose.PRODUCT_NEWS, Purpose.EMERGENCY_CONTACT), category=Category.PHONE)
    refused = Refused(Reason.PURPOSE_NOT_ALLOWED, (Purpose.EMERGENCY_CONTACT,))
    assert decide(declared, Purpose.PRODUCT_NEWS, NO_SCOPES) == refused


@given(RULES, st.sampled_from(Purpose), SCOPES)
def test_never_granted_unless_named(declared: Rule, purpose: Purpose, scopes: frozenset[str]) -> None:
    """R1, R5: for any rule at all, a grant means every one of these."""
    if not isinstance(decide(declared, purpose, scopes), Granted):
        return
    assert purpose.enabled
    assert gaps(declared) == ()
    if declared.category is not None:
        assert declared.allowances and declared.retention is not None
    if declared.allowances:
        named = [allowance for allowance in declared.allowances if purpose in allowance.purposes]
        assert len(named) == 1
        assert not forbids(declared, purpose, named[0].when)
    assert not declared.scopes or any(needed <= scopes for needed in declared.scopes)


@given(complete_rules(), st.sampled_from(Purpose), SCOPES)
def test_granted_whenever_nothing_stands_against_it(declared: Rule, purpose: Purpose, scopes: frozenset[str]) -> None:
    """The other direction: the decision is exactly its four steps, and carries exactly the allowance's condition."""
    when = declared.when(purpose)
    open_to_it = not declared.allowances or (when and not forbids(declared, purpose, when[0]))
    scoped = not declared.scopes or any(needed <= scopes for needed in declared.scopes)
    decision = decide(declared, purpose, scopes)
    if purpose.enabled and open_to_it and scoped:
        assert decision == Granted(frozenset(when) - {None})  # type: ignore[arg-type]
    else:
        assert isinstance(decision, Refused)
        expected = Reason.SCOPE_MISSING if open_to_it else Reason.PURPOSE_NOT_ALLOWED
        assert decision.reason is (expected if purpose.enabled else Reason.PURPOSE_DISABLED)


@given(complete_rules(), st.sampled_from(Purpose))
def test_a_refusal_names_exactly_the_purposes_that_would_do(declared: Rule, purpose: Purpose) -> None:
    decision = decide(declared, purpose, frozenset(ACTIONS))
    if isinstance(decision, Refused) and decision.reason is Reason.PURPOSE_NOT_ALLOWED:
        would = [p for p in Purpose if isinstance(decide(declared, p, frozenset(ACTIONS)), Granted)]
        assert list(decision.allowed) == would


@given(st.data(), complete_rules(), st.none() | st.sampled_from(Condition), SCOPES)
def test_naming_a_further_purpose_only_loosens(
    data: st.DataObject, declared: Rule, when: Condition | None, scopes: frozenset[str]
) -> None:
    """What was granted stays granted on the same conditions; only the new purpose can gain."""
    assume(declared.allowances)
    further = data.draw(st.sampled_from(unnamed(declared)))
    looser = dataclasses.replace(declared, allowances=(*declared.allowances, allow(further, when=when)))
    for purpose in Purpose:
        before, after = decide(declared, purpose, scopes), decide(looser, purpose, scopes)
        if purpose is further:
            assert not isinstance(before, Granted)
        elif isinstance(before, Granted):
            assert after == before
        else:
            assert not isinstance(after, Granted)


@given(st.data(), complete_rules(), SCOPES)
def test_joining_an_allowance_only_loosens(data: st.DataObject, declared: Rule, scopes: frozenset[str]) -> None:
    assume(declared.allowances)
    further = data.draw(st.sampled_from(unnamed(declared)))
    first, *others = declared.allowances
    wider = Allowance(first.purposes | {further}, first.when)
    looser = dataclasses.replace(declared, allowances=(wider, *others))
    for purpose in Purpose:
        before = decide(declared, purpose, scopes)
        assert not isinstance(before, Granted) or decide(looser, purpose, scopes) == before


# --- scopes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [set(c) for n in range(4) for c in combinations(ACTIONS, n)], ids=sorted)
def test_scopes_are_alternatives_of_sets(held: Set[str]) -> None:
    """`@requiresScopes(scopes: [["a:read", "b:write"], ["c:read"]])`: both of the first, or the second."""
    declared = rule(allow(Purpose.INVOICING), scopes=(frozenset({"a:read", "b:write"}), frozenset({"c:read"})))
    enough = {"a:read", "b:write"} <= held or "c:read" in held
    expected = Granted() if enough else Refused(Reason.SCOPE_MISSING, scopes=("a:read b:write", "c:read"))
    assert decide(declared, Purpose.INVOICING, held) == expected


@given(complete_rules(), st.sampled_from(Purpose), SCOPES, SCOPES)
def test_a_further_scope_only_loosens(
    declared: Rule, purpose: Purpose, held: frozenset[str], more: frozenset[str]
) -> None:
    before = decide(declared, purpose, held)
    assert not isinstance(before, Granted) or decide(declared, purpose, held | more) == before


@given(complete_rules(), st.sampled_from(Purpose), SCOPES, SCOPES)
def test_a_further_alternative_only_loosens(
    declared: Rule, purpose: Purpose, held: frozenset[str], alternative: frozenset[str]
) -> None:
    assume(declared.scopes and alternative)
    looser = dataclasses.replace(declared, scopes=(*declared.scopes, alternative))
    before = decide(declared, purpose, held)
    assert not isinstance(before, Granted) or decide(looser, purpose, held) == before


def test_a_scope_is_no_purpose() -> None:
    declared = rule(allow(Purpose.INVOICING), scopes=(frozenset({"a:read"}),))
    refused = decide(declared, Purpose.ERASURE, {"a:read", Purpose.INVOICING.scope})
    assert refused == Refused(Reason.PURPOSE_NOT_ALLOWED, (Purpose.INVOICING,))


# --- gaps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "missing"),
    [
        (rule(), ("names no purposes",)),
        (rule(retention=None), ("names no purposes", "names no retention")),
        (rule(allow(Purpose.INVOICING), retention=None), ("names no retention",)),
        (rule(allow()), ("names no purposes in one of its allowances",)),
        (rule(allow(), allow(Purpose.INVOICING)), ("names no purposes in one of its allowances",)),
        (rule(allow(), category=None), ("names no purposes in one of its allowances",)),
        (rule(allow(Purpose.INVOICING), scopes=(NO_SCOPES,)), ("names no scopes in one of its alternatives",)),
        (
            rule(category=None, scopes=(frozenset({"a:read"}), NO_SCOPES)),
            ("names no scopes in one of its alternatives",),
        ),
        (
            rule(allow(Purpose.INVOICING), allow(Purpose.INVOICING, when=Condition.NEWS_NOT_DECLINED)),
            ("names no single condition for INVOICING",),
        ),
    ],
)
def test_an_incomplete_declaration_closes_for_everyone(declared: Rule, missing: tuple[str, ...]) -> None:
    """R1, G9: an empty list of checks is never a grant, and an ambiguous one is none either."""
    assert gaps(declared) == missing
    for purpose in Purpose:
        assert decide(declared, purpose, frozenset(ACTIONS)) == Gap(missing)


@given(RULES, st.sampled_from(Purpose), SCOPES)
def test_a_gap_is_the_declaration_s_own(declared: Rule, purpose: Purpose, scopes: frozenset[str]) -> None:
    """It depends neither on who asks nor on why, so the start can find every one."""
    missing = gaps(declared)
    assert isinstance(decide(declared, purpose, scopes), Gap) == bool(missing)


def test_decisions_are_frozen_and_have_a_sentence_each() -> None:
    for decision in (Granted(), Refused(Reason.UNDECLARED), Gap(("names no purposes",))):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(decision, dataclasses.fields(decision)[0].name, None)
        assert hash(decision) == hash(dataclasses.replace(decision))
    assert [reason.name for reason in Reason] == [
        "PURPOSE_NOT_ALLOWED",
        "PURPOSE_NOT_GRANTED",
        "PURPOSE_REQUIRED",
        "PURPOSE_DISABLED",
        "DOCUMENT_PURPOSE_MISMATCH",
        "SCOPE_MISSING",
        "REFERENCE_REQUIRED",
        "REFERENCE_MALFORMED",
        "FIRST_PARTY_ONLY",
        "NOT_IN_UNDERTAKING",
        "NOT_IN_ORDER",
        "UNDECLARED",
    ]
