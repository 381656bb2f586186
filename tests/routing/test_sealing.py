"""Sealed matters: who sees one, who is told what of it, that whoever looks is noted, and that the database refuses."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.grid import Duty
from contracts.intake import AppealCorrectedV1, Channel
from contracts.routing import (
    Ask,
    CaseGrantedV1,
    CaseGrantRevokedV1,
    CaseJoinedV1,
    CaseSplitOffV1,
    CaseState,
    CityCaseOpenedV1,
    Outcome,
    RecordKind,
)
from kit.auth import AUDITOR, EVERYWHERE, Person, Scope
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from network import consumers as network
from routing.domain.case import SEALED_GIST, Case, Seal
from routing.domain.recording import Work
from routing.domain.sealing import Opened, Sight
from routing.domain.steps import Step
from routing.domain.vacancy import Section
from routing.errors import (
    AlreadyGranted,
    CaseNotFound,
    GrantNotFound,
    LinkNotFound,
    NotAnOverseer,
    NotSealed,
    NotYourStep,
    SealedLinksSealed,
    SealedStaysHere,
    UnfitGrant,
    UnfitTarget,
    WhomMissing,
)
from routing.repository import cases, precedents, seals
from routing.schemas.cases import CaseLineView, CaseView
from routing.schemas.detail import CaseDetailView, EntriesView
from routing.schemas.linking import SuggestionsView
from routing.service import (
    answering,
    asking,
    dispatching,
    explaining,
    helping,
    hotline,
    linking,
    merging,
    opening,
    pressing,
    reading,
    recording,
    recusing,
    sealing,
    splitting,
    steps,
    suggesting,
    sweeping,
    vacancies,
)
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from tests.routing.conftest import City, make_appeal, make_post, put_post, subject_of
from tests.routing.test_calling_back import rate
from tests.routing.test_hotline import row as hotline_row
from tests.routing.test_linking import WORDS as LINKED_FOR
from tests.routing.test_linking import link
from tests.routing.test_merging import make_shared, split
from tests.routing.test_pressing import RING
from tests.routing.test_reporting_back import make_assignment
from tests.routing.test_steps import TAKE, As, make_case

GIST = "反映窗口人员态度"
DISCIPLINE, VIOLENCE = "stability.discipline", "legal.domestic_violence"

#: Everybody of the line but who must see it.
OTHERS = ("window", "legal", "municipal", "district_dispatcher", "district_supervisor", "city_dispatcher")


@pytest.fixture
def city(uow: RolledBackUnitOfWork, city: City) -> City:
    posts = [
        make_post(city, "petition", Duty.PETITION, "community"),
        make_post(city, "supervisor", Duty.SUPERVISOR, "community"),
        make_post(city, "inspector", Duty.FOLLOW_UP, "other"),
    ]
    network.copy_posts(uow, posts, versions=[1] * len(posts))
    return city


def sealed_case(uow: RolledBackUnitOfWork, city: City, **overrides: Any) -> Case:
    """Of discipline: with the petition liaison of the community, kept by its dispatcher."""
    return make_case(uow, city, **{"suggested_category": DISCIPLINE, "gist": GIST, **overrides})


def sees(uow: RolledBackUnitOfWork, case: Case) -> bool:
    try:
        cases.get_case(uow, case.case_id)
    except CaseNotFound:
        return False
    return True


def who_sees(case: Case, city: City, as_person: As) -> set[str]:
    return {code for code in city.posts if sees(as_person(city.person(code)), case)}


def page(of_list: str = "openings", *, limit: int = 9, cursor: str | None = None) -> Page:
    return Page(limit=limit, of_list=of_list, ring=RING, cursor=cursor)


def grant(uow: RolledBackUnitOfWork, case: Case, **to: Any) -> Case:
    return sealing.grant_case(uow, case.case_id, version=case.version, words="需其协助调查", **to)


def openings_of(uow: RolledBackUnitOfWork, case: Case) -> list[tuple[str, Opened, Sight]]:
    found = sealing.list_openings(uow, case.case_id, page()).items
    return [(each.opened_by, each.what, each.way) for each in found]


def bodies(uow: RolledBackUnitOfWork) -> str:
    return "".join(event.body or "" for event in uow.published)


def test_a_sealed_category_is_seen_by_its_holder_and_the_dispatcher_who_rules(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    assert (case.seal, case.holder_post_id) == (Seal.CATEGORY, city.posts["petition"].post_id)
    assert case.keeper_post_id == city.posts["dispatcher"].post_id
    assert who_sees(case, city, as_person) == {"petition", "dispatcher"}


def test_a_suggested_category_seals_until_it_is_sorted_otherwise(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    keeper = as_person(city.person("dispatcher"))
    after = dispatching.re_sort_case(
        keeper, case.case_id, version=case.version, category="municipal.street_lights", words="不属纪检"
    )
    assert after.seal is None
    assert sees(as_person(city.person("window")), case)
    deadlines = text("select distinct sealed from deadline where case_id = :case_id")
    assert uow.execute(deadlines, {"case_id": case.case_id}).scalars().all() == [False]
    told = [event.body or "" for event in keeper.published if event.type == "routing.case.resorted.v1"]
    assert '"sealed":false' in told[0]


def test_what_is_sorted_into_a_sealed_category_is_shut_to_the_others_with_all_that_belongs_to_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    assert sees(as_person(city.person("window")), case)
    above = as_person(city.person("district_dispatcher"))
    after = dispatching.re_sort_case(above, case.case_id, version=case.version, category=VIOLENCE, words="属家庭暴力")
    assert (after.seal, after.holder_post_id) == (Seal.CATEGORY, city.posts["legal"].post_id)
    assert who_sees(case, city, as_person) == {"legal", "dispatcher"}
    open_deadlines = reading.list_open_deadlines(as_person(city.person("window")), page("deadlines"))
    assert open_deadlines.items == []


def test_a_clerk_seals_it_whatever_it_is_about_and_no_sorting_opens_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, sealed=True)
    assert (case.seal, case.holder_post_id) == (Seal.ASKED, city.posts["municipal"].post_id)
    keeper = as_person(city.person("dispatcher"))
    for category in (DISCIPLINE, "municipal.water"):
        case = dispatching.re_sort_case(keeper, case.case_id, version=case.version, category=category, words="改类")
        assert case.seal is Seal.ASKED


@pytest.mark.parametrize(
    "blamed, keeper",
    [
        (["window"], "district_dispatcher"),
        (["dispatcher"], "district_dispatcher"),
        (["district_supervisor"], "city_dispatcher"),
        (["window", "district_dispatcher"], "city_dispatcher"),
        (["city_dispatcher"], "dispatcher"),
        (["inspector"], "dispatcher"),
        (["nobody"], "dispatcher"),
    ],
)
def test_what_complains_of_staff_is_sealed_and_kept_by_the_tier_above_them(
    uow: RolledBackUnitOfWork, city: City, as_person: As, blamed: list[str], keeper: str
) -> None:
    case = make_case(uow, city, complained_of=[subject_of(code) for code in blamed])
    assert (case.seal, case.keeper_post_id) == (Seal.COMPLAINT, city.posts[keeper].post_id)
    assert who_sees(case, city, as_person) == {"municipal", keeper}


def test_what_waits_waits_for_the_dispatcher_who_keeps_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, suggested_category=None, complained_of=[subject_of("window")])
    assert case.state is CaseState.RECEIVED
    assert case.holder_post_id == city.posts["district_dispatcher"].post_id
    keeper = as_person(city.person("district_dispatcher"))
    assert [line.case.case_id for line in reading.list_queue(keeper, page("queue")).items] == [case.case_id]
    after = steps.accept_case(keeper, case.case_id, version=case.version, category="municipal.water")
    assert who_sees(after, city, as_person) == {"municipal", "district_dispatcher"}
    assert reading.list_queue(as_person(city.person("dispatcher")), page("queue")).items == []


def test_what_lies_with_a_vacant_post_waits_for_the_dispatcher_who_keeps_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("district_dispatcher")])
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": []}))
    vacancies.look_again(uow, [city.posts["municipal"]])
    clock = as_person(city.person("dispatcher"), role="clock", scope=EVERYWHERE)
    vacancies.sweep_vacancies(clock)
    keeper = as_person(city.person("city_dispatcher"))
    assert [line.case.case_id for line in reading.list_queue(keeper, page("queue")).items] == [case.case_id]
    for code in ("dispatcher", "district_dispatcher"):
        assert reading.list_queue(as_person(city.person(code)), page("queue")).items == []


def test_where_nobody_dispatches_it_waits_for_whoever_will(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    for code in ("dispatcher", "district_dispatcher", "city_dispatcher"):
        put_post(uow, city.posts[code].model_copy(update={"holders": []}))
    case = sealed_case(uow, city, suggested_category=None, sealed=True)
    assert case.holder_post_id == case.keeper_post_id == city.posts["dispatcher"].post_id


def leave(uow: RolledBackUnitOfWork, city: City, as_person: As, *codes: str, filled: bool = False) -> None:
    """Nobody is in these posts any more; or, ``filled``, somebody is again."""
    for code in codes:
        left = city.posts[code] if filled else city.posts[code].model_copy(update={"holders": []})
        put_post(uow, left, version=3 if filled else 2)
    vacancies.look_again(uow, [city.posts[code] for code in codes])
    vacancies.sweep_vacancies(as_person(city.person("dispatcher"), role="clock", scope=EVERYWHERE))


def test_when_nobody_is_in_the_post_that_keeps_it_the_next_one_up_does(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, suggested_category=None, complained_of=[subject_of("window")])
    leave(uow, city, as_person, "district_dispatcher")
    assert who_sees(now_of(uow, case), city, as_person) == {"city_dispatcher"}
    keeper = as_person(city.person("city_dispatcher"))
    assert [line.case.case_id for line in reading.list_queue(keeper, page("queue")).items] == [case.case_id]


def test_what_nobody_could_keep_is_kept_by_the_first_who_comes(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    everybody = ("dispatcher", "district_dispatcher", "city_dispatcher")
    leave(uow, city, as_person, *everybody)
    case = sealed_case(uow, city, suggested_category=None, sealed=True)
    leave(uow, city, as_person, "city_dispatcher", filled=True)
    assert who_sees(now_of(uow, case), city, as_person) == {"city_dispatcher"}


def test_what_nobody_keeps_is_counted_for_who_oversees_its_place_and_shown_to_none(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    def unkept(*codes: str) -> tuple[int, int]:
        queued = reading.get_queue(as_person(city.person(*codes)), page("queue"))
        return queued.unkept, len(queued.sheet.items)

    put_post(uow, make_post(city, "overseer", Duty.SUPERVISOR, "district"))
    put_post(uow, make_post(city, "next_door", Duty.SUPERVISOR, "other"))
    about = subject_of("overseer")
    everybody = ("dispatcher", "district_dispatcher", "city_dispatcher")
    sealed_case(uow, city, suggested_category=None, sealed=True)
    assert unkept("overseer") == (0, 0), "the community's dispatcher keeps it"
    leave(uow, city, as_person, *everybody)
    assert unkept("overseer") == (1, 0)
    sealed_case(uow, city, suggested_category=None, sealed=True, complained_of=[about])
    assert unkept("overseer") == (1, 0), "not told of what complains of them"
    make_case(uow, city, suggested_category=None)
    assert unkept("overseer", "supervisor") == (1, 0), "once, by however many posts"
    assert unkept("next_door") == unkept("window") == (0, 0)
    leave(uow, city, as_person, "city_dispatcher", filled=True)
    assert unkept("overseer") == (0, 0)


def test_what_is_asked_of_a_post_that_nobody_is_in_any_more_is_asked_of_the_next_one_up(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    case = TAKE[Step.ASK_RETURN](as_person(city.person("petition")), case)
    assert case.ruler_post_id == city.posts["dispatcher"].post_id
    leave(uow, city, as_person, "dispatcher")
    after = now_of(uow, case)
    assert (after.ruler_post_id, after.ruler_path) == (
        city.posts["district_dispatcher"].post_id,
        city.paths["district"],
    )
    assert who_sees(after, city, as_person) == {"petition", "district_dispatcher"}


def test_a_limit_of_who_assigned_it_is_sealed_with_it_when_it_is_accepted(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    order = {"channel": Channel.ASSIGNED, "assignment": make_assignment()}
    case = make_case(uow, city, suggested_category=None, **order)
    dispatcher = as_person(city.person("dispatcher"))
    after = steps.accept_case(dispatcher, case.case_id, version=case.version, category=DISCIPLINE)
    assert after.seal is Seal.CATEGORY
    rows = text("select sealed from deadline where case_id = :id")
    assert uow.execute(rows, {"id": case.case_id}).scalars().all() == [True, True]


def test_a_sealed_case_is_linked_with_no_open_one(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    keeper, sealed, other = as_person(city.person("dispatcher")), sealed_case(uow, city), make_case(uow, city)
    for one, another in ((sealed, other), (other, sealed)):
        with pytest.raises(SealedLinksSealed):
            link(keeper, one, another.number)
    assert link(keeper, sealed, sealed_case(uow, city).number).linked == 1


def make_linked(uow: RolledBackUnitOfWork, city: City, as_person: As) -> tuple[Case, Case]:
    """The second is sealed later, by the category that its resident corrects; the municipal post holds both."""
    case, other = make_case(uow, city), make_case(uow, city)
    link(as_person(city.person("dispatcher")), case, other.number)
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, other, DISCIPLINE))
    return now_of(uow, case), now_of(uow, other)


def test_a_link_with_what_was_sealed_later_is_shown_to_those_alone_who_see_that(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, sealed = make_linked(uow, city, as_person)
    for who, sees_it in (("municipal", True), ("dispatcher", True), ("window", False), ("district_dispatcher", False)):
        seen = reading.get_case(as_person(city.person(who)), case.case_id)
        assert [each.link.other_number for each in seen.links] == ([sealed.number] if sees_it else [])
        assert CaseView.of(seen.case).linked == int(sees_it)
        said = CaseDetailView.of_detail(seen).model_dump_json()
        assert (sealed.number in said, LINKED_FOR in said) == (sees_it, sees_it)


@pytest.mark.parametrize("who, seen", [("dispatcher", 1), ("district_dispatcher", 0)])
def test_a_list_and_the_answer_to_a_step_count_the_links_that_may_be_seen(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str, seen: int
) -> None:
    case, _ = make_linked(uow, city, as_person)
    reader = as_person(city.person(who))
    lines = reading.list_open_cases(reader, page()).sheet.items
    assert [CaseLineView.of_line(line).linked for line in lines if line.case.case_id == case.case_id] == [seen]
    again = dispatching.re_sort_case(
        reader, case.case_id, version=case.version, category="municipal.water", words="应为供水"
    )
    assert (CaseView.of(again).linked, now_of(uow, case).linked) == (seen, 1), "what is hidden is not lost"


@pytest.mark.parametrize("who, sees_it", [("municipal", True), ("dispatcher", True), ("window", False)])
def test_the_history_names_what_it_asks_about_again_to_those_alone_who_see_that(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str, sees_it: bool
) -> None:
    """What was settled is found to be of a sealed category only after it was asked about again."""
    first = make_case(uow, city)
    answered = TAKE[Step.ANSWER](as_person(city.person("municipal")), first)
    repeat = make_appeal(city, repeat_of=first.appeals[0].appeal_id)
    opening.open_cases(uow, [repeat])
    opening.correct_appeal(uow, corrected(city, answered, DISCIPLINE))
    fresh = cases.find_cases_of_appeals_for_change(uow, [repeat.appeal_id])[repeat.appeal_id]
    history = reading.get_history(as_person(city.person(who)), fresh.case_id)
    facts = history.entries[0].facts
    assert (facts.get("follows"), facts.get("follows_number")) == (
        (str(first.case_id), first.number) if sees_it else (None, None)
    )
    assert (facts["appeal"], history.faults) == (str(repeat.appeal_id), []), "and nothing else of it is hidden"


def test_whoever_sees_what_is_sealed_reads_of_what_is_not(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case, sealed = make_linked(uow, city, as_person)
    (seen,) = reading.get_case(as_person(city.person("dispatcher")), sealed.case_id).links
    assert (seen.link.other_number, seen.other is not None) == (case.number, True)


def test_the_history_names_what_was_sealed_later_to_those_alone_who_see_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, sealed = make_linked(uow, city, as_person)
    for who, sees_it in (("municipal", True), ("window", False)):
        history = reading.get_history(as_person(city.person(who)), case.case_id)
        (entry,) = [entry for entry in history.entries if entry.step == "linked"]
        assert (entry.words, entry.facts.get("other")) == ((LINKED_FOR, sealed.number) if sees_it else (None, None))
        assert history.faults == [], "the chain is that of the whole"


@pytest.mark.parametrize("who, sees_it", [("dispatcher", True), ("window", False)])
def test_what_was_merged_and_sealed_later_is_named_to_those_alone_who_see_that(
    uow: RolledBackUnitOfWork, city: City, as_person: As, who: str, sees_it: bool
) -> None:
    case, target = make_case(uow, city), make_case(uow, city)
    merging.merge_case(
        *(as_person(city.person("dispatcher")), case.case_id), version=case.version, into=target.number, words="同一处"
    )
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, target, DISCIPLINE))
    reader = as_person(city.person(who))
    seen = reading.get_case(reader, case.case_id)
    history = reading.get_history(reader, case.case_id)
    said = CaseDetailView.of_detail(seen).model_dump_json() + EntriesView.of(history).model_dump_json()
    assert (CaseView.of(seen.case).merged_into, history.faults) == (target.case_id if sees_it else None, [])
    assert [name in said for name in (str(target.case_id), target.number)] == [sees_it] * 2


def test_where_a_promise_came_from_is_not_named_once_that_is_sealed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    dispatcher = as_person(city.person("dispatcher"))
    case = make_shared(uow, city, dispatcher)
    new = split(dispatcher, case, case.appeals[1].appeal_id).new
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, case, DISCIPLINE))
    assert new.deadline is not None
    for who, sees_it in (("dispatcher", True), ("window", False)):
        reader = as_person(city.person(who))
        _, explained = explaining.explain_deadline(reader, new.case_id, new.deadline.deadline_id)
        assert list(explained.moved_through) == ([case.number] if sees_it else [])
        (entry, *_) = reading.get_history(reader, new.case_id).entries
        assert entry.facts.get("from_number") == (case.number if sees_it else None)


def test_a_link_that_is_hidden_is_not_offered_to_be_ended_nor_found(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, _ = make_linked(uow, city, as_person)
    (seen,) = reading.get_case(as_person(city.person("dispatcher")), case.case_id).links
    above = as_person(city.person("district_dispatcher"))
    assert Step.UNLINK not in reading.get_case(above, case.case_id).steps
    with pytest.raises(LinkNotFound):
        linking.unlink_cases(above, case.case_id, seen.link.link_id, version=case.version, words="误连")


def test_a_link_that_was_ended_before_is_named_no_more_either(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case, other = make_case(uow, city), make_case(uow, city)
    keeper = as_person(city.person("dispatcher"))
    case = link(keeper, case, other.number)
    (seen,) = reading.get_case(keeper, case.case_id).links
    linking.unlink_cases(keeper, case.case_id, seen.link.link_id, version=case.version, words="误连")
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, other, DISCIPLINE))
    history = reading.get_history(as_person(city.person("window")), case.case_id)
    assert other.number not in str(history.entries)


def test_what_is_sealed_elsewhere_is_not_named_though_it_lies_out_of_sight(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    """Of what is merely elsewhere the number is read; of what is sealed there, nothing."""
    case, other = make_case(uow, city), make_case(uow, city, place="other")
    link(as_person(city.person("district_dispatcher")), case, other.number)
    window = as_person(city.person("window"))
    assert len(reading.get_case(window, case.case_id).links) == 1
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, other, DISCIPLINE))
    assert reading.get_case(window, case.case_id).links == []


def test_a_correction_that_seals_says_so_from_its_own_event_on(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, make_case(uow, city), DISCIPLINE))
    told = [json.loads(event.body or "") for event in consumer.published]
    assert [(body["sealed"], body.get("gist", SEALED_GIST)) for body in told] == [(True, SEALED_GIST)] * 2


def test_a_correction_that_sorts_it_seals_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, suggested_category=None)
    corrected = AppealCorrectedV1(
        version=2,
        appeal_id=case.appeals[0].appeal_id,
        corrected_at=NOW,
        gist=GIST,
        category=DISCIPLINE,
        place_id=city.ids["area"],
        placed_path=city.paths["area"],
    )
    opening.correct_appeal(uow, corrected)
    assert who_sees(case, city, as_person) == {"petition", "dispatcher"}


def test_a_correction_seals_what_somebody_works_on_already(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city)
    as_clerk = as_person(city.person("dispatcher"))
    case = hotline.hand_to_hotline(as_clerk, case.case_id, version=case.version, words="请协助")
    consumer = as_person(city.person("dispatcher"), role="consumer", scope=EVERYWHERE)
    opening.correct_appeal(consumer, corrected(city, case, DISCIPLINE))
    after = now_of(uow, case)
    assert (after.seal, after.category) == (Seal.CATEGORY, case.category)
    assert who_sees(after, city, as_person) == {"municipal", "dispatcher"}
    told = [event for event in consumer.published if event.type == "routing.case.sealed.v1"]
    assert set(json.loads(told[0].body or "")["seen_by"]) == set(after.seen_by)
    holder = as_person(city.person("municipal"))
    for table in ("deadline", "hotline_handover"):
        rows = holder.execute(text(f"select distinct sealed from {table} where case_id = :id"), {"id": case.case_id})
        assert rows.scalars().all() == [True]


def corrected(city: City, case: Case, category: str) -> AppealCorrectedV1:
    return AppealCorrectedV1(
        version=2,
        appeal_id=case.appeals[0].appeal_id,
        corrected_at=NOW,
        gist=GIST,
        category=category,
        place_id=city.ids["area"],
        placed_path=city.paths["area"],
    )


def test_lists_count_what_is_sealed_without_showing_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    plain, hidden = make_case(uow, city), sealed_case(uow, city)
    make_case(uow, city, complained_of=[subject_of("window")])

    def open_cases(code: str) -> tuple[set[UUID], int]:
        found = reading.list_open_cases(as_person(city.person(code)), page("cases"))
        return {line.case.case_id for line in found.sheet.items}, found.sealed

    assert open_cases("legal") == ({plain.case_id}, 2)
    assert open_cases("petition") == ({plain.case_id, hidden.case_id}, 1)
    # Nobody is told that there is one about himself.
    assert open_cases("window") == ({plain.case_id}, 1)
    assert open_cases("other_dispatcher") == (set(), 0)
    area = reading.list_open_cases(as_person(city.person("legal")), page("cases"), place_id=city.ids["other"])
    assert area.sealed == 0


def test_who_sees_it_reads_its_gist_only_where_it_is_opened(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    holder = as_person(city.person("petition"))
    (line,) = reading.list_worklist(holder, page("worklist")).items
    assert CaseView.of(line.case).gist == SEALED_GIST
    detail = CaseDetailView.of_detail(reading.get_case(holder, case.case_id))
    assert (detail.gist, detail.seal) == (GIST, Seal.CATEGORY)
    keeper = as_person(city.person("dispatcher"))
    pressed = pressing.enter_instruction(keeper, case.case_id, version=case.version, words="从速", leader="区长")
    assert pressed.gist == SEALED_GIST
    assert [each.gist for each in pressing.list_owed(holder, page("pressings")).items] == [SEALED_GIST]


def test_no_event_tells_its_gist_and_the_city_learns_no_more_than_the_kind(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    holder, keeper = (as_person(city.person(code)) for code in ("petition", "dispatcher"))
    case = TAKE[Step.ASK_RETURN](holder, case)
    case = TAKE[Step.RULE](keeper, case)
    pressing.nudge_case(keeper, case.case_id, version=case.version, words="请抓紧")
    clock = as_person(city.person("dispatcher"), role="clock", scope=EVERYWHERE, now=NOW.replace(year=2027))
    sweeping.sweep_due(clock)
    said = "".join(bodies(each) for each in (uow, holder, keeper, clock))
    assert GIST not in said
    assert SEALED_GIST in said
    public = [event for event in uow.published if event.type == CityCaseOpenedV1.TYPE]
    told = CityCaseOpenedV1.model_validate_json(public[0].body or "")
    assert (told.category, told.kind, told.district) == (None, "stability", "district")


def test_every_event_says_to_whom_it_is_open(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = sealed_case(uow, city)
    opened = next(event for event in uow.published if event.type == "routing.case.assigned.v1")
    for code in ("petition", "dispatcher"):
        assert str(city.posts[code].post_id) in (opened.body or "")
    plain = make_case(uow, city)
    (body,) = [
        event.body or ""
        for event in uow.published
        if event.type == "routing.case.assigned.v1" and str(plain.case_id) in (event.body or "")
    ]
    assert '"sealed":null,"seen_by":[]' in body
    assert case.seal is not None


def test_a_late_sealed_case_is_told_to_its_holder_and_who_keeps_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    sealed_case(uow, city)
    clock = as_person(city.person("dispatcher"), role="clock", scope=EVERYWHERE, now=NOW.replace(year=2027))
    sweeping.sweep_due(clock)
    (breach,) = [event.body or "" for event in clock.published]
    assert subject_of("dispatcher") in breach
    assert subject_of("supervisor") not in breach


def test_a_grant_opens_it_wherever_they_are_and_its_revocation_shuts_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = sealed_case(uow, city)
    keeper = as_person(city.person("dispatcher"))
    inspector = as_person(city.person("inspector"))
    assert not sees(inspector, case)
    case = grant(keeper, case, subject=subject_of("inspector"))
    detail = reading.get_case(inspector, case.case_id)
    assert (detail.case.gist, detail.steps) == (GIST, [])
    assert [entry.step for entry in reading.get_history(inspector, case.case_id).entries][-1] == "granted"
    deadlines = reading.list_open_deadlines(inspector, page("deadlines"), place_id=city.ids["community"])
    assert [case_id for case_id, _ in deadlines.items] == [case.case_id]
    told = CaseGrantedV1.model_validate_json(keeper.published[-1].body or "")
    assert (told.granted.subject, told.sealed) == (subject_of("inspector"), True)
    assert subject_of("inspector") in told.seen_by
    (made,) = sealing.list_grants(keeper, case.case_id)
    case = sealing.revoke_grant(keeper, case.case_id, made.grant_id, version=case.version)
    assert not sees(inspector, case)
    shut = CaseGrantRevokedV1.model_validate_json(keeper.published[-1].body or "")
    assert subject_of("inspector") not in shut.seen_by
    (ended,) = sealing.list_grants(keeper, case.case_id)
    assert (ended.revoked_by, ended.revoked_at) == (subject_of("dispatcher"), NOW)
    with pytest.raises(GrantNotFound):
        sealing.revoke_grant(keeper, case.case_id, made.grant_id, version=case.version)


def test_a_grant_to_a_post_goes_with_the_post(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = grant(as_person(city.person("dispatcher")), sealed_case(uow, city), post_id=city.posts["inspector"].post_id)
    assert sees(as_person(city.person("inspector", subject="whoever.comes.next")), case)


def test_a_supervisor_to_whom_it_is_opened_opens_it_to_others(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = grant(as_person(city.person("dispatcher")), sealed_case(uow, city), subject=subject_of("supervisor"))
    case = grant(as_person(city.person("supervisor")), case, subject=subject_of("inspector"))
    assert who_sees(case, city, as_person) == {"petition", "dispatcher", "supervisor", "inspector"}


@pytest.mark.parametrize("code, refused", [("petition", NotYourStep), ("supervisor", CaseNotFound)])
def test_a_grant_is_for_who_dispatches_or_supervises_and_sees_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, code: str, refused: type[Exception]
) -> None:
    case = sealed_case(uow, city)
    with pytest.raises(refused):
        grant(as_person(city.person(code)), case, subject=subject_of("inspector"))
    assert cases.get_case(uow, case.case_id).version == case.version


def test_a_bad_grant_names_what_is_wrong(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, complained_of=[subject_of("window")])
    keeper = as_person(city.person("district_dispatcher"))
    for to, error in (
        ({}, WhomMissing),
        ({"subject": subject_of("legal"), "post_id": city.posts["legal"].post_id}, WhomMissing),
        ({"subject": "nobody"}, UnfitGrant),
        ({"post_id": uuid4()}, UnfitGrant),
        ({"subject": subject_of("window")}, UnfitGrant),
        ({"post_id": city.posts["window"].post_id}, UnfitGrant),
    ):
        with pytest.raises(error):
            grant(keeper, case, **to)
    case = grant(keeper, case, subject=subject_of("legal"))
    with pytest.raises(AlreadyGranted):
        grant(keeper, case, subject=subject_of("legal"))
    plain = make_case(uow, city)
    with pytest.raises(NotSealed):
        grant(as_person(city.person("dispatcher")), plain, subject=subject_of("legal"))


def test_each_opening_is_noted_with_who_what_and_by_what(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    keeper = as_person(city.person("dispatcher"))
    case = grant(keeper, sealed_case(uow, city), subject=subject_of("inspector"))
    holder, later, inspector = (
        as_person(city.person(code), now=NOW + timedelta(minutes=minute))
        for minute, code in enumerate(("petition", "dispatcher", "inspector"))
    )
    reading.get_case(holder, case.case_id)
    reading.get_history(later, case.case_id)
    reading.get_case(inspector, case.case_id)
    with pytest.raises(CaseNotFound):
        reading.get_case(as_person(city.person("legal")), case.case_id)
    noted = [
        (subject_of("inspector"), Opened.CASE, Sight.GRANT),
        (subject_of("dispatcher"), Opened.HISTORY, Sight.KEEPER),
        (subject_of("petition"), Opened.CASE, Sight.HOLDER),
    ]
    # Who oversees the place reads who has looked, without seeing the case.
    for code in ("supervisor", "district_supervisor", "city_dispatcher"):
        assert openings_of(as_person(city.person(code)), case) == noted
    auditor = as_person(Person("audit.zhou", frozenset({AUDITOR})))
    assert openings_of(auditor, case) == noted
    assert not sees(auditor, case)
    (made,) = sealing.list_grants(keeper, case.case_id)
    assert sealing.list_openings(auditor, case.case_id, page(limit=1)).items[0].grant_id == made.grant_id
    first = sealing.list_openings(auditor, case.case_id, page(limit=2))
    rest = sealing.list_openings(auditor, case.case_id, page(limit=2, cursor=first.next))
    assert (len(first.items), len(rest.items), rest.next) == (2, 1, None)


def test_openings_are_for_auditors_and_who_oversees_and_never_about_oneself(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("supervisor")])
    reading.get_case(as_person(city.person("municipal")), case.case_id)
    assert len(openings_of(as_person(city.person("district_supervisor")), case)) == 1
    assert openings_of(as_person(city.person("supervisor")), case) == []
    assert openings_of(as_person(city.person("other_dispatcher")), case) == []
    with pytest.raises(NotAnOverseer):
        openings_of(as_person(city.person("legal")), case)


def test_what_is_not_sealed_is_looked_at_without_a_trace(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    reading.get_case(as_person(city.person("window")), case.case_id)
    assert openings_of(as_person(city.person("district_supervisor")), case) == []


def test_openings_can_neither_be_changed_nor_removed(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    holder = as_person(city.person("petition"))
    reading.get_case(holder, sealed_case(uow, city).case_id)
    for statement in ("update case_opening set opened_by = 'x'", "delete from case_opening"):
        for who in (holder, uow):
            with pytest.raises(ProgrammingError, match="permission denied"), who.connection.begin_nested():
                who.execute(text(statement))


def test_openings_go_with_their_place(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = sealed_case(uow, city)
    reading.get_case(as_person(city.person("petition")), case.case_id)
    cases.move_place(uow, city.ids["area"], f"{city.paths['other']}{city.ids['area'].hex}/")
    assert len(openings_of(as_person(city.person("other_dispatcher")), case)) == 1
    assert openings_of(as_person(city.person("supervisor")), case) == []


def test_the_database_itself_refuses_all_that_belongs_to_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As, database_of: Callable[[str], Connection]
) -> None:
    holder, keeper = (as_person(city.person(code)) for code in ("petition", "dispatcher"))
    case = grant(keeper, sealed_case(uow, city), subject=subject_of("inspector"))
    recording.record_work(holder, case.case_id, Work(RecordKind.LETTER_SENT, office="公安局", words="请协助"))
    recording.record_work(holder, case.case_id, Work(RecordKind.PAPERS_RECEIVED, papers=["举报信"]))
    case = cases.get_case(uow, case.case_id)
    pressing.nudge_case(keeper, case.case_id, version=case.version, words="请抓紧")
    tables = (
        *("cases", "case_appeal", "case_entry", "deadline"),
        *("letter", "paper", "pressing", "seal_grant"),
    )
    for table in tables:
        rows = text(f"select count(*) from {table} where case_id = :case_id")
        there = as_superuser(database_of("routing")).execute(rows, {"case_id": case.case_id}).scalar_one()
        assert there > 0, table
        for code in ("petition", "dispatcher", "inspector"):
            assert as_person(city.person(code)).execute(rows, {"case_id": case.case_id}).scalar_one() == there, table
        for code in OTHERS:
            assert as_person(city.person(code)).execute(rows, {"case_id": case.case_id}).scalar_one() == 0, table
        everywhere = as_person(Person("audit.zhou", frozenset({AUDITOR})))
        assert everywhere.execute(rows, {"case_id": case.case_id}).scalar_one() == 0, table
        changed = text(f"update {table} set case_id = case_id where case_id = :case_id")
        if table in ("cases", "deadline", "letter", "paper", "pressing", "seal_grant"):
            mayor = as_person(city.person("city_dispatcher"))
            assert mayor.execute(changed, {"case_id": case.case_id}).rowcount == 0, table


def test_an_office_sees_what_lies_with_its_post_and_no_more_of_what_is_sealed(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    office = uuid4()
    network.copy_posts(
        uow,
        [
            make_post(city, "petitions", Duty.DEPARTMENT, "district", office_id=office, matters=["stability"]),
            make_post(city, "colleague", Duty.DEPARTMENT, "district", office_id=office, matters=["municipal.water"]),
        ],
        versions=[1, 1],
    )
    case = sealed_case(uow, city)
    case = dispatching.re_dispatch_case(
        as_person(city.person("dispatcher")),
        case.case_id,
        version=case.version,
        to=city.posts["petitions"].post_id,
        words="交信访局",
    )
    assert who_sees(case, city, as_person) == {"petitions", "dispatcher"}
    person = Person("somebody", frozenset(), ())
    assert not sees(as_person(person, scope=Scope(offices=(office,))), case)


def test_what_is_sealed_is_not_handed_to_the_hotline(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = sealed_case(uow, city)
    keeper = as_person(city.person("dispatcher"))
    with pytest.raises(SealedStaysHere):
        hotline.hand_to_hotline(keeper, case.case_id, version=case.version, words="请协调")
    assert cases.get_case(uow, case.case_id).version == case.version


def test_who_helps_sees_it_while_they_do(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = sealed_case(uow, city)
    helping.call_in_helper(
        as_person(city.person("dispatcher")),
        case.case_id,
        version=case.version,
        to=city.posts["legal"].post_id,
        words="请提供法律意见",
        due_at=NOW + timedelta(hours=2),
    )
    case = cases.get_case(uow, case.case_id)
    assert who_sees(case, city, as_person) == {"petition", "dispatcher", "legal"}
    helper = as_person(city.person("legal"))
    (part,) = reading.get_case(helper, case.case_id).helpers
    assert openings_of(as_person(city.person("supervisor")), case) == [(subject_of("legal"), Opened.CASE, Sight.HELPER)]
    helping.report_part(helper, case.case_id, part.helper.helper_id, version=case.version, words="已提供")
    assert who_sees(case, city, as_person) == {"petition", "dispatcher"}


def test_whoever_hands_it_over_sees_it_no_more(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = sealed_case(uow, city)
    keeper = as_person(city.person("dispatcher"))
    case = recusing.recuse(as_person(city.person("petition")), case.case_id, version=case.version, words="系亲属")
    assert not sees(as_person(city.person("petition")), case)
    case = recusing.recuse(keeper, case.case_id, version=case.version, words="系亲属")
    assert case.keeper_post_id == city.posts["district_dispatcher"].post_id
    assert who_sees(case, city, as_person) == {"district_dispatcher"}


def test_a_return_is_ruled_by_who_keeps_it_or_above_and_makes_no_precedent(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("window")])
    holder = as_person(city.person("municipal"))
    for ruler in ("district_dispatcher", "city_dispatcher"):
        case = asking.ask_dispatcher(
            holder, case.case_id, ask=Ask.RETURN, version=case.version, reason="not_our_remit", words="非本岗职责"
        )
        assert case.ruler_post_id == city.posts[ruler].post_id
        case = TAKE[Step.RULE](as_person(city.person(ruler)), case)
    assert case.ruled_path == city.paths["city"]
    assert who_sees(case, city, as_person) == {"municipal", "district_dispatcher"}
    mayor = as_person(city.person("city_dispatcher"))
    assert precedents.list_precedents(mayor, [city.paths["city"]], after_key=None, limit=9) == []


def test_who_is_complained_of_sees_it_by_no_grant_of_their_post(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("window")])
    keeper = as_person(city.person("district_dispatcher"))
    put_post(uow, city.posts["window"].model_copy(update={"holders": city.posts["legal"].holders}))
    case = grant(keeper, case, post_id=city.posts["window"].post_id)
    assert sees(as_person(city.person("window", subject=subject_of("legal"))), case)
    assert not sees(as_person(city.person("window")), case)


def test_whom_it_is_opened_to_stands_with_the_case(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    keeper = as_person(city.person("dispatcher"))
    case = grant(keeper, sealed_case(uow, city), subject=subject_of("inspector"))
    kept = uow.execute(text("select seen_by from cases where case_id = :id"), {"id": case.case_id}).scalar_one()
    assert tuple(kept) == case.seen_by
    assert [each.whom for each in seals.list_grants(keeper, case.case_id)] == [subject_of("inspector")]


# Merged, taken apart, asked about again, put side by side


BLAMED = {"complained_of": [subject_of("window")]}
SOON = NOW + timedelta(hours=2)


def merge(by: RolledBackUnitOfWork, case: Case, into: Case) -> Case:
    return merging.merge_case(by, case.case_id, version=case.version, into=into.number, words="同一件事")


def now_of(uow: RolledBackUnitOfWork, case: Case) -> Case:
    return cases.get_case(uow, case.case_id)


def test_an_open_case_into_which_a_sealed_one_is_merged_is_sealed_and_of_whom_both_complain(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city), make_case(uow, city, gist=GIST, **BLAMED)
    assert sees(as_person(city.person("window")), into)
    above = as_person(city.person("district_dispatcher"))
    merge(above, case, into)
    lead = now_of(uow, into)
    assert (lead.seal, lead.complained_of) == (Seal.COMPLAINT, (subject_of("window"),))
    assert lead.keeper_post_id == city.posts["district_dispatcher"].post_id
    assert who_sees(lead, city, as_person) == {"municipal", "district_dispatcher"}
    open_deadlines = reading.list_open_deadlines(as_person(city.person("legal")), page("deadlines"))
    assert open_deadlines.items == []
    assert GIST not in bodies(above)
    (joined,) = [event.body or "" for event in above.published if event.type == CaseJoinedV1.TYPE]
    told = CaseJoinedV1.model_validate_json(joined)
    assert (told.sealed, told.gist, set(told.seen_by)) == (True, SEALED_GIST, set(lead.seen_by))


def test_nobody_whom_either_of_two_sealed_cases_complains_of_sees_what_they_become(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city, **BLAMED), make_case(uow, city, complained_of=[subject_of("district_supervisor")])
    mayor = as_person(city.person("city_dispatcher"))
    into = grant(as_person(city.person("district_dispatcher")), into, subject=subject_of("district_supervisor"))
    assert sees(as_person(city.person("district_supervisor")), into)
    into = grant(as_person(city.person("district_dispatcher")), into, subject=subject_of("city_dispatcher"))
    merge(mayor, case, into)
    lead = now_of(uow, into)
    assert lead.complained_of == (subject_of("window"), subject_of("district_supervisor"))
    assert lead.keeper_post_id == city.posts["city_dispatcher"].post_id
    assert who_sees(lead, city, as_person) == {"municipal", "city_dispatcher"}


def test_an_open_case_merged_into_a_sealed_one_goes_on_under_its_seal(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city, **BLAMED), make_case(uow, city)
    merge(as_person(city.person("district_dispatcher")), case, into)
    assert len(now_of(uow, into).appeals) == 2
    assert who_sees(into, city, as_person) == {"municipal", "district_dispatcher"}


def test_what_a_merge_has_sealed_stays_so_however_it_is_sorted(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    keeper = as_person(city.person("dispatcher"))
    into = make_case(uow, city)
    merge(keeper, sealed_case(uow, city), into)
    lead = now_of(uow, into)
    assert lead.seal is Seal.MERGED
    after = dispatching.re_sort_case(
        keeper, lead.case_id, version=lead.version, category="municipal.water", words="属供水"
    )
    assert after.seal is Seal.MERGED


def test_a_sealed_case_is_not_merged_into_one_that_the_hotline_or_whom_it_complains_of_has_in_hand(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    above = as_person(city.person("district_dispatcher"))
    case = make_case(uow, city, **BLAMED)
    handed, helped = make_case(uow, city), make_case(uow, city)
    hotline.hand_to_hotline(above, handed.case_id, version=handed.version, words="请协调")
    window = city.posts["window"].post_id
    helping.call_in_helper(above, helped.case_id, version=helped.version, to=window, words="请协助", due_at=SOON)
    for into in (handed, helped):
        with pytest.raises(UnfitTarget):
            merge(above, case, into)
        assert now_of(uow, into).seal is None


def test_what_is_split_off_keeps_the_seal_and_is_opened_to_nobody_by_the_grants_of_the_other(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    into, case = make_case(uow, city, **BLAMED), make_case(uow, city, **BLAMED)
    (going,) = case.appeals
    above, mayor = as_person(city.person("district_dispatcher")), as_person(city.person("city_dispatcher"))
    merge(above, case, into)
    lead = grant(above, now_of(uow, into), subject=subject_of("city_dispatcher"))
    done = splitting.split_case(
        mayor, lead.case_id, version=lead.version, appeal_ids=[going.appeal_id], words="并非一事"
    )
    assert (done.new.seal, done.new.complained_of) == (Seal.COMPLAINT, (subject_of("window"),))
    assert who_sees(done.new, city, as_person) == {"municipal", "district_dispatcher"}
    assert GIST not in bodies(mayor)
    (told,) = [event.body or "" for event in mayor.published if event.type == CaseSplitOffV1.TYPE]
    assert CaseSplitOffV1.model_validate_json(told).sealed is True
    there = text("select bool_and(sealed) from deadline where case_id = :case_id")
    assert uow.execute(there, {"case_id": done.new.case_id}).scalar_one() is True


def test_what_is_sealed_is_suggested_to_those_alone_who_see_it_and_without_its_gist(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    plain, hidden = make_case(uow, city, gist=GIST), make_case(uow, city, gist=GIST, sealed=True)

    def beside(code: str, case: Case) -> list[tuple[UUID, str]]:
        found = suggesting.list_suggestions(as_person(city.person(code)), case.case_id)
        return [(each.case_id, each.gist) for each in SuggestionsView.of(found).items]

    assert beside("dispatcher", plain) == [(hidden.case_id, SEALED_GIST)]
    assert beside("dispatcher", hidden) == [(plain.case_id, GIST)]
    assert beside("district_dispatcher", plain) == beside("window", plain) == []
    shown = SuggestionsView.of(suggesting.list_suggestions(as_person(city.person("dispatcher")), hidden.case_id))
    assert shown.case.gist == SEALED_GIST
    for one, other in ((plain, hidden), (hidden, plain)):
        with pytest.raises(CaseNotFound):
            suggesting.dismiss_suggestion(as_person(city.person("district_dispatcher")), one.case_id, other.case_id)


@pytest.mark.parametrize("sealing_it", [{"sealed": True}, {"suggested_category": DISCIPLINE}, {"category": VIOLENCE}])
def test_what_is_sealed_does_not_join_a_case_that_everybody_sees(
    uow: RolledBackUnitOfWork, city: City, as_person: As, sealing_it: dict[str, Any]
) -> None:
    case = make_case(uow, city)
    again = make_case(uow, city, repeat_of=case.appeals[0].appeal_id, **sealing_it)
    assert again.case_id != case.case_id
    assert again.seal is not None
    assert len(now_of(uow, case).appeals) == 1


def test_who_asks_again_about_what_is_sealed_joins_it(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city, **BLAMED)
    again = make_case(uow, city, repeat_of=case.appeals[0].appeal_id, sealed=True, gist=GIST)
    assert again.case_id == case.case_id
    assert who_sees(again, city, as_person) == {"municipal", "district_dispatcher"}
    assert GIST not in bodies(uow)


def test_what_asks_again_about_a_sealed_case_that_is_answered_is_sealed_as_that_is(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, **BLAMED)
    case = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
    again = make_case(uow, city, repeat_of=case.appeals[0].appeal_id)
    assert again.case_id != case.case_id
    assert (again.seal, again.complained_of) == (Seal.COMPLAINT, case.complained_of)
    assert who_sees(again, city, as_person) == {"municipal", "district_dispatcher"}


# Reviewed, printed, exported, done again


def test_contested_again_it_is_taken_over_by_nobody_below_who_keeps_it(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = make_case(uow, city, complained_of=[subject_of("district_supervisor")])
    for answer in (1, 2):
        case = TAKE[Step.ANSWER](as_person(city.person("municipal")), case)
        case = rate(uow, case, solved=False, answer=answer)
    assert case.holder_post_id == city.posts["city_dispatcher"].post_id
    assert who_sees(case, city, as_person) == {"city_dispatcher"}


def test_who_reviews_an_answer_sees_it_until_that_is_done(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    holder, reviewer = as_person(city.person("dispatcher")), as_person(city.person("district_dispatcher"))
    case, mine = sealed_case(uow, city), city.posts["dispatcher"].post_id
    case = dispatching.re_dispatch_case(holder, case.case_id, version=case.version, to=mine, words="由我承办")
    case = steps.answer_case(
        holder, case.case_id, version=case.version, outcome=Outcome.SOLVED, answer="已核实", evidence="附件一"
    )
    assert case.reviewer_post_id == city.posts["district_dispatcher"].post_id
    assert who_sees(case, city, as_person) == {"dispatcher", "district_dispatcher"}
    (line,) = reading.list_queue(reviewer, page("queue"), section=Section.DRAFTED).items
    assert CaseView.of(line.case).gist == SEALED_GIST
    reading.get_case(reviewer, case.case_id)
    seen = openings_of(as_person(city.person("district_supervisor")), case)
    assert seen == [(subject_of("district_dispatcher"), Opened.CASE, Sight.REVIEWER)]
    after = answering.review_answer(reviewer, case.case_id, version=case.version, approved=True, words="同意")
    assert after.state is CaseState.ANSWERED
    assert who_sees(after, city, as_person) == {"dispatcher"}
    assert GIST not in bodies(holder) + bodies(reviewer)


def test_what_is_sealed_before_it_goes_out_is_in_no_file_of_the_hotline(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    above = as_person(city.person("district_dispatcher"))
    waiting, gone = make_case(uow, city), make_case(uow, city)
    hotline.hand_to_hotline(above, gone.case_id, version=gone.version, words="请协调")
    batch = hotline.next_batch(above)
    hotline.hand_to_hotline(above, waiting.case_id, version=waiting.version, words="请协调")
    for case in (waiting, gone):
        version = now_of(uow, case).version
        dispatching.re_sort_case(above, case.case_id, version=version, category=VIOLENCE, words="属家庭暴力")
    assert batch.batch is not None
    keeper = as_person(city.person("dispatcher"))
    assert hotline.get_batch(above, batch.batch.number).handovers == []
    hotline.mark_written(above, batch.batch.number)
    assert [hotline.next_batch(who).batch for who in (above, keeper)] == [None, None]
    taken = hotline.take_replies(above, [hotline_row(gone)], file="replies.csv")
    assert (taken.recorded, taken.kept) == (1, [])
    assert hotline.list_kept(above, page("kept")).items == []
    assert (now_of(uow, gone).at_hotline, sees(as_person(city.person("city_dispatcher")), gone)) == (False, False)
    above.enter()
    rows = text("select count(*) from hotline_handover where case_id = :case_id")
    assert above.execute(rows, {"case_id": gone.case_id}).scalar_one() == 0
