"""Two small learners for ranked lists: a choice model (which of the candidates?) and a chance (is it the one at all?)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize


def choice(
    lists: Sequence[NDArray[Any]], right: Sequence[NDArray[Any]], *, penalty: float = 1.0
) -> NDArray[Any]:
    """Weights (features,) under which the right candidates of each list are most likely (conditional logit, ridge).

    `lists`: per query (candidates, features); `right`: per query booleans (candidates,), at least one true.
    """
    rows = np.concatenate(lists).astype(np.float64)
    good = np.concatenate(right).astype(bool)
    starts = np.cumsum([0, *map(len, lists)])[:-1]
    owner = np.repeat(np.arange(len(lists)), [len(some) for some in lists])
    spread = rows.std(axis=0) + 1e-9
    rows = rows / spread

    def loss(at: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        value = rows @ at
        value -= np.maximum.reduceat(value, starts)[owner]
        weight = np.exp(value)
        every = np.add.reduceat(weight, starts)
        held = np.add.reduceat(weight * good, starts) + 1e-300
        slope = (weight / every[owner] - weight * good / held[owner]) @ rows
        return float((np.log(every) - np.log(held)).sum() + 0.5 * penalty * at @ at), slope + penalty * at

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x / spread)


def chance(rows: NDArray[Any], right: NDArray[Any], *, penalty: float = 1.0) -> tuple[NDArray[Any], float]:
    """Weights (features,) and bias of a logistic regression on standardised features."""
    aims = right.astype(np.float64)
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = (rows - middle) / spread

    def loss(at: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        value = scaled @ at[:-1] + at[-1]
        share = 1 / (1 + np.exp(-np.clip(value, -40, 40)))
        cost = float((np.logaddexp(0, value) - aims * value).sum() + 0.5 * penalty * at[:-1] @ at[:-1])
        step = share - aims
        return cost, np.concatenate([scaled.T @ step + penalty * at[:-1], [step.sum()]])

    found = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    at = found.x[:-1] / spread
    return at, float(found.x[-1] - middle @ at)
