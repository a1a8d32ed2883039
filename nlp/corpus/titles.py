"""Title, three-sentence summary and keywords of an issue, all taken from its texts: nothing is written that nobody said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from re import compile as pattern

from nlp.corpus.posts import Post, passed_on, sentences, tidy
from nlp.corpus.vectors import rarity, stop_words
from nlp.segment import words

READ = 200
"""Posts that are read, spread evenly over the issue; a large issue repeats itself."""
TITLE = 40
BEST = (8, 28)
"""Length of a good title in characters."""
GIVEN = 1.8
"""How much more a title or a headline in brackets is worth than a first sentence."""
CAREFUL = 1.5
"""How much more the title of a notice or of an article is worth than other titles."""
FAINT = 0.4
"""A sentence worth less than this share of the best one is no summary, even where fewer than three remain."""
_TAIL = pattern(r"[^\w》”’』」）)\]】？！?!%％…]+$")
_WARMTH = pattern(r"\s*(?:热度|热搜|热榜)\s*[\d.,]+\s*[万亿]?\s*$")
_LEAD = pattern(r"^\W*[【\[《]([^】\]》]{6,60})[】\]》]|^\W*#([^#]{6,40})#")


def title(posts: Sequence[Post]) -> str:
    """The title (or first line) that says most of what all texts say; at most 40 characters. '' without posts.

    Official and news titles are preferred where they are as telling as others: they are worded with more care. What a copy
    or a repost adds to a text is no title: only where nothing else is known is the text that it passes on one.
    """
    read = _spread(posts)
    centre = _centre(read)
    best, top = "", -1.0
    for post in _own(read):
        text, given = _headline(post)
        if not text:
            continue
        value = _value(text, centre) * (CAREFUL if post.official or post.kind == "article" else 1.0)
        value *= GIVEN if given else 1.0
        if not BEST[0] <= len(text) <= BEST[1]:
            value *= 0.8
        if text.endswith(("?", "？", "!", "！")):
            value *= 0.9
        if value > top:
            best, top = text, value
    return _cut(best)


def summary(posts: Sequence[Post], count: int = 3) -> str:
    """The `count` sentences that say most of what all texts say without repeating one another, in order of time."""
    read = _own(_spread(posts))
    centre = _centre(read)
    found: dict[str, tuple[float, int]] = {}
    for at, post in enumerate(read):
        for number, piece in enumerate(sentences(passed_on(post.text), 12)):
            if 10 <= len(piece) <= 120 and piece not in found:
                length = min(len(piece), 60) / 60
                value = _value(piece, centre) * (0.6 + 0.4 * length) * (0.7 if piece[-1] in "?？" else 1.0)
                found[piece] = (value * (1.15 if post.official else 1.0), at * 100 + number)
    pool = sorted(found.items(), key=lambda item: (-item[1][0], item[1][1]))[:60]
    pool = [item for item in pool if item[1][0] >= FAINT * pool[0][1][0]]
    chosen: list[str] = []
    bags = {piece: set(words(piece)) - stop_words() for piece, _ in pool}
    while pool and len(chosen) < count:
        scored = [
            (
                value * (1 - max([_overlap(bags[piece], bags[one]) for one in chosen], default=0.0)),
                -place,
                piece,
            )
            for piece, (value, place) in pool
        ]
        value, _, piece = max(scored)
        if value <= 0:
            break
        chosen.append(piece)
        pool = [item for item in pool if item[0] != piece]
    if not chosen:
        return tidy(read[0].text)[:100] if read else ""
    return "".join(
        piece if piece[-1] in "。！？!?；;…" else piece + "。"
        for piece in sorted(chosen, key=lambda one: found[one][1])
    )


def _own(posts: Sequence[Post]) -> Sequence[Post]:
    """The posts that are no copies of others; all where there is none."""
    return [post for post in posts if not post.copy] or posts


def _cut(text: str) -> str:
    """At most TITLE characters: up to the last mark that closes a thought, else with a sign that something is left out."""
    text = _TAIL.sub("", text.strip())
    if len(text) <= TITLE:
        return text
    end = max(text.rfind(mark, BEST[0] + 2, TITLE) for mark in "。！？!?；;，, ")
    return _TAIL.sub("", text[:end]) if end > 0 else text[: TITLE - 1] + "…"


def keywords(posts: Sequence[Post], count: int = 8) -> tuple[str, ...]:
    """Words in many of the texts and few others, best first; single characters and numbers are left out."""
    centre = _centre(_spread(posts))
    able = {
        word: weight
        for word, weight in centre.items()
        if len(word) > 1 and not word.isdigit() and word.isalpha()
    }
    ranked = sorted(able, key=lambda word: (-able[word], word))
    chosen: list[str] = []
    for word in ranked:
        if not any(word in other or other in word for other in chosen):
            chosen.append(word)
        if len(chosen) == count:
            break
    return tuple(chosen)


def _spread(posts: Sequence[Post]) -> list[Post]:
    ordered = sorted(posts, key=lambda post: (post.when, post.id))
    if len(ordered) <= READ:
        return ordered
    step = len(ordered) / READ
    return [ordered[int(at * step)] for at in range(READ)]


def _centre(posts: Sequence[Post]) -> dict[str, float]:
    """Word → (share of texts that hold it, damped) × rarity."""
    seen: Counter[str] = Counter()
    for post in posts:
        seen.update(set(words(tidy(f"{post.title} {post.text[:1500]}"))))
    stops = stop_words()
    return {
        word: log(1 + count) / log(1 + max(len(posts), 2)) * rarity(word)
        for word, count in seen.items()
        if word not in stops and (len(word) > 1 or word.isdigit())
    }


def _headline(post: Post) -> tuple[str, bool]:
    """(headline, whether the writer gave it as one); a first sentence is none."""
    if post.title:
        return tidy(_WARMTH.sub("", passed_on(post.title))), True
    text = passed_on(post.text)
    found = _LEAD.match(text)
    if found:
        return tidy(found.group(1) or found.group(2)), True
    first = next(sentences(text, 1), tidy(text)[:TITLE])
    return first.rstrip("。；;，"), post.kind == "hot"


def _value(text: str, centre: dict[str, float]) -> float:
    bag = set(words(text))
    return sum(centre.get(word, 0.0) for word in bag) / sqrt(len(bag) + 4)


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(min(len(one), len(other)), 1)
