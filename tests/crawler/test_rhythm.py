"""Silence is judged by a source's own rhythm: the hour of the week, its longest pause, and when it was last looked at."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawler.health import daily, health
from crawler.rhythm import Rhythm, Silence, silence
from huiyin.records import Fetch, Record, Source
from huiyin.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
END = datetime(2026, 11, 24, 0, 0, tzinfo=ZONE)  # a Tuesday
NUMBERS: dict[str, Any] = {"least_missed": 5.0, "times_longest": 1.5, "least_days": 5}
Chance = Callable[[datetime], float]


def office(at: datetime) -> float:
    return 0.8 if at.weekday() < 5 and 9 <= at.hour < 18 else 0.0


def always(at: datetime) -> float:
    return 0.95


def rarely(at: datetime) -> float:
    return 0.03 if 9 <= at.hour < 18 else 0.0


def arrivals(chance: Chance, weeks: int, end: datetime = END) -> list[datetime]:
    dice, at, found = random.Random(7), end - timedelta(weeks=weeks), []
    while at < end:
        if dice.random() < chance(at):
            found.append((at + timedelta(minutes=dice.randrange(60))).astimezone(UTC))
        at += timedelta(hours=1)
    return found


def first_alarm(past: list[datetime], hours: int = 24 * 14) -> Silence | None:
    steps = (silence(past, past[-1] + timedelta(hours=n), ZONE, **NUMBERS) for n in range(1, hours))
    return next((one for one in steps if one is not None), None)


def test_a_busy_source_is_missed_within_hours_an_office_on_its_next_working_day() -> None:
    busy = first_alarm(arrivals(always, 4))
    assert busy is not None
    assert 5 <= busy.hours <= 9
    desk = first_alarm(arrivals(office, 4))
    assert desk is not None
    ended = desk.until.astimezone(ZONE)
    assert (ended.weekday(), ended.date()) == (
        1,
        END.date(),
    )  # silent since Monday evening, noticed on Tuesday
    assert 13 <= ended.hour <= 17


def test_a_weekend_is_no_silence_for_an_office() -> None:
    friday = datetime(2026, 11, 21, 0, 0, tzinfo=ZONE)
    past = arrivals(office, 4, friday)
    for hours in range(1, 63):  # until Monday morning
        assert silence(past, past[-1] + timedelta(hours=hours), ZONE, **NUMBERS) is None
    assert silence(past, datetime(2026, 11, 23, 19, tzinfo=ZONE), ZONE, **NUMBERS) is not None


@pytest.mark.parametrize("chance", [office, always, rarely])
def test_nothing_is_raised_while_a_source_goes_on_as_it_always_did(chance: Chance) -> None:
    past = arrivals(chance, 6)
    at = past[0] + timedelta(weeks=2)
    while at < past[-1]:
        known = [moment for moment in past if at - timedelta(days=28) < moment <= at]
        assert silence(known, at, ZONE, **NUMBERS) is None, at
        at += timedelta(hours=1)


def test_a_source_without_a_rhythm_or_not_looked_at_is_not_silent() -> None:
    past = arrivals(always, 4)
    assert (
        silence(past[:60], past[59] + timedelta(days=9), ZONE, **NUMBERS) is None
    )  # three days are no rhythm
    assert silence(past, past[-1], ZONE, **NUMBERS) is None


def test_expected_arrivals_of_whole_weeks_equal_their_hours_one_by_one() -> None:
    rhythm = Rhythm(arrivals(office, 4), END - timedelta(weeks=4), END, ZONE)
    whole = rhythm.expected(END, END + timedelta(days=17, hours=5))
    parts = sum(
        rhythm.expected(END + timedelta(hours=n), END + timedelta(hours=n + 2)) for n in range(17 * 24 + 4)
    )
    assert whole == pytest.approx(parts)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    opened = Record.open(Settings(home=str(tmp_path)))
    yield opened
    opened.close()


def test_days_of_a_source_are_local_and_failures_are_counted(record: Record) -> None:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=ZONE)
    with record.session() as session:
        session.add(Source(name="s", kind="site", enabled=True))
        session.flush()
        for at, state, new, copies in (
            (now - timedelta(hours=1), "ok", 3, 1),
            (now - timedelta(hours=8), "broken", 0, 0),  # one in the morning: still today
            (now - timedelta(hours=10), "duplicate", 0, 2),  # late in the evening: yesterday
            (now - timedelta(days=40), "ok", 9, 9),
        ):
            session.add(Fetch(source="s", started=at, finished=at, state=state, new=new, duplicate=copies))
        session.flush()
        days = daily(session, session.get_one(Source, "s"), now)
    assert len(days) == 28
    today, yesterday = days[-1], days[-2]
    assert (today.new, today.duplicate, today.runs, today.failed) == (3, 1, 2, 1)
    assert (yesterday.new, yesterday.duplicate, yesterday.runs, yesterday.failed) == (0, 2, 1, 0)
    assert sum(day.runs for day in days) == 3


@pytest.mark.parametrize(
    ("kind", "enabled", "seen_until", "silent"),
    [
        ("site", True, 0, True),
        ("push", True, 60, True),  # nothing to fetch: silent up to now
        ("site", False, 0, False),  # switched off
        ("import", True, 0, False),  # files come when people bring them
        ("site", True, 60, False),  # not looked at since: nothing can be said
    ],
)
def test_who_is_silent(record: Record, kind: str, enabled: bool, seen_until: int, silent: bool) -> None:
    """`seen_until`: hours before now of the last good run; the source stopped 60 hours ago."""
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    with record.session() as session:
        session.add(Source(name="s", kind=kind, enabled=enabled))
        session.flush()
        for hour in range(24 * 14, -1, -1):
            at = now - timedelta(hours=hour)
            new = 2 if hour >= 60 else 0
            state = "broken" if hour < seen_until else ("ok" if new else "unchanged")
            if kind != "push" or new:
                session.add(Fetch(source="s", started=at, finished=at, state=state, new=new))
    (found,) = health(record, now)
    assert bool(found.silent) is silent, found.silent
