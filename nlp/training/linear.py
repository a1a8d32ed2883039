"""Softmax regression on soft targets, by L-BFGS: the one learner of all heads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float32]


def fit(
    rows: Any,
    targets: NDArray[Any],
    *,
    weights: NDArray[Any] | None = None,
    penalty: float = 1.0,
    steps: int = 60,
) -> tuple[Floats, Floats]:
    """Weights (features, classes) and bias (classes,) that minimise weighted cross-entropy + penalty/2·|W|².

    `rows`: sparse (texts, features); `targets`: (texts, classes), each row a distribution; `weights`: (texts,), their sum
    is what the penalty is measured against, as in C = 1/penalty of scikit-learn.
    """
    count, width = rows.shape
    kinds = targets.shape[1]
    share = np.ones(count, dtype=np.float32) if weights is None else np.asarray(weights, dtype=np.float32)
    rows = rows.astype(np.float32).tocsr()
    turned = rows.T.tocsr()
    aims = np.asarray(targets, dtype=np.float32)

    def loss(flat: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        matrix = flat.astype(np.float32).reshape(width + 1, kinds)
        logits = rows @ matrix[:-1] + matrix[-1]
        logits -= logits.max(axis=1, keepdims=True)
        shares = np.exp(logits)
        sums = shares.sum(axis=1, keepdims=True)
        value = float((share * (np.log(sums[:, 0]) - (aims * logits).sum(axis=1))).sum())
        shares /= sums
        shares -= aims
        shares *= share[:, None]
        slope = np.empty_like(matrix)
        slope[:-1] = turned @ shares
        slope[:-1] += penalty * matrix[:-1]
        slope[-1] = shares.sum(axis=0)
        value += 0.5 * penalty * float((matrix[:-1] ** 2).sum())
        return value, slope.ravel().astype(np.float64)

    start = np.zeros((width + 1) * kinds)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 8})
    matrix = found.x.reshape(width + 1, kinds).astype(np.float32)
    return matrix[:-1], matrix[-1]
