"""Trainer of the respond head."""

from __future__ import annotations

from nlp.training.task import Task

TRAINER = Task("respond", ("false", "true"))
