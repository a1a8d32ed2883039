"""Cue words by group, found in one pass of an automaton over `lexicons/urgency_cues.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind


@dataclass(frozen=True, slots=True)
class Cues:
    """The lexicon: `groups` maps a key to its Chinese name; `find` gives the distinct words of a text by group."""

    groups: dict[str, str]
    automaton: AhoCorasick
    words: tuple[str, ...]
    of_word: tuple[tuple[str, ...], ...]

    def find(self, text: str) -> dict[str, list[str]]:
        """Group → its distinct words in order of first mention; groups without a word are left out."""
        found: dict[str, list[str]] = {}
        seen: set[int] = set()
        for index, _, _ in self.automaton.find_matches_as_indexes(text):
            if index in seen:
                continue
            seen.add(index)
            for group in self.of_word[index]:
                if group in found:
                    found[group].append(self.words[index])
                else:
                    found[group] = [self.words[index]]
        return found


@cache
def load() -> Cues:
    """The lexicon, read once. A word may stand in several groups."""
    groups: dict[str, str] = {}
    of_word: dict[str, list[str]] = {}
    for line in (files("nlp.lexicons") / "urgency_cues.tsv").read_text("utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        key, name, listed = line.split("\t")
        groups[key] = name
        for word in listed.split(" "):
            of_word.setdefault(word, []).append(key)
    words = tuple(of_word)
    automaton = AhoCorasick(words, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
    return Cues(groups, automaton, words, tuple(tuple(of_word[word]) for word in words))
