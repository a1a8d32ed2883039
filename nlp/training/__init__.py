"""Training and measuring. A trainer is a file here with `TRAINER`; adding a model is adding one file."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Protocol

from huiyin.errors import UsageError
from huiyin.settings import Settings


class Trainer(Protocol):
    """What a file of this folder offers as `TRAINER`."""

    def train(
        self,
        data: list[str],
        settings: Settings,
        *,
        output: Path | None,
        aux: Path,
        barred: list[str],
        force: bool,
        corrections: bool = False,
    ) -> str:
        """Train, with `corrections` also on what analysts set right in the record; save where better; the sentences to print."""

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        """Scores as `nlp.training.scores.measure` gives them (at least `model` and `texts`)."""


def names() -> tuple[str, ...]:
    """Names of the trainers in this folder: the files that set `TRAINER`; the others are tools."""
    files = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return tuple(file.stem for file in files if "\nTRAINER" in file.read_text("utf-8"))


def trainer(name: str) -> Trainer:
    """The trainer of that name. Raises UsageError with the choices."""
    if name not in names():
        raise UsageError(f"no model {name!r}; choose from {', '.join(names())}")
    found: Trainer = importlib.import_module(f"nlp.training.{name}").TRAINER
    return found
