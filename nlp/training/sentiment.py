"""Trainer of the sentiment head."""

from __future__ import annotations

from nlp.training.task import Task

TRAINER = Task("sentiment", ("-1", "0", "1"), lift=0.1)
