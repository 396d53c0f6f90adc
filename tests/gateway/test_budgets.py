"""A client's budget is spent, refills with time, and is nobody else's (G4)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.access.budgets import Budgets


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_spent_budget_says_how_long_to_wait_and_then_suffices() -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    assert budgets.spend("billing", 600) == 0
    wait = budgets.spend("billing", 50)
    assert wait == 5
    clock.now += wait
    assert budgets.spend("billing", 50) == 0


def test_what_was_refused_was_not_taken() -> None:
    budgets = Budgets(600, Clock())
    assert budgets.spend("billing", 500) == 0
    assert budgets.spend("billing", 200) > 0
    assert budgets.spend("billing", 100) == 0


def test_one_client_does_not_spend_another_ones() -> None:
    budgets = Budgets(600, Clock())
    assert budgets.spend("billing", 600) == 0
    assert budgets.spend("support", 600) == 0


def test_an_operation_above_the_whole_budget_is_served_after_a_full_refill() -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    assert budgets.spend("billing", 10_000) == 0
    assert budgets.spend("billing", 10_000) == 60
    clock.now += 60
    assert budgets.spend("billing", 10_000) == 0


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 400)), max_size=60))
def test_no_more_is_ever_spent_than_the_budget_and_its_refill(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    began, spent = clock.now, 0
    for pause, cost in steps:
        clock.now += pause
        if budgets.spend("billing", cost) == 0:
            spent += cost
    assert spent <= 600 + (clock.now - began) * 10 + 1e-6


def test_the_loop_of_one_customer_throttles_no_other_customer_of_the_client() -> None:
    """G13: limits count (client, subject)."""
    budgets = Budgets(600, Clock(), 100)
    assert budgets.spend("app", 100, 1) == 0
    assert budgets.spend("app", 10, 1) > 0
    assert budgets.spend("app", 100, 2) == 0
    assert budgets.spend("other", 100, 1) == 0


def test_while_a_client_has_spent_its_budget_customers_who_ask_little_go_on() -> None:
    clock = Clock()
    budgets = Budgets(600, clock, 100)
    assert [budgets.spend("app", 100, customer) for customer in range(6)] == [0] * 6
    assert budgets.spend("app", 60, 7) == 0  # more than half of theirs was left
    assert budgets.spend("app", 10, 7) > 0  # and now it is not
    assert budgets.spend("app", 10, 8) == 0
    clock.now += 60
    assert budgets.spend("app", 100, 1) == 0
