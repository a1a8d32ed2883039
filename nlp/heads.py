"""The linear heads: all of them in one sparse-by-dense product over a batch.

A head is a folder `models/<name>/`: `weights.npy` (int8, one row a vocabulary column, one column a class), `head.json`
(classes, scale of each column, bias, temperature, scores) and `MODEL_CARD.md`. The vocabulary is shared.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from huiyin.errors import HuiyinError
from nlp.features import Reader, reader

MODELS = Path(__file__).with_name("models")

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """One trained head. `weights` float32 or int8 of shape (width, classes), `scale` and `bias` of shape (classes,)."""

    name: str
    classes: tuple[str, ...]
    weights: NDArray[Any]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float = 1.0

    @classmethod
    def load(cls, name: str, folder: Path = MODELS) -> Head:
        """Read a head; its weights stay a memory map until they are used."""
        place = folder / name
        try:
            meta = json.loads((place / "head.json").read_text("utf-8"))
            weights = np.load(place / "weights.npy", mmap_mode="r", allow_pickle=False)
        except FileNotFoundError as error:
            raise HuiyinError(
                f"model {name!r}: {error.filename} is missing; train it with huiyin train {name}"
            ) from error
        except ValueError as error:
            raise HuiyinError(f"model {name!r}: {place} cannot be read: {error}") from error
        return cls(
            name,
            tuple(meta["classes"]),
            weights,
            np.asarray(meta["scale"], dtype=np.float32),
            np.asarray(meta["bias"], dtype=np.float32),
            float(meta["temperature"]),
        )

    @classmethod
    def pack(
        cls, name: str, classes: Sequence[str], weights: NDArray[Any], bias: NDArray[Any], temperature: float
    ) -> Head:
        """Round float weights (width, classes) to 8 bits, one scale a column."""
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
        packed = np.rint(weights / scale).astype(np.int8)
        return cls(
            name, tuple(classes), packed, scale.astype(np.float32), bias.astype(np.float32), temperature
        )

    def save(self, folder: Path, **notes: Any) -> None:
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        np.save(place / "weights.npy", np.asarray(self.weights))
        meta = {
            "classes": list(self.classes),
            "scale": [float(f"{value:.6g}") for value in self.scale],
            "bias": [float(f"{value:.6g}") for value in self.bias],
            "temperature": round(self.temperature, 4),
            **notes,
        }
        (place / "head.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", "utf-8")


class Heads:
    """Several heads over one reader. `scores` is the only thing to call."""

    def __init__(self, heads: Sequence[Head], over: Reader) -> None:
        self.reader = over
        self.heads = {head.name: head for head in heads}
        self._spans: dict[str, slice] = {}
        start = 0
        for head in heads:
            if head.weights.shape[0] != over.width:
                raise HuiyinError(
                    f"model {head.name!r} has {head.weights.shape[0]} rows, the vocabulary {over.width}: train it again"
                )
            self._spans[head.name] = slice(start, start + len(head.classes))
            start += len(head.classes)
        self._weights = np.empty((over.width, start), dtype=np.float32)
        for head in heads:
            # Scaled in place, head by head: no second copy of the whole in memory.
            np.multiply(
                head.weights, head.scale / head.temperature, out=self._weights[:, self._spans[head.name]]
            )
        self._bias = np.concatenate([head.bias / head.temperature for head in heads]).astype(np.float32)

    @classmethod
    def load(cls, names: Sequence[str], folder: Path = MODELS) -> Heads:
        return cls([Head.load(name, folder) for name in names], reader(folder))

    def scores(self, spellings: Sequence[str]) -> dict[str, Scores]:
        """Calibrated logits of each head for normalised texts: name → (texts, classes)."""
        counts, scale = self.reader.read(spellings)
        logits = counts @ self._weights * scale + self._bias
        return {name: logits[:, span] for name, span in self._spans.items()}

    def classes(self, name: str) -> tuple[str, ...]:
        return self.heads[name].classes


def softmax(logits: NDArray[Any]) -> Scores:
    """Rows of logits → rows of probabilities."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Scores = shifted / shifted.sum(axis=1, keepdims=True)
    return shares
