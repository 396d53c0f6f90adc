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
    assert budgets.reserve("billing", 600).wait == 0
    wait = budgets.reserve("billing", 50).wait
    assert wait == 5
    clock.now += wait
    assert budgets.reserve("billing", 50).wait == 0


def test_what_was_refused_was_not_taken() -> None:
    budgets = Budgets(600, Clock())
    assert budgets.reserve("billing", 500).wait == 0
    assert budgets.reserve("billing", 200).wait > 0
    assert budgets.reserve("billing", 100).wait == 0


def test_one_client_does_not_spend_another_ones() -> None:
    budgets = Budgets(600, Clock())
    assert budgets.reserve("billing", 600).wait == 0
    assert budgets.reserve("support", 600).wait == 0


def test_an_operation_above_the_whole_budget_is_served_after_a_full_refill() -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    assert budgets.reserve("billing", 10_000).wait == 0
    assert budgets.reserve("billing", 10_000).wait == 60
    clock.now += 60
    assert budgets.reserve("billing", 10_000).wait == 0


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(1, 400)), max_size=60))
def test_no_more_is_ever_spent_than_the_budget_and_its_refill(steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    began, spent = clock.now, 0
    for pause, cost in steps:
        clock.now += pause
        if budgets.reserve("billing", cost).wait == 0:
            spent += cost
    assert spent <= 600 + (clock.now - began) * 10 + 1e-6


def test_the_loop_of_one_customer_throttles_no_other_customer_of_the_client() -> None:
    """G13: limits count (client, subject)."""
    budgets = Budgets(600, Clock(), 100)
    assert budgets.reserve("app", 100, 1).wait == 0
    assert budgets.reserve("app", 10, 1).wait > 0
    assert budgets.reserve("app", 100, 2).wait == 0
    assert budgets.reserve("other", 100, 1).wait == 0


def test_while_a_client_has_spent_its_budget_customers_who_ask_little_go_on() -> None:
    clock = Clock()
    budgets = Budgets(600, clock, 100)
    assert [budgets.reserve("app", 100, customer).wait for customer in range(6)] == [0] * 6
    assert budgets.reserve("app", 60, 7).wait == 0  # more than half of theirs was left
    assert budgets.reserve("app", 10, 7).wait > 0  # and now it is not
    assert budgets.reserve("app", 10, 8).wait == 0
    clock.now += 60
    assert budgets.reserve("app", 100, 1).wait == 0


def test_what_was_reserved_and_not_read_is_given_back() -> None:
    budgets = Budgets(600, Clock(), 600)
    for customer in (None, 1):
        for _ in range(100):
            reservation = budgets.reserve("app", 500, customer)
            assert reservation.wait == 0
            reservation.settle(1)
    assert budgets.remaining("app") == (400, 20)
    assert budgets.remaining("app", 1) == (500, 10)


def test_what_was_read_beyond_the_reservation_is_charged_and_never_more_than_one_budget_is_owed() -> None:
    clock = Clock()
    budgets = Budgets(600, clock)
    budgets.reserve("billing", 6).settle(700)
    assert budgets.remaining("billing") == (0, 70)
    assert budgets.reserve("billing", 1).wait == 10.1
    clock.now += 11
    budgets.reserve("billing", 1).settle(1_000_000)
    assert budgets.reserve("billing", 600).wait == 120


def test_an_operation_under_way_holds_what_it_reserved() -> None:
    budgets = Budgets(600, Clock())
    first = budgets.reserve("billing", 400)
    assert budgets.reserve("billing", 400).wait > 0
    first.settle(1)
    assert budgets.reserve("billing", 400).wait == 0


def test_a_customer_let_through_on_a_spent_client_budget_neither_fills_nor_indebts_it() -> None:
    budgets = Budgets(600, Clock(), 100)
    for customer in range(6):
        budgets.reserve("app", 100, customer)
    budgets.reserve("app", 50, 7).settle(1)
    budgets.reserve("app", 50, 8).settle(80)
    assert budgets.remaining("app") == (0, 60)
    assert [budgets.remaining("app", customer)[0] for customer in (7, 8)] == [99, 20]


def test_the_clients_budget_is_a_ceiling_above_all_its_customers() -> None:
    budgets = Budgets(600, Clock(), 100)
    granted = sum(not budgets.reserve("app", 60, customer).wait for customer in range(8) for _ in range(10))
    assert granted == 8
    budgets = Budgets(600, Clock(), 100)
    for customer in range(6):
        budgets.reserve("app", 100, customer)
    assert budgets.reserve("app", 10).wait > 0
