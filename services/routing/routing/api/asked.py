"""What paths and queries name, and how a step may be refused."""

from typing import Annotated
from uuid import UUID

from contracts.intake import Channel
from fastapi import Depends, Path, Query
from kit.clock import Day
from kit.http import LookedUp, responses_for

from routing.domain.figures import Group
from routing.domain.vacancy import Section
from routing.service import naming

STEP = responses_for(404, 409, 412, 428)
LetterNumber = Annotated[str, Path(max_length=40, description="However it is typed.", examples=["H7K2-9QXV"])]
EntryNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="The entry's number in the history.")]
BatchNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
CalendarNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
OnlyForecast = Annotated[bool, Query(description="Only those counted over a year whose notice is not out yet.")]
FromDay = Annotated[Day | None, Query(description="The first day; none: thirty days with the last.")]
ToDay = Annotated[Day | None, Query(description="The last day; none: today.")]
InSection = Annotated[Section | None, Query(description="A part of the queue alone.")]
OnlySuggested = Annotated[bool, Query(description="Only what was sorted by its words alone, and not confirmed yet.")]
AtPlaceOrMine = Annotated[UUID | None, Query(description="The id of a place; none: what lies with your posts.")]
OfMonth = Annotated[str, Path(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$", examples=["2026-10"])]
ByGroup = Annotated[Group | None, Query(description="What tells lines apart; a place is one right below `place`.")]
OnlyCategory = Annotated[str | None, Query(max_length=80, description="Its code; with its branches.")]
OnlyChannel = Annotated[Channel | None, Query()]
OnlyOffice = Annotated[UUID | None, Query(description="The id of a bureau or department.")]
OnlyPost = Annotated[UUID | None, Query(description="The id of the holder's post.")]
AtPlace = Annotated[UUID | None, Query(description="The id of a place; none: wherever you may look.")]
RuleNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
_NAME = "Its id, its number or that of an appeal in it, however they are typed."


async def _case_named(case_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: naming.get_id(uow, case_id, field="/case_id"))


async def _other_named(other_id: Annotated[str, Path(max_length=40, description=_NAME)]) -> LookedUp:
    return LookedUp(lambda uow: naming.get_id(uow, other_id, field="/other_id"))


CaseNamed = Annotated[LookedUp, Depends(_case_named)]
OtherNamed = Annotated[LookedUp, Depends(_other_named)]
