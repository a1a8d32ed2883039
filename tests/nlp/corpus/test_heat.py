"""Heat and forecast: seasons are no bursts, one account is no crowd, the interval holds the median."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiyin.errors import UsageError
from nlp.corpus.forecast import forecast
from nlp.corpus.heat import DAY, HOURS, Usual, burst, hourly, measure

NOW = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)


def test_hourly_counts_from_now_backwards() -> None:
    times = [
        NOW,
        NOW - timedelta(minutes=59),
        NOW - timedelta(minutes=61),
        NOW - timedelta(hours=80),
        NOW + timedelta(hours=1),
    ]
    counts = hourly(times, NOW)
    assert counts[-2:] == [1, 2]
    assert sum(counts) == 3
    assert len(counts) == HOURS


def test_a_usual_morning_is_no_burst_and_a_crowd_is() -> None:
    factors = [DAY[at % 24] for at in range(72)]
    usual = [10 * factor for factor in factors]
    assert burst(usual, factors)[0] < 1
    assert burst([*usual[:-1], usual[-1] + 40], factors)[0] > 6
    # Without the season the rise from night to morning looks like news.
    morning = usual[:58]
    assert burst(morning, [1.0] * 58)[0] > burst(morning, factors[:58])[0] + 1


def test_burst_needs_authors() -> None:
    times = [NOW - timedelta(minutes=n) for n in range(50)]
    assert measure(times, NOW, authors=30, sources=3).burst > 6
    assert measure(times, NOW, authors=1, sources=1).burst == 0


def test_heat_halves_in_six_hours() -> None:
    times = [NOW] * 8
    now, later = (measure(times, NOW + timedelta(hours=hours), authors=8, sources=2).heat for hours in (0, 6))
    assert now == pytest.approx(8)
    assert later == pytest.approx(4)


def test_usual_learns_the_hour_of_the_week() -> None:
    usual = Usual()
    before = usual.factor(NOW)
    for _ in range(3000):
        usual.learn(NOW)
    assert usual.factor(NOW) > 5 * before
    assert Usual(usual.counts).factor(NOW) == usual.factor(NOW)


@pytest.mark.parametrize("hours", [0.1, 0.5, 1, 3, 7, 20, 40, 500])
@pytest.mark.parametrize("count", [1, 5, 60, 900])
def test_forecast_is_ordered_and_finite(hours: float, count: int) -> None:
    times = [NOW - timedelta(hours=hours * (n + 1) / count) for n in range(count)]
    found = forecast(times, NOW)
    assert 0 <= found.low <= found.expected <= found.high < 1e6


def test_more_and_faster_is_forecast_higher() -> None:
    slow = forecast([NOW - timedelta(minutes=6 * n) for n in range(30)], NOW)
    fast = forecast([NOW - timedelta(seconds=36 * n) for n in range(300)], NOW)
    assert fast.expected > 2 * slow.expected


def test_forecast_until_a_day_and_its_errors() -> None:
    times = [NOW - timedelta(minutes=3 * n) for n in range(60)]
    assert forecast(times, NOW, until_day=True).horizon_hours == pytest.approx(24 - 177 / 60)
    with pytest.raises(UsageError):
        forecast([], NOW)
    with pytest.raises(UsageError):
        forecast([NOW - timedelta(hours=30)], NOW, until_day=True)
