"""Cases that are related: who links them, what each shows of the other, and what is refused."""

from uuid import uuid4

import pytest
from contracts.intake import Channel
from contracts.routing import CaseLinkedV1, CaseState, CaseUnlinkedV1, LinkKind
from hypothesis import given
from hypothesis import strategies as st
from kit.numbers import Mistyped, new_number
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.chain import list_faults
from routing.domain.linking import Link, LinkSeen, mirrored
from routing.domain.steps import STEPS, Step
from routing.errors import (
    CaseChanged,
    CaseNotFound,
    LinkedAlready,
    LinkedToItself,
    LinkNotFound,
    NotYourStep,
    OtherCaseUnseen,
    UnknownCase,
)
from routing.repository import cases
from routing.service import linking, reading
from routing.service.naming import CASE_PREFIX

from tests.routing.conftest import City, subject_of
from tests.routing.test_steps import TAKE, WAY, As, make_case, make_case_in

WORDS = "同一户家庭，转入长期帮扶"


def link(uow: RolledBackUnitOfWork, case: Case, number: str, kind: LinkKind = LinkKind.FOLLOW_UP) -> Case:
    return linking.link_cases(uow, case.case_id, version=case.version, number=number, kind=kind, words=WORDS)


def unlink(uow: RolledBackUnitOfWork, case: Case, seen: LinkSeen) -> Case:
    return linking.unlink_cases(uow, case.case_id, seen.link.link_id, version=case.version, words="误连")


def links_of(uow: RolledBackUnitOfWork, case: Case) -> list[LinkSeen]:
    return reading.get_case(uow, case.case_id).links


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


@given(kind=st.sampled_from(LinkKind), number=st.text(min_size=1, max_size=20))
def test_what_each_of_two_cases_is_to_the_other_comes_back_when_it_is_turned_twice(kind: LinkKind, number: str) -> None:
    assert mirrored(mirrored(kind)) is kind
    assert (mirrored(kind) is kind) is (kind is LinkKind.SAME_CAUSE)
    mine = Link(uuid4(), uuid4(), uuid4(), "C2", kind, WORDS, "who", NOW)
    theirs = mine.other_side(number)
    assert (theirs.case_id, theirs.other_id, theirs.other_number) == (mine.other_id, mine.case_id, number)
    assert theirs.other_side("C2") == mine


@pytest.mark.parametrize("kind", LinkKind)
def test_each_of_the_two_names_the_other_and_what_it_is_to_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, kind: LinkKind
) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    holder = as_person(city.person("municipal"))
    after = link(holder, first, second.number.lower(), kind)
    assert (after.linked, after.version) == (1, first.version + 1)
    for case, other, seen_as in ((first, second, kind), (second, first, mirrored(kind))):
        (seen,) = links_of(holder, case)
        assert (seen.link.other_number, seen.link.kind, seen.link.words) == (other.number, seen_as, WORDS)
        assert seen.other is not None
        assert (seen.other.case_id, seen.other.state, seen.other.gist) == (other.case_id, other.state, other.gist)
        entry = cases.list_entries(uow, now_of(uow, case))[-1]
        assert (entry.step, entry.words, entry.facts["other"]) == ("linked", WORDS, other.number)
        assert str(other.case_id) not in str(entry.facts)
        assert now_of(uow, case).state is case.state
    told = [CaseLinkedV1.model_validate_json(event.body or "") for event in holder.published]
    assert [(each.case_id, each.other_number, each.link) for each in told] == [
        (first.case_id, second.number, kind),
        (second.case_id, first.number, mirrored(kind)),
    ]
    assert WORDS not in "".join(event.body or "" for event in holder.published)


@pytest.mark.parametrize("name", ["id", "number", "appeal"])
def test_the_other_is_named_by_id_or_number_or_the_number_of_an_appeal_in_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, name: str
) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    names = {"id": str(second.case_id), "number": second.number, "appeal": f" {second.appeals[0].number.lower()} "}
    holder = as_person(city.person("municipal"))
    assert link(holder, first, names[name]).linked == 1
    assert [seen.link.other_id for seen in links_of(holder, first)] == [second.case_id]


