"""The checks of statements: of a built schema and of the text of one alike."""

import dataclasses
from collections.abc import Iterator

import pytest

from policy.categories import Category
from policy.conditions import Condition
from policy.purposes import Purpose
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule
from policy.statements import Breach, circular, never_null, of_column, twice, unfinished, unrepeated

SOUND = Rule(
    "Customer.email",
    Category.EMAIL,
    (Allowance(frozenset({Purpose.INVOICING}), None),),
    RetentionRule.CUSTOMER_LIFE,
)
NOBODYS = dataclasses.replace(SOUND, category=None, allowances=(), retention=None)


@dataclasses.dataclass(frozen=True)
class Written:
    """What a text says, with words that the policy does not know."""

    category: str | None = "PULSE"
    allowances: tuple["WrittenAllowance", ...] = ()
    retention: tuple[str, ...] = ("TREATMENT",)
    scopes: tuple[frozenset[str], ...] = ()
    terms: object = None


@dataclasses.dataclass(frozen=True)
class WrittenAllowance:
    """Purposes of a text."""

    purposes: tuple[str, ...]
    when: str | None = None


def checks(found: Iterator[Breach]) -> list[str]:
    return [check for check, _ in found]


def test_words_that_the_policy_does_not_know_are_checked_alike() -> None:
    assert checks(unfinished(Written())) == ["NO_PURPOSE"]
    assert checks(unfinished(Written(retention=(), allowances=(WrittenAllowance(("CARE",)),)))) == ["NO_RETENTION"]
    assert checks(unfinished(Written(allowances=(WrittenAllowance(()),)))) == ["MALFORMED"]
    assert checks(unfinished(dataclasses.replace(SOUND, scopes=(frozenset(),)))) == ["MALFORMED"]
    care = (WrittenAllowance(("CARE", "STUDY")), WrittenAllowance(("STUDY", "CARE"), "CONSENTED"))
    told = [("PURPOSE_TWICE", f"names no single condition for {each}") for each in ("CARE", "STUDY")]
    assert list(unfinished(Written(allowances=care))) == told
    assert twice(care[:1]) == []
    assert list(unfinished(SOUND)) == list(unfinished(NOBODYS)) == []


@pytest.mark.parametrize(
    ("stated", "non_null", "identifies", "found"),
    [
        (SOUND, True, False, ["NOT_NULLABLE"]),
        (Written(), True, False, ["NOT_NULLABLE"]),
        (SOUND, True, True, []),
        (SOUND, False, False, []),
        (NOBODYS, True, False, []),
    ],
)
def test_personal_data_may_be_null(stated: Rule, non_null: bool, identifies: bool, found: list[str]) -> None:
    told = list(never_null(stated, non_null, identifies))
    assert [check for check, _ in told] == found
    assert all(text.startswith("is personal data and must be nullable, or withholding it would") for _, text in told)


def test_a_column_is_called_what_it_holds() -> None:
    assert list(of_column(SOUND, "customers.email", Category.EMAIL, True)) == []
    assert list(of_column(SOUND, "customers.email", None, True)) == []
    assert list(of_column(SOUND, "customers.name", Category.NAME, True)) == [
        ("COLUMN_DISAGREES", "calls customers.name EMAIL, which holds NAME")
    ]
    assert list(of_column(NOBODYS, "customers.name", Category.NAME, True)) == [
        ("COLUMN_DISAGREES", "calls customers.name not personal, which holds NAME")
    ]
    assert list(of_column(Written(), "customers.name", Category.NAME, True)) == [
        ("COLUMN_DISAGREES", "calls customers.name PULSE, which holds NAME")
    ]
    assert list(of_column(Written("EMAIL"), "customers.email", Category.EMAIL, False)) == [
        ("SECRET_COLUMN", "shows customers.email, which no API may give out")
    ]


def test_an_object_type_repeats_its_interface() -> None:
    conditional = (Allowance(frozenset({Purpose.INVOICING}), Condition.NEWS_NOT_DECLINED),)
    told = [("INTERFACE_DISAGREES", "does not repeat the purposes of Method.kind")]
    for change in (
        {"category": Category.NAME},
        {"allowances": conditional},
        {"scopes": (frozenset({"a:read"}),)},
    ):
        assert list(unrepeated(SOUND, dataclasses.replace(SOUND, **change), "Method.kind")) == told  # type: ignore[arg-type]
    assert list(unrepeated(SOUND, None, "Method.kind")) == told
    # Where it stands and for how long is of each type.
    elsewhere = dataclasses.replace(SOUND, coordinate="Card.kind", retention=RetentionRule.SIGN_IN_RECORDS)
    assert list(unrepeated(SOUND, elsewhere, "Method.kind")) == []


def test_circles_are_named_wherever_one_enters_them() -> None:
    inside = {"A": ["B"], "B": ["C", "D"], "C": ["A"], "D": ["D"], "E": ["A", "unknown"], "F": []}
    assert list(circular(inside)) == ["A", "B", "C", "D"]
