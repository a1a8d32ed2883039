"""How many texts an issue will bring in the next 24 hours, with an interval of 80 %.

Linear in the logarithm, one set of weights for each age of an issue (1 to 48 hours), fitted by least absolute error and
for the 10th and 90th percentile; the interval was widened on traces that the fit had not seen (split conformal). Weights and
the profile of the day: nlp/models/forecast.npz, from the repost traces of Weibo rumours and posts; model card beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from huiyin.errors import UsageError
from nlp.corpus.heat import DAY

MODEL = Path(__file__).parent.parent / "models" / "forecast.npz"
AGES = (1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0)
"""Hours after the first text for which weights exist; older issues are seen from 48 hours back."""
HORIZON = 24.0
ZONE = ZoneInfo("Asia/Shanghai")
QUANTILES = (0.1, 0.5, 0.9)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Texts to come: `expected` (median), and `low` to `high`, which should hold the truth in 80 of 100 cases."""

    expected: float
    low: float
    high: float
    horizon_hours: float


def forecast(times: Sequence[datetime], now: datetime, *, until_day: bool = False) -> Forecast:
    """Texts between `now` and 24 hours later, from the times of the texts so far (aware, any order; later ones are ignored).

    until_day: instead, up to 24 hours after the first text; for issues younger than a day. Raises UsageError without texts.
    """
    past = sorted(moment for moment in times if moment <= now)
    if not past:
        raise UsageError("没有现在以前的文本，无法预测")
    age = (now - past[0]).total_seconds() / 3600
    if until_day and age >= HORIZON:
        raise UsageError(f"议题已有 {age:.0f} 小时，首日已过")
    seen = max(min(age, AGES[-1]), 0.25)
    ages = np.array([(now - moment).total_seconds() / 3600 for moment in past])
    since = seen - ages[ages <= seen + 1e-9]
    hour = now.astimezone(ZONE)
    row = vector(since, seen, hour.hour + hour.minute / 60, HORIZON - seen if until_day else HORIZON)
    at = int(np.argmin(np.abs(np.log(np.array(AGES[: 5 if until_day else None]) / seen))))
    stored = _model()
    weights = stored["day" if until_day else "next"][at]
    scaled = (row - stored["day_mean" if until_day else "next_mean"][at]) / stored[
        "day_sd" if until_day else "next_sd"
    ][at]
    low, middle, high = (
        float(np.expm1(min(value, 16.0))) for value in np.sort(weights @ np.append(scaled, 1.0))
    )
    return Forecast(max(middle, 0.0), max(low, 0.0), max(high, 0.0), HORIZON - age if until_day else HORIZON)


def vector(since: Floats, age: float, hour: float, ahead: float) -> Floats:
    """Features of an issue `age` hours old at clock time `hour` (Shanghai), looking `ahead` hours. `since`: hours from the
    start of each text. Counts of parts of its life against the whole, the share of the day's activity that is still to
    come under three speeds of fading, the time of day, and products of the ten most telling."""
    total = float(np.log1p(len(since)))

    def part(start: float, end: float) -> float:
        return float(np.log1p(((since > start * age) & (since <= end * age)).sum()))

    parts = [
        part(low, high) - total
        for low, high in ((0.9, 1), (0.75, 1), (0.5, 1), (0.25, 0.5), (-1, 0.1), (-1, 0.25))
    ]
    coming = [
        float(np.log(_activity(hour, 0, ahead, age, fade) / _activity(hour, -age, 0, age, fade)))
        for fade in (0.0, 0.7, 1.2)
    ]
    turn = hour * 2 * np.pi / 24
    clock = [wave(times * turn) for times in (1, 2, 3) for wave in (np.sin, np.cos)]
    telling = [total, parts[0], parts[1], parts[2], parts[5], coming[1], *clock[:4]]
    products = [left * right for left, right in combinations_with_replacement(telling, 2)]
    return np.array([total, *parts, *coming, *clock, *products])


def _activity(hour: float, start: float, end: float, age: float, fade: float) -> float:
    """Usual activity between two times (hours from now), fading with a power of the issue's age."""
    steps = np.arange(start + 0.125, max(end, start + 0.2), 0.25)
    profile = _profile()[((hour + steps) % 24).astype(int)]
    return float((profile * (steps + age + 0.5) ** -fade).sum()) + 1e-6


@lru_cache(maxsize=1)
def _model() -> dict[str, Floats]:
    with np.load(MODEL) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


@lru_cache(maxsize=1)
def _profile() -> Floats:
    return np.array(DAY)
