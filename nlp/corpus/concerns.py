"""What people ask and demand in an issue: sentences that ask or demand, clustered, with counts and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import log, sqrt
from re import compile as pattern
from typing import Any

from nlp.corpus.posts import Post, passed_on, sentences
from nlp.corpus.vectors import rarity, stop_words
from nlp.segment import words

ALIKE = 0.2
"""Least cosine of a sentence to the first one of a cluster (star, so that clusters do not drift)."""
READ = 3000
"""Sentences that are clustered; beyond, the issue repeats itself."""
EXAMPLES = 3

_QUESTION = pattern(
    r"[?？]|[吗呢][。！!…]*$|什么时候|何时|为什么|为何|凭什么|怎么办|怎么回事|如何(处理|办理|解决|申请|查询|赔偿)|多少钱|能不能|能否|可否"
    r"|是不是|是否|有没有|谁来|去哪|在哪里"
)
_DEMAND = pattern(
    r"希望|(强烈|我们|业主|居民|家长|现|特|再次)要求|^要求|要求(政府|相关|有关|尽快|公开|彻查|严|退)|恳请|恳求|请求|呼吁|建议|盼望|请(政府|领导|有关|相关|尽快|查|给|帮|解决|重视|还|立即|公布|公开|严)"
    r"|尽快|严惩|严查|查处|彻查|给个说法|给.{0,6}(答复|交代|公道)|还.{0,8}(公道|真相|清白)|退(钱|费|款|还)|赔偿|公开道歉"
)
_EMPTY = pattern(
    r"敬请|请(大家|广大|勿|谅解|放心|周知|互相转告)|^(请问|您好|你好|谢谢|望|请).{0,4}$|(怎么|如何|什么)?(回复|采纳|批评指正)[。！]*$"
)


@dataclass(slots=True)
class _Cluster:
    kind: str
    centre: dict[str, float]
    documents: dict[str, str] = field(default_factory=dict)
    reach: float = 0.0


def find(posts: Sequence[Post], limit: int = 10) -> list[dict[str, Any]]:
    """Concerns, most common first: `{question, kind, count, examples: [{document, text}]}`.

    kind: question or demand; count: distinct documents (a document's comments count with it); question: the sentence of
    the cluster that is nearest to all of it, as somebody wrote it.
    """
    clusters: list[_Cluster] = []
    index: dict[str, list[int]] = {}
    asking = list(islice(_asking(posts), READ))
    bags = [frozenset(words(sentence)) for _, sentence, _ in asking]
    weigh = _Weigher(bags)
    for (post, sentence, kind), bag in zip(asking, bags, strict=True):
        vector = weigh(bag)
        if len(vector) < 2:
            continue
        best, top = None, ALIKE
        for number in {at for word in vector for at in index.get(word, ())}:
            score = _dot(vector, clusters[number].centre)
            if score >= top and clusters[number].kind == kind:
                best, top = clusters[number], score
        if best is None:
            for word in vector:
                index.setdefault(word, []).append(len(clusters))
            best = _Cluster(kind, vector)
            clusters.append(best)
        best.documents.setdefault(post.id, sentence)
        best.reach += sqrt(1 + post.reach)
    ranked = sorted(clusters, key=lambda one: (-len(one.documents), -one.reach, one.kind))
    return [_row(cluster, weigh) for cluster in ranked[:limit]]


def _asking(posts: Sequence[Post]) -> Iterator[tuple[Post, str, str]]:
    for post in sorted(posts, key=lambda one: (one.when, one.id)):
        if post.official:
            continue  # an office's own text is an answer, not a concern
        for text in (post.title, passed_on(post.text), *post.comments[:50]):
            for sentence in sentences(text, 40):
                if not 6 <= len(sentence) <= 80 or _EMPTY.search(sentence):
                    continue
                if _QUESTION.search(sentence):
                    yield post, sentence, "question"
                elif _DEMAND.search(sentence):
                    yield post, sentence, "demand"


class _Weigher:
    """Unit vectors of sentences. A word that most sentences of the issue hold (its place, its name) does not tell one
    concern from another, so it weighs less the more of them hold it."""

    def __init__(self, bags: Sequence[frozenset[str]]) -> None:
        self._counts = Counter(word for bag in bags for word in bag)
        self._total = len(bags)

    def __call__(self, bag: frozenset[str]) -> dict[str, float]:
        stops = stop_words()
        weights = {
            word: rarity(word) * log(1 + self._total / self._counts[word])
            for word in bag
            if len(word) > 1 and word not in stops
        }
        norm = sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {word: weight / norm for word, weight in weights.items()}


def _dot(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(word, 0.0) for word, weight in one.items())


def _row(cluster: _Cluster, weigh: _Weigher) -> dict[str, Any]:
    said = list(cluster.documents.items())
    vectors = [weigh(frozenset(words(text))) for _, text in said[:40]]
    central = max(
        range(len(vectors)),
        key=lambda at: (sum(_dot(vectors[at], one) for one in vectors) / (1 + len(said[at][1]) / 200), -at),
    )
    return {
        "question": said[central][1],
        "kind": cluster.kind,
        "count": len(said),
        "examples": [{"document": document, "text": text} for document, text in said[:EXAMPLES]],
    }