def test_an_appeal_of_a_case_that_is_not_to_be_seen_names_none(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, other = make_case(uow, city), make_case(uow, city, place="other")
    for hidden in (other.appeals[0].number, str(other.case_id)):
        with pytest.raises(UnknownCase):
            link(as_person(city.person("municipal")), mine, hidden)


def test_of_a_case_that_is_not_to_be_seen_its_number_is_and_nothing_more(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, other = make_case(uow, city), make_case(uow, city, place="other", gist="另一社区的事")
    link(as_person(city.person("district_dispatcher")), mine, other.number)
    (seen,) = links_of(as_person(city.person("municipal")), mine)
    assert (seen.link.other_number, seen.other) == (other.number, None)
    (theirs,) = links_of(as_person(city.person("other_dispatcher")), other)
    assert (theirs.link.other_number, theirs.other) == (mine.number, None)


def test_nobody_links_a_case_that_they_do_not_see(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    mine, other = make_case(uow, city), make_case(uow, city, place="other")
    about_them = make_case(uow, city, complained_of=[subject_of("municipal")])
    holder = as_person(city.person("municipal"))
    for hidden in (other.number, about_them.number, new_number(CASE_PREFIX)):
        with pytest.raises(UnknownCase) as refused:
            link(holder, mine, hidden)
        assert refused.value.field == "/number"
    with pytest.raises(CaseNotFound):
        link(holder, other, mine.number)
    with pytest.raises(Mistyped):
        link(holder, mine, "C7K2-9QXM-4T6")
    assert (now_of(uow, mine).version, now_of(uow, other).version) == (mine.version, other.version)
    assert holder.published == []


def test_a_case_is_linked_neither_to_itself_nor_twice(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    holder = as_person(city.person("municipal"))
    with pytest.raises(LinkedToItself):
        link(holder, first, first.number)
    after = link(holder, first, second.number)
    with pytest.raises(LinkedAlready):
        link(holder, after, second.number, LinkKind.SAME_CAUSE)
    with pytest.raises(LinkedAlready):
        link(holder, now_of(uow, second), first.number)
    assert [len(links_of(holder, case)) for case in (first, second)] == [1, 1]


@pytest.mark.parametrize("who", ["window", "legal", "district_supervisor"])
def test_only_whoever_holds_or_dispatches_it_links_a_case(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str
) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    with pytest.raises(NotYourStep):
        link(as_person(city.person(who)), first, second.number)
    linked = link(as_person(city.person("dispatcher")), first, second.number)
    (seen,) = links_of(as_person(city.person(who)), linked)
    with pytest.raises(NotYourStep):
        unlink(as_person(city.person(who)), linked, seen)


@pytest.mark.parametrize("state", WAY)
def test_a_case_is_linked_in_any_state_and_stays_in_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, state: CaseState
) -> None:
    case, other = make_case_in(state, uow, city, as_person), make_case(uow, city)
    dispatcher = as_person(city.person("dispatcher"))
    assert STEPS[Step.LINK].allows(case)
    assert not STEPS[Step.UNLINK].allows(case)
    linked = link(dispatcher, case, other.number)
    assert (linked.state, linked.version) == (state, case.version + 1)
    entries = cases.list_entries(uow, linked)
    assert list_faults(entries, head=linked.head, length=linked.version) == []


def test_what_was_linked_wrongly_is_ended_by_new_entries_and_may_be_linked_anew(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    holder = as_person(city.person("municipal"))
    link(holder, first, second.number)
    (seen,) = links_of(holder, first)
    unlinking = as_person(city.person("dispatcher"))
    # From the other side as well: it is one link.
    ended = unlink(unlinking, now_of(uow, second), seen)
    assert ended.linked == 0
    for case in (first, second):
        assert links_of(holder, case) == []
        after = now_of(uow, case)
        entries = cases.list_entries(uow, after)
        assert [entry.step for entry in entries][-2:] == ["linked", "unlinked"]
        assert list_faults(entries, head=after.head, length=after.version) == []
    told = [CaseUnlinkedV1.model_validate_json(event.body or "") for event in unlinking.published]
    assert [(each.case_id, each.link) for each in told] == [
        (second.case_id, LinkKind.PRECEDES),
        (first.case_id, LinkKind.FOLLOW_UP),
    ]
    with pytest.raises(LinkNotFound):
        unlink(holder, now_of(uow, first), seen)
    assert link(holder, now_of(uow, first), second.number, LinkKind.SAME_CAUSE).linked == 1


def test_a_link_that_is_not_there_or_half_unseen_is_not_ended(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    mine, other = make_case(uow, city), make_case(uow, city, place="other")
    linked = link(as_person(city.person("district_dispatcher")), mine, other.number)
    holder = as_person(city.person("municipal"))
    (seen,) = links_of(holder, mine)
    with pytest.raises(LinkNotFound):
        linking.unlink_cases(holder, mine.case_id, uuid4(), version=linked.version, words="误连")
    with pytest.raises(OtherCaseUnseen) as refused:
        unlink(holder, linked, seen)
    assert str(other.case_id) not in refused.value.detail
    assert [now_of(uow, case).linked for case in (mine, other)] == [1, 1]


def test_an_old_version_links_nothing(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    first, second = make_case(uow, city), make_case(uow, city)
    first.version -= 1
    with pytest.raises(CaseChanged):
        link(as_person(city.person("municipal")), first, second.number)


def test_a_family_is_helped_at_once_and_a_linked_case_follows_for_longer_support(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """What is asked later is an appeal of its own, which stands beside the first, whose end is not touched."""
    relief = make_case(uow, city, channel=Channel.VISIT, suggested_category="administrative.relief")
    clerk = as_person(city.person("window"))
    for step in (Step.ANSWER, Step.CLOSE):
        relief = TAKE[step](clerk, relief)
    longer = make_case(uow, city, channel=Channel.VISIT, suggested_category="administrative.hukou")
    linked = link(clerk, relief, longer.number)
    assert (linked.state, linked.closed_at, linked.promise_met) == (CaseState.CLOSED, relief.closed_at, True)
    (seen,) = links_of(clerk, longer)
    assert (seen.link.kind, seen.link.other_number) == (LinkKind.PRECEDES, relief.number)
