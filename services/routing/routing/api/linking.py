"""Many people, one case: links, merges, what is alike, and those whom it touches."""

from uuid import UUID

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, IfMatch, ListView, listed, responses_for

from routing.api.asked import STEP, CaseNamed, OtherNamed
from routing.schemas.cases import AlikeView, CaseView, SplitView
from routing.schemas.helping import Ending
from routing.schemas.linking import Incident, IncidentWords, Linking, Merge, SplitOff, SuggestionsView
from routing.service import incidents, linking, merging, splitting, suggesting

router = APIRouter()


@router.post("/cases/{case_id}/incidents", status_code=201, response_model=CaseView, responses=STEP)
async def name_affected(case_id: CaseNamed, body: Incident, if_match: IfMatch, door: Door) -> Response:
    """It concerns whole buildings: name them, and every household is told, whether it has reported anything or not."""
    return await door(
        *(incidents.name_affected, case_id),
        version=if_match,
        place_ids=body.place_ids,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/incident_words", status_code=201, response_model=CaseView, responses=STEP)
async def tell_affected(case_id: CaseNamed, body: IncidentWords, if_match: IfMatch, door: Door) -> Response:
    """Tell the households of all buildings that it names how it goes on."""
    return await door(*(incidents.tell_affected, case_id), version=if_match, words=body.words, view=CaseView.of)


@router.post("/cases/{case_id}/merges", status_code=201, response_model=CaseView, responses=STEP)
async def merge_case(case_id: CaseNamed, body: Merge, if_match: IfMatch, door: Door) -> Response:
    """The same trouble as another case: its appeals go on there, under the earlier promise, and this one closes."""
    return await door(
        *(merging.merge_case, case_id), version=if_match, into=body.into, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/splits", status_code=201, response_model=SplitView, responses=STEP)
async def split_case(case_id: CaseNamed, body: SplitOff, if_match: IfMatch, door: Door) -> Response:
    """Not the same trouble after all: these appeals go on as a case of their own, under the same promise."""
    return await door(
        *(splitting.split_case, case_id),
        version=if_match,
        appeal_ids=body.appeal_ids,
        words=body.words,
        view=SplitView.of_split,
    )


@router.get("/cases/{case_id}/suggestions", response_model=SuggestionsView, responses=responses_for(404))
async def list_suggestions(case_id: CaseNamed, door: Door) -> Response:
    """Side by side: what may be the same trouble by place, category, words and time, of what you may see."""
    return await door.read(suggesting.list_suggestions, case_id, view=SuggestionsView.of)


@router.post(
    "/cases/{case_id}/suggestions/{other_id}/dismissals",
    status_code=201,
    response_model=SuggestionsView,
    responses=responses_for(404),
)
async def dismiss_suggestion(case_id: CaseNamed, other_id: OtherNamed, door: Door) -> Response:
    """They are two: not suggested again, on either. For a dispatcher of its place or above. No body."""
    return await door(suggesting.dismiss_suggestion, case_id, other_id, view=SuggestionsView.of)


@router.post("/cases/{case_id}/links", status_code=201, response_model=CaseView, responses=STEP)
async def link_cases(case_id: CaseNamed, body: Linking, if_match: IfMatch, door: Door) -> Response:
    """Name a related case, by its number, on this one, and this one on that. For who sees both."""
    return await door(
        *(linking.link_cases, case_id),
        version=if_match,
        number=body.number,
        kind=body.kind,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/links/{link_id}/endings", status_code=201, response_model=CaseView, responses=STEP)
async def unlink_cases(case_id: CaseNamed, link_id: UUID, body: Ending, if_match: IfMatch, door: Door) -> Response:
    """What was linked wrongly is put right on both cases. For who sees both."""
    return await door(
        *(linking.unlink_cases, case_id, link_id),
        version=if_match,
        words=body.words,
        view=CaseView.of,
    )


@router.get("/suggestions", response_model=ListView[AlikeView])
async def list_alike(page: AskedPage, door: Door) -> Response:
    """What is open where I dispatch and may be the same trouble as another, each case beside the likest and why, in the
    order of ``/cases``. A page looks at ``limit`` cases and leaves out those that are like no other: it may hold fewer,
    or none, while ``next`` leads on.
    """
    return await door.read(suggesting.list_alike, page, view=listed(AlikeView.of_alike))
