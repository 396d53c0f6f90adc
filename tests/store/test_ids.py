"""Identifiers rise with time and never repeat."""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st

from store.sql import ids
from store.sql.ids import EPOCH_MS, IdMaker, new_id


@given(st.lists(st.integers(EPOCH_MS, EPOCH_MS + (1 << 41) - 2), min_size=1, max_size=30))
def test_they_rise_whatever_the_clock_does(times: list[int]) -> None:
    clock: Iterator[int] = iter(times)
    maker = IdMaker(clock.__next__)
    made = [maker() for _ in times]
    assert made == sorted(set(made))
    assert all(0 < number < 1 << 63 for number in made)


def test_more_than_a_millisecond_holds_run_on_into_the_time() -> None:
    maker = IdMaker(lambda: EPOCH_MS + 5)
    made = [maker() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_a_later_process_makes_later_numbers() -> None:
    assert IdMaker(lambda: EPOCH_MS + 1000, lane=1023)() < IdMaker(lambda: EPOCH_MS + 1001, lane=0)()


def test_threads_share_one_series() -> None:
    made: list[int] = []
    threads = [Thread(target=lambda: made.extend(new_id() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_a_child_moves_to_another_lane() -> None:
    def lane() -> int:
        return ids.new_id() >> ids.COUNTER_BITS & (1 << ids.LANE_BITS) - 1

    lanes = {lane()} | {in_child(lane) for _ in range(3)}
    assert len(lanes) > 1  # Four draws of 1024 are all alike once in a thousand million runs.


def in_child(function: object) -> int:
    read, write = os.pipe()
    if not (child := os.fork()):
        os.write(write, str(function()).encode())  # type: ignore[operator]
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as pipe:
        return int(pipe.read())
