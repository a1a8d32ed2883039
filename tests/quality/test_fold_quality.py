"""Light copies planted among real posts: precision and recall of folding.

Natural copies among the real posts count as errors of precision here, so the true precision is higher than the figure.
`python tests/quality/test_fold_quality.py` prints the figures.
"""

from __future__ import annotations

import random
from pathlib import Path

from crawler.fold import Fold, bare
from huiyin import jsonl

HEADS = ("转：", "【转发】", "扩散！", "#本地热点#", "有人知道吗？", "刚看到的：")
TAILS = ("是真的吗", "大家注意", "[怒][怒]", "……全文", " http://t.cn/A6x9", "@本地发布")


def copy(chance: random.Random, text: str) -> str:
    """A light copy: one or two of a head, a tail, other punctuation, one or two characters changed, a cut end, a repost mark."""
    for _ in range(chance.randrange(1, 3)):
        kind = chance.randrange(6)
        place = chance.randrange(len(text))
        if kind == 0:
            text = chance.choice(HEADS) + text
        elif kind == 1:
            text = text + chance.choice(TAILS)
        elif kind == 2:
            text = text.replace("，", chance.choice(" ,~")).replace("。", "！")
        elif kind == 3:
            text = text[:place] + chance.choice("的了吧呢啊") + text[place + 1 :]
        elif kind == 4:
            text = text[: max(12, int(len(text) * 0.85))]
        else:
            text = f"真的假的//@用户{chance.randrange(999)}:{text}"
    return text


def figures(data: Path) -> tuple[float, float]:
    """(precision, recall) over 9,000 real posts, each third with two copies."""
    chance = random.Random(11)
    texts = {
        bare(row["text"]): row["text"]
        for name in ("smp2020_usual", "smp2020_virus")
        for row in jsonl.rows(str(data / "sentiment" / f"{name}.train.jsonl"))
    }
    originals = [text for key, text in texts.items() if len(key) >= 15]
    chance.shuffle(originals)
    documents: list[tuple[str, str]] = []
    family: dict[str, int] = {}
    for number, text in enumerate(originals[:9000]):
        for name, version in [
            (f"{number}", text),
            *((f"{number}-{n}", copy(chance, text)) for n in range(2 if number % 3 == 0 else 0)),
        ]:
            documents.append((name, version))
            family[name] = number
    chance.shuffle(documents)
    answers = Fold().add(documents)
    folded = [(name, first) for (name, _), first in zip(documents, answers, strict=True) if first]
    right = sum(family[name] == family[first] for name, first in folded)
    return right / len(folded), right / (len(documents) - 9000)


def test_planted_copies_among_real_posts(shared_data: Path) -> None:
    precision, recall = figures(shared_data)
    assert precision >= 0.98
    assert recall >= 0.98


if __name__ == "__main__":
    found = figures(Path(__file__).resolve().parents[2].parent / "shared" / "data")
    print(f"precision {found[0]:.4f} recall {found[1]:.4f}")
