"""Fit the forecast on the earlier 70 % of repost traces, measure it on the later 30 %: median error of the 24-hour total.

    python bench/grouping_forecast.py TRACES.jsonl [--save]

TRACES: start (ISO 8601), minutes (since the first). Peers: NewsWhip publishes ±21 % one hour and ±12 % three hours after
publication (news articles with many interactions); here one microblog's reposts, median 250 in a day.
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from huiyin.jsonl import rows
from nlp.corpus.forecast import AGES, HORIZON, MODEL, QUANTILES, ZONE, Floats, vector


def fit(x: Floats, y: Floats, quantile: float, ridge: float = 40.0) -> Floats:
    """Quantile regression by re-weighted least squares; the last column of x is the constant."""
    weights = np.ones(len(y))
    solution = np.zeros(x.shape[1])
    for _ in range(80):
        weighed = x * weights[:, None]
        penalty = np.full(x.shape[1], ridge)
        penalty[-1] = 1e-6
        solution = np.linalg.solve(weighed.T @ x + np.diag(penalty), weighed.T @ y)
        error = y - x @ solution
        weights = np.where(error > 0, quantile, 1 - quantile) / np.maximum(np.abs(error), 0.03)
    return solution


def design(traces: list[dict[str, Any]], age: float, day: bool) -> tuple[Floats, Floats, Floats]:
    """Features, texts so far, texts to come; for each trace at this age."""
    ahead = HORIZON - age if day else HORIZON
    x, so_far, to_come = [], [], []
    for trace in traces:
        now = (datetime.fromisoformat(trace["start"]) + timedelta(hours=age)).astimezone(ZONE)
        hours = np.asarray(trace["minutes"]) / 60
        since = hours[hours <= age]
        x.append(vector(since, age, now.hour + now.minute / 60, ahead))
        so_far.append(len(since))
        to_come.append(int(((hours > age) & (hours <= age + ahead)).sum()))
    return np.array(x), np.array(so_far, float), np.array(to_come, float)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("traces")
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    traces = sorted(rows(args.traces), key=lambda row: str(row["start"]))
    cut = int(len(traces) * 0.7)
    calibration = int(cut * 0.8)
    out: dict[str, list[Any]] = {
        f"{kind}{what}": [] for kind in ("next", "day") for what in ("", "_mean", "_sd")
    }
    print(
        "what  age/h  median error of the 24 h total  (20 texts or more so far)  coverage of 80 %  ratio baseline"
    )
    for kind in ("day", "next"):
        for age in AGES[: 5 if kind == "day" else None]:
            x, so_far, to_come = design(traces, age, kind == "day")
            mean, sd = x[:cut].mean(0), x[:cut].std(0) + 1e-9
            z = np.hstack([(x - mean) / sd, np.ones((len(x), 1))])
            y = np.log1p(to_come)
            first = [fit(z[:calibration], y[:calibration], q) for q in QUANTILES]
            held = slice(calibration, cut)
            miss = np.maximum(z[held] @ first[0] - y[held], y[held] - z[held] @ first[2])
            wider = float(np.quantile(miss, 0.8))
            weights = np.array([first[0], fit(z[:cut], y[:cut], 0.5), first[2]])
            weights[0, -1] -= wider
            weights[2, -1] += wider
            for name, value in (("", weights), ("_mean", mean), ("_sd", sd)):
                out[kind + name].append(value)
            low, middle, high = np.sort(z[cut:] @ weights.T, axis=1).T
            inside = ((y[cut:] >= low) & (y[cut:] <= high)).mean()
            base = so_far[cut:] if kind == "day" else np.zeros(len(traces) - cut)
            total = to_come[cut:] + base
            error = np.abs((np.expm1(middle) + base) / np.maximum(total, 1) - 1)
            plain = np.median(np.log1p(to_come[:cut]) - np.log1p(so_far[:cut]))
            naive = np.abs((np.exp(plain) * (so_far[cut:] + 1) - 1 + base) / np.maximum(total, 1) - 1)
            many = so_far[cut:] >= 20
            print(
                f"{kind:5} {age:5.0f}  {np.median(error):.3f}  ({np.median(error[many]):.3f})  {inside:.3f}  {np.median(naive):.3f}"
            )
    if args.save:
        np.savez_compressed(MODEL, **{name: np.array(value, np.float32) for name, value in out.items()})
        print(f"{MODEL.name}: {MODEL.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
