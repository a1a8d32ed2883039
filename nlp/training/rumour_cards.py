"""Model cards of the rumour heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

_READS = {
    "rumour_comments": "the early comments under a post, joined: doubt, denial and alarm against everyday talk",
    "rumour_told": "the text of a post that has comments; the join with the comments' head reads it in place of `rumour`",
}


def rumour(figures: Mapping[str, float], data: Sequence[str], *, posts: int, others: int) -> str:
    """The card of the text head."""
    names = " ".join(Path(file).name for file in data)
    return f"""# rumour

How much a text reads like posts that were debunked: logistic regression on hashed character 1- to 3-grams (`rumour`), a second
one on the early comments joined (`rumour_comments`), a third on the text where there are comments (`rumour_told`, from one
source), and a join of the two (`join.json`). A score, never a verdict.

## Data
{posts} labelled posts ({names}): THUNLP Chinese_Rumor_Dataset (CED) and the EANN subset of Weibo (Jin 2017), “please
cite” or no licence stated. {others} other texts of public sets (everyday microblogs, news, citizens' messages; claims and
titles of debunking sites) with small weights. Addresses, names called, hashtags and emoticons are taken out for training, so
that habits of a platform or a year weigh less. No text is kept; `words.txt` holds single words.

## Scores
Each split is fitted anew; the model that is shipped is fitted on all posts.

{_table(figures)}

## Limits
Learnt from microblogs of 2009–2015 and a pandemic; on a source that it has not seen the text alone tells much less than within
a source. It knows the wording of rumours, not what is true: a true alarm reads like a false one. Short texts say little.
Irony, pictures and video are not seen.

## Retrain
`huiyin train rumour --data {names} --aux FOLDER`
"""


def beside(name: str, figures: Mapping[str, float], data: Sequence[str], posts: int) -> str:
    """The card of a head that speaks only where there are comments (`rumour_comments`, `rumour_told`)."""
    names = " ".join(Path(file).name for file in data)
    return f"""# {name}

Logistic regression on hashed character 1- to 3-grams over {_READS[name]}. Its answer is joined with the other's by
`rumour/join.json`; alone it decides nothing.

## Data
{posts} posts of THUNLP Chinese_Rumor_Dataset (CED) with comments of their first 30 minutes (from {names}); “please cite”, no
licence stated. Names called and addresses are taken out. No text is kept.

## Scores
Learnt from the first 70 % in time, measured on posts of the last 30 % that have a comment in 30 minutes; the head that is
shipped is fitted on all. For both together see the card of `rumour`.

{_table(figures)}

## Limits
One platform, 2009–2015, one source. Comments can be bought or organised; an office's own denial among them counts as denial.

## Retrain
`huiyin train rumour --data {names} --aux FOLDER` (trained together with `rumour`)
"""


def _table(figures: Mapping[str, float]) -> str:
    rows = [f"| {name} | {value:.3f} |" for name, value in figures.items()]
    return "\n".join(["| split | value |", "| --- | --- |", *rows])
