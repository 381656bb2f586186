"""A case is taken out of a rate: who applies, who reviews, and what stands beside the rate then."""

from datetime import timedelta

import pytest
from contracts.routing import CaseExclusionAskedV1, CaseExclusionReviewedV1, CaseFact
from kit.crypto import KeyRing, new_key
from kit.paging import Page
from kit.testing.servers import NOW, RolledBackUnitOfWork
from routing.domain.case import Case
from routing.domain.figures import Rate
from routing.domain.steps import Step
from routing.errors import AlreadyExcluded, NotYourStep, StepNotAllowed
from routing.repository import cases
from routing.service import excluding, reading, sweeping

from tests.conftest import UnitOfWorkOf
from tests.routing.auditing import misfigured
from tests.routing.conftest import City, put_post
from tests.routing.test_figures import answer, rate, sums
from tests.routing.test_steps import As, make_case

LATE = NOW + timedelta(days=8)
PAGE = Page(limit=50, of_list="exclusions", ring=KeyRing.parse(new_key("k1")))


@pytest.fixture
def late(uow: RolledBackUnitOfWork, city: City, uow_of: UnitOfWorkOf) -> None:
    """Two cases of which nobody has answered one in time."""
    for _ in range(2):
        make_case(uow, city)
    sweeping.sweep_due(uow_of("routing", role="clock", now=LATE))


def ask(by: RolledBackUnitOfWork, of: Rate = Rate.ON_TIME) -> Case:
    case = reading.list_worklist(by, PAGE).items[0].case
    return excluding.ask_exclusion(by, case.case_id, version=case.version, rate=of, words="停电，无法到场")


def review(by: RolledBackUnitOfWork, case: Case, *, granted: bool = True) -> Case:
    return excluding.review_exclusion(by, case.case_id, version=case.version, granted=granted, words="属实")


@pytest.mark.usefixtures("late")
def test_it_counts_until_somebody_above_has_reviewed_it(city: City, as_person: As, uow_of: UnitOfWorkOf) -> None:
    holder, above = (as_person(city.person(code), now=LATE) for code in ("municipal", "district_dispatcher"))
    assert rate(above, Rate.ON_TIME) == (0, 2, 0.0)
    case = ask(holder)
    assert [line.case.case_id for line in excluding.list_asked(above, PAGE).items] == [case.case_id]
    assert rate(above, Rate.ON_TIME) == (0, 2, 0.0)
    review(above, case)
    assert excluding.list_asked(above, PAGE).items == []
    assert rate(above, Rate.ON_TIME) == (0, 1, 0.0)
    assert sums(above)["excluded_on_time"] == 1
    assert sums(above)["overdue"] == 2, "it is as late as before for its resident"
    assert misfigured(uow_of("routing", role="auditor")) == []


@pytest.mark.usefixtures("late")
@pytest.mark.parametrize("granted", [True, False])
def test_who_applied_and_who_decided_what_is_said(city: City, as_person: As, *, granted: bool) -> None:
    """Once each; the words, which may speak of people, stay in the history."""
    holder, above = (as_person(city.person(code), now=LATE) for code in ("municipal", "district_dispatcher"))
    case = ask(holder)
    asked = CaseExclusionAskedV1.model_validate_json(said(holder, case))
    assert (asked.rate, asked.by, asked.version) == ("on_time", holder.by, case.version)
    case = review(above, case, granted=granted)
    decided = CaseExclusionReviewedV1.model_validate_json(said(above, case))
    assert (decided.rate, decided.by, decided.version) == ("on_time", above.by, case.version)
    assert (decided.granted, decided.asked_by) == (granted, holder.by)
    assert decided.applicant is not None
    assert (decided.applicant.subject, decided.gist) == (holder.by, case.told_gist)


@pytest.mark.usefixtures("late")
def test_who_applied_and_holds_no_post_any_more_is_told_of_nothing(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    case = ask(as_person(city.person("municipal"), now=LATE))
    put_post(uow, city.posts["municipal"].model_copy(update={"holders": []}))
    above = as_person(city.person("district_dispatcher"), now=LATE)
    assert CaseExclusionReviewedV1.model_validate_json(said(above, review(above, case))).applicant is None


def said(by: RolledBackUnitOfWork, case: Case) -> str:
    (event,) = by.published
    assert (event.topic, event.key) == (CaseFact.TOPIC, str(case.case_id))
    assert "停电" not in (event.body or "")
    return event.body or ""


@pytest.mark.usefixtures("late")
def test_what_is_refused_counts_on(city: City, as_person: As) -> None:
    above = as_person(city.person("district_supervisor"), now=LATE)
    review(above, ask(as_person(city.person("municipal"), now=LATE)), granted=False)
    assert rate(above, Rate.ON_TIME) == (0, 2, 0.0)
    assert "excluded_on_time" not in sums(above)


@pytest.mark.usefixtures("late")
def test_nobody_reviews_what_they_applied_for_nor_does_anybody_beside_them(city: City, as_person: As) -> None:
    case = ask(as_person(city.person("municipal"), now=LATE))
    both = city.person("district_dispatcher", subject="holder.of.municipal")
    for who in (both, city.person("municipal"), city.person("window"), city.person("dispatcher")):
        with pytest.raises(NotYourStep):
            review(as_person(who, now=LATE), case)


def test_only_the_holder_applies_and_once_at_a_time(uow: RolledBackUnitOfWork, city: City, as_person: As) -> None:
    case = make_case(uow, city)
    with pytest.raises(NotYourStep):
        excluding.ask_exclusion(
            *(as_person(city.person("dispatcher")), case.case_id),
            version=case.version,
            rate=Rate.ON_TIME,
            words="停电",
        )
    holder = as_person(city.person("municipal"))
    ask(holder)
    with pytest.raises(StepNotAllowed, match=Step.ASK_EXCLUSION):
        ask(holder)


def test_what_comes_after_it_was_granted_does_not_count_either(
    uow: RolledBackUnitOfWork, city: City, as_person: As
) -> None:
    make_case(uow, city)
    holder, above = as_person(city.person("municipal")), as_person(city.person("district_dispatcher"))
    case = review(above, ask(holder))
    answer(holder, case)
    assert rate(above, Rate.ON_TIME) == (0, 0, None)
    assert sums(above)["excluded_on_time"] == 1
    assert sums(above)["answered"] == 1
    with pytest.raises(AlreadyExcluded):
        excluding.ask_exclusion(
            *(holder, case.case_id),
            version=cases.get_case(holder, case.case_id).version,
            rate=Rate.ON_TIME,
            words="停电",
        )
