"""(F3) One worker has a row at a time; whoever died gives it back in time, whatever the clocks say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, DateTime, Integer, MetaData, Table, create_engine, insert, select, update

from store.queue.lease import RowLease

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)
LENGTH = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
jobs = Table(
    "jobs",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("attempts", Integer),
    Column("leased_until", DateTime),
)
lease = RowLease(jobs, LENGTH)


@pytest.fixture
def connection() -> Iterator[Connection]:
    """Two rows that nobody has had yet."""
    engine = create_engine("sqlite://")
    with engine.begin() as opened:
        jobs.create(opened)
        opened.execute(insert(jobs), [{"id": 1, "attempts": 0}, {"id": 2, "attempts": 0}])
        yield opened
    engine.dispose()


def free(connection: Connection, now: datetime) -> list[int]:
    return list(connection.scalars(select(jobs.c.id).where(lease.free(now)).order_by(jobs.c.id)))


def held_until(connection: Connection, until: datetime) -> None:
    connection.execute(update(jobs).where(jobs.c.id == 1).values(leased_until=until))


def test_a_row_that_was_taken_is_free_again_when_its_time_is_over(connection: Connection) -> None:
    assert free(connection, NOW) == [1, 2]
    connection.execute(update(jobs).where(jobs.c.id == 1).values(lease.taken(NOW)))
    assert connection.execute(select(jobs).where(jobs.c.id == 1)).one() == (1, 1, NOW + LENGTH)
    assert free(connection, NOW) == [2] and free(connection, NOW + LENGTH - SECOND) == [2]
    assert free(connection, NOW + LENGTH) == [1, 2]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (NOW + 2 * LENGTH, [2]),  # The clock of the other replica is ahead, or ours is behind.
        (NOW + 2 * LENGTH + SECOND, [1, 2]),  # A clock that has been set back since.
        (NOW, [1, 2]),
        (NOW + SECOND, [2]),
    ],
)
def test_a_lease_is_believed_for_two_lengths(connection: Connection, until: datetime, expected: list[int]) -> None:
    held_until(connection, until)
    assert free(connection, NOW) == expected


def test_a_statement_may_give_the_latest_end_as_a_parameter(connection: Connection) -> None:
    held_until(connection, NOW + LENGTH)
    sooner = select(jobs.c.id).where(lease.free(NOW, NOW + SECOND)).order_by(jobs.c.id)
    assert list(connection.scalars(sooner)) == [1, 2]


def test_what_was_kept_is_kept_from_now_on_by_the_same_attempt(connection: Connection) -> None:
    connection.execute(update(jobs).where(jobs.c.id == 1).values(lease.taken(NOW)))
    later = NOW + LENGTH - SECOND
    connection.execute(update(jobs).where(lease.mine(1, 1)).values(lease.renewed(later)))
    assert connection.execute(select(jobs).where(jobs.c.id == 1)).one() == (1, 1, later + LENGTH)


def test_a_worker_whose_row_was_taken_over_writes_nothing(connection: Connection) -> None:
    def write(attempt: int, row: int = 1) -> Any:
        return connection.execute(update(jobs).where(lease.mine(row, attempt)).values(leased_until=None)).rowcount

    for _ in range(2):
        connection.execute(update(jobs).where(jobs.c.id == 1).values(lease.taken(NOW)))
    assert (write(1), write(2, row=2), write(2)) == (0, 0, 1)
