"""Fit the ranking weights of passage finding on citizens' messages (title) and the official replies to them.

`python -m response_kits.library.fit_retrieval MESSAGES.jsonl [--bar QUESTIONS.jsonl LIBRARY.jsonl]`: MESSAGES have `title` and
`reply`; titles of QUESTIONS (`question`) and texts of LIBRARY that answer them are left out of the fit.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from huiyin import jsonl
from nlp.normalise import normalise
from nlp.training.ranking import choice
from response_kits.library.retrieval import SIGNALS, TITLE, TITLE_WEIGHT, WEIGHTS, Finder, Text

PENALTY = 100.0


def fit(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
    """Weights from (question, answer) pairs; every answer is a candidate for every question."""
    finder = Finder([Text(str(n), "", answer) for n, (_, answer) in enumerate(pairs)], np.zeros(SIGNALS))
    places, seen, _ = finder.candidates([question for question, _ in pairs])
    right = places == np.arange(len(pairs))[:, None]
    held = np.flatnonzero(right.any(axis=1))
    weights = choice([seen[n] for n in held], [right[n] for n in held], penalty=PENALTY)
    weights[TITLE] = TITLE_WEIGHT  # replies have no titles; documents do
    return weights


def key(text: str) -> str:
    """What two printings of one text have in common."""
    return re.sub(r"\W", "", normalise(text))[:150]


def pairs(messages: Sequence[dict[str, Any]], barred: set[str]) -> list[tuple[str, str]]:
    """(title, reply) of messages of which neither is barred."""
    found = [(str(row.get("title") or ""), str(row.get("reply") or "")) for row in messages]
    return [
        (title, reply) for title, reply in found if title and reply and not {key(title), key(reply)} & barred
    ]


def barred(questions: Sequence[dict[str, Any]], library: Sequence[dict[str, Any]]) -> set[str]:
    """Keys of held-back questions and their answers."""
    texts = {row["id"]: str(row["text"]) for row in library}
    return {key(str(row["question"])) for row in questions} | {key(texts[row["answer"]]) for row in questions}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages")
    parser.add_argument("--bar", nargs=2, metavar=("QUESTIONS", "LIBRARY"))
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    out = barred(*(list(jsonl.rows(file)) for file in args.bar)) if args.bar else set()
    used = pairs(list(jsonl.rows(args.messages)), out)
    weights = fit(used)
    content = {"pairs": len(used), "weights": [float(f"{value:.5g}") for value in weights]}
    args.output.write_text(json.dumps(content) + "\n", "utf-8")
    print(f"{len(used)} pairs; weights saved to {args.output}")


if __name__ == "__main__":
    main()
