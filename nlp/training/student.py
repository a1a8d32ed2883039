"""The student: one linear head over hashed n-grams that agrees with the teacher on many texts and with people on few."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def ridge(
    rows: Any, targets: Floats, weights: Floats, *, penalty: float, steps: int = 40
) -> tuple[Floats, Floats]:
    """Weights (features, classes) and bias (classes,) of weighted ridge regression, by conjugate gradients.

    `rows`: sparse float32 (texts, features); `targets`: (texts, classes); `weights`: (texts,).
    """
    turned = rows.T.tocsr()
    mean = (targets * weights[:, None]).sum(axis=0) / weights.sum()
    aims = (targets - mean).astype(np.float32)
    share = weights[:, None].astype(np.float32)

    def apply(matrix: Floats) -> Floats:
        result: Floats = turned @ (share * (rows @ matrix)) + penalty * matrix
        return result

    solution: Floats = np.zeros((rows.shape[1], targets.shape[1]), dtype=np.float32)
    rest: Floats = turned @ (share * aims)
    way = rest.copy()
    size = (rest**2).sum(axis=0)
    first = np.maximum(size, 1e-12)
    for _ in range(steps):
        turn = apply(way)
        step = size / np.maximum((way * turn).sum(axis=0), 1e-20)
        solution += way * step
        rest -= turn * step
        new = (rest**2).sum(axis=0)
        if float((new / first).max()) < 1e-6:
            break
        way = rest + way * (new / np.maximum(size, 1e-20))
        size = new
    return solution, mean.astype(np.float32)
