"""The states of an erasure: what can follow what, and that the page in the docs shows just that."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from policy.erasing import (
    STANDING,
    STEPS,
    TRANSITIONS,
    WAITING,
    ErasureEvent,
    State,
    Step,
    TransitionError,
    after,
    meaning,
)
from tests.tables import hold_for_all

PAGE = Path(__file__).parents[2] / "docs" / "erasure.md"


def test_only_what_the_table_has_can_happen() -> None:
    hold_for_all(_only_what_the_table_has, product(State, ErasureEvent))


def _only_what_the_table_has(state: State, event: ErasureEvent) -> None:
    try:
        found: State | None = after(state, event)
    except TransitionError as refused:
        found = None
        assert event.name in str(refused)
    assert found is TRANSITIONS.get((state, event))


def test_what_has_begun_ends_in_erased_and_nothing_leads_back() -> None:
    """R35: permanently."""
    assert {to for (state, _), to in TRANSITIONS.items() if state is State.ERASING} == {State.ERASED}
    assert not any(state in (State.ERASED, State.CANCELLED) for state, _ in TRANSITIONS)
    assert {State.ERASING} == STANDING - WAITING


@pytest.mark.parametrize("state", State)
def test_a_state_is_explained_and_one_that_is_held_by_what_holds_it(state: State) -> None:
    """Art. 12(4): the customer is told why."""
    if state is State.HELD:
        assert "legal hold" in meaning(state, True) and "restriction" not in meaning(state, True)
        assert "Art. 18(1)" in meaning(state, False) and "legal hold" not in meaning(state, False)
    else:
        assert meaning(state, True) == meaning(state, False) == state.value


def test_every_state_that_waits_can_be_called_off() -> None:
    assert all((state, ErasureEvent.CANCELLED) in TRANSITIONS for state in WAITING)


def test_the_key_dies_before_the_rows_and_the_message_is_written_before_the_key_dies() -> None:
    order = [STEPS.index(step) for step in (Step.TOKENS, Step.FAREWELL, Step.KEY, Step.ROWS, Step.FILES)]
    assert order == sorted(order) and STEPS[-1] is Step.CERTIFICATE


def test_the_diagram_in_the_docs_shows_these_transitions_and_no_others() -> None:
    shown = re.findall(r"^ {4}(\w+) --> (\w+): (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    table = {(state.name, to.name, event.value) for (state, event), to in TRANSITIONS.items()}
    assert set(shown) == table


def test_the_docs_name_every_step_in_order() -> None:
    listed = re.findall(r"^\d\. `(\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [step.name for step in Step]
