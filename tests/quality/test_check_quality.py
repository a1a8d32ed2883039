"""The evidence gate on real official replies: one fault planted in a sentence of a reply, or the sentence reworded truly.

`python tests/quality/test_check_quality.py [SEED] [PER_KIND] [whole|sentences]` prints the table by kind; the whole reply is one fact, or each sentence one.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest
from check_faults import FAULTS, REWORDINGS, Maker, sentences

from response_kits import checks

HERE = Path(__file__).resolve().parent
FILES = ("tipdm_reply.train.jsonl", "fuzhou_12345_river.train.jsonl")
# Pinned a little under what was measured with other seeds.
CAUGHT, BLOCKED = 0.965, 0.015


def replies(folder: Path, seed: int, limit: int = 1500) -> list[str]:
    """Replies of 60 to 1,500 characters, shuffled."""
    found = [
        reply
        for name in FILES
        for line in (folder / "messages" / name).read_text("utf-8").splitlines()
        if 60 < len(reply := json.loads(line).get("reply") or "") < 1500
    ]
    random.Random(seed).shuffle(found)
    return found[:limit]


def blocked(texts: list[str], maker: Maker, per_kind: int, seed: int, whole: bool = True) -> tuple[int, int]:
    """(sentences blocked, sentences made) of one kind."""
    rng = random.Random(seed)
    made = stopped = 0
    for k, reply in enumerate(texts):
        if made >= per_kind:
            break
        rows = [s for s in sentences(reply) if len(s) >= 8]
        rng.shuffle(rows)
        others = [texts[(k + step) % len(texts)] for step in range(1, 60)]
        new = next((text for row in rows if (text := maker(row, rng, others))), None)
        if new is None:
            continue
        facts = [reply] if whole else sentences(reply)
        report = checks.run(new, [checks.FactText(str(n), fact) for n, fact in enumerate(facts)])
        made += 1
        stopped += not all(sentence["supported"] for sentence in report.sentences)
    return stopped, made


def table(folder: Path, seed: int, per_kind: int, whole: bool = True) -> dict[str, tuple[bool, int, int]]:
    """Kind → (planted?, blocked, made)."""
    texts = replies(folder, seed)
    kinds = [(kind, maker, True) for kind, maker in FAULTS.items()] + [
        (kind, maker, False) for kind, maker in REWORDINGS.items()
    ]
    return {kind: (bad, *blocked(texts, maker, per_kind, seed, whole)) for kind, maker, bad in kinds}


def rate(rows: dict[str, tuple[bool, int, int]], bad: bool) -> float:
    chosen = [row for row in rows.values() if row[0] is bad]
    return sum(row[1] for row in chosen) / max(1, sum(row[2] for row in chosen))


@pytest.mark.parametrize("whole", [True, False], ids=["reply", "sentences"])
def test_real_replies(shared_data: Path, whole: bool) -> None:
    rows = table(shared_data, seed=11, per_kind=12, whole=whole)
    assert rate(rows, True) >= CAUGHT, rows
    assert rate(rows, False) <= BLOCKED, rows


if __name__ == "__main__":
    folder = HERE.parent.parent.parent / "shared" / "data"
    found = table(
        folder,
        int(sys.argv[1]) if len(sys.argv) > 1 else 21,
        int(sys.argv[2]) if len(sys.argv) > 2 else 50,
        "sentences" not in sys.argv,
    )
    for kind, (bad, stopped, made) in found.items():
        print(f"{'planted ' if bad else 'reworded'}  {kind:<26} {stopped:>4} / {made}")
    print(f"caught {rate(found, True):.3f}, true sentences blocked {rate(found, False):.3f}")
