"""Trainer of the topic head."""

from __future__ import annotations

from nlp.training.task import Task

# fmt: off
TRAINER = Task(
    "topic",
    (
        "approval",
        "enforcement",
        "finance",
        "land",
        "housing",
        "procurement",
        "education",
        "research",
        "health",
        "employment",
        "welfare",
        "environment",
        "safety",
        "soe",
        "food_drug",
        "market",
        "disclosure",
        "urban",
        "order",
        "other",
    ),
    lift=0.05,
)
# fmt: on
