"""Trainer of the urgency head."""

from __future__ import annotations

from nlp.training.task import Task

TRAINER = Task("urgency", ("0", "1", "2", "3"))
