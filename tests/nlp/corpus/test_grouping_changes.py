"""Whatever is added, merged, split, moved or regrouped, in any order: no document is lost, doubled, or in two issues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nlp.corpus.consolidate import apply, consolidate
from nlp.corpus.grouping import Grouper

START = datetime(2026, 11, 2, tzinfo=UTC)
PLACES = ("桥西区永兴仓储园", "实验二小", "北塔镇水厂", "中山路地铁站")
MATTERS = (
    "发生火灾浓烟滚滚",
    "食堂饭菜变质孩子肚子疼",
    "停水三天没有通知",
    "工人讨薪拉横幅",
    "电梯坠落有人受伤",
)
TAILS = ("", "，求证实", "，请有关部门处理", "，现场围了很多人", "，官方还没有回应")


class Changes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.grouper = Grouper()
        self.added: list[str] = []
        self.ids: set[str] = set()

    def _issues(self) -> list[str]:
        return [issue.id for issue in self.grouper.live.values()]

    @rule(
        place=st.sampled_from(PLACES),
        matter=st.sampled_from(MATTERS),
        tail=st.sampled_from(TAILS),
        hours=st.integers(0, 48),
    )
    def add(self, place: str, matter: str, tail: str, hours: int) -> None:
        name = f"d{len(self.added)}"
        self.added.append(name)
        found = self.grouper.add(name, place + matter + tail, "", START + timedelta(hours=hours))
        assert found.issue == self.grouper.issue_of(name)
        self.ids.add(found.issue)

    @precondition(lambda self: self.added)
    @rule(data=st.data())
    def add_again(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.added))
        assert self.grouper.add(name, "别的文字", "", START).issue == self.grouper.issue_of(name)

    @precondition(lambda self: len(self._issues()) > 1)
    @rule(data=st.data(), by_person=st.booleans())
    def merge(self, data: st.DataObject, by_person: bool) -> None:
        keep, gone = data.draw(st.lists(st.sampled_from(self._issues()), min_size=2, max_size=2, unique=True))
        assert self.grouper.merge(keep, gone, by_person=by_person) == keep
        assert self.grouper.resolve(gone) == keep

    @precondition(lambda self: any(len(issue.members) > 1 for issue in self.grouper.live.values()))
    @rule(data=st.data(), by_person=st.booleans())
    def split(self, data: st.DataObject, by_person: bool) -> None:
        large = [issue for issue in self.grouper.live.values() if len(issue.members) > 1]
        issue = data.draw(st.sampled_from(large))
        names = list(issue.members)
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=len(names) - 1, unique=True))
        created = self.grouper.split(issue.id, chosen, by_person=by_person)
        assert created not in self.ids
        self.ids.add(created)
        assert set(self.grouper.issue(created).members) == set(chosen)

    @precondition(lambda self: self.added)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        name, issue = data.draw(st.sampled_from(self.added)), data.draw(st.sampled_from(self._issues()))
        assert self.grouper.issue_of(name) is not None
        assert self.grouper.move(name, issue) == issue == self.grouper.issue_of(name)

    @precondition(lambda self: len(self.added) > 1)
    @rule(data=st.data(), together=st.booleans())
    def link(self, data: st.DataObject, together: bool) -> None:
        one, other = data.draw(st.lists(st.sampled_from(self.added), min_size=2, max_size=2, unique=True))
        (self.grouper.must_link if together else self.grouper.cannot_link)(one, other)
        assert (self.grouper.issue_of(one) == self.grouper.issue_of(other)) is together
        self.ids |= set(self._issues())

    @rule()
    def regroup(self) -> None:
        for proposal in consolidate(self.grouper):
            assert proposal.reason
            apply(self.grouper, proposal)
        self.ids |= set(self._issues())

    @invariant()
    def every_document_is_in_exactly_one_issue(self) -> None:
        held = [name for issue in self.grouper.live.values() for name in issue.members]
        assert sorted(held) == sorted(self.added)
        for issue in self.grouper.live.values():
            assert issue.members
            assert issue.representatives
            assert {member.id for member in issue.representatives} <= issue.members.keys()
            assert all(self.grouper.issue_of(name) == issue.id for name in issue.members)

    @invariant()
    def every_id_ever_given_leads_somewhere(self) -> None:
        live = set(self._issues())
        assert all(self.grouper.resolve(issue) in live for issue in self.ids)

    @invariant()
    def the_index_knows_live_issues_only(self) -> None:
        assert {
            number for posted in self.grouper._index.values() for number in posted
        } <= self.grouper.live.keys()


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
