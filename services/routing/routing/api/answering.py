"""Taking a case up, answering it, and what comes after."""

from fastapi import APIRouter, Response
from kit.http import Door, IfMatch

from routing.api.asked import STEP, CaseNamed
from routing.schemas.answering import Acceptance, Answer, Exclusion, ExclusionReview, Handover, Review, Verification
from routing.schemas.cases import CaseView
from routing.service import answering, excluding, steps

router = APIRouter()


@router.post("/cases/{case_id}/acceptances", status_code=201, response_model=CaseView, responses=STEP)
async def accept_case(case_id: CaseNamed, body: Acceptance, if_match: IfMatch, door: Door) -> Response:
    """A dispatcher places and sorts a case that waits; the promise is made and the case assigned."""
    return await door(
        steps.accept_case, case_id, version=if_match, place_id=body.place_id, category=body.category, view=CaseView.of
    )


@router.post("/cases/{case_id}/starts", status_code=201, response_model=CaseView, responses=STEP)
async def start_case(case_id: CaseNamed, if_match: IfMatch, door: Door) -> Response:
    """The holder begins."""
    return await door(steps.start_case, case_id, version=if_match, view=CaseView.of)


@router.post("/cases/{case_id}/answers", status_code=201, response_model=CaseView, responses=STEP)
async def answer_case(case_id: CaseNamed, body: Answer, if_match: IfMatch, door: Door) -> Response:
    """Solved, or explained; the resident is told, of some matters after a review. Once more, it is a correction."""
    said = body.model_dump()
    return await door(steps.answer_case, case_id, version=if_match, **said, view=CaseView.of)


@router.post("/cases/{case_id}/reviews", status_code=201, response_model=CaseView, responses=STEP)
async def review_answer(case_id: CaseNamed, body: Review, if_match: IfMatch, door: Door) -> Response:
    """Approve the answer that waits, or send it back. For a dispatcher who neither wrote it nor holds the case."""
    return await door(
        *(answering.review_answer, case_id),
        version=if_match,
        approved=body.approved,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/verifications", status_code=201, response_model=CaseView, responses=STEP)
async def verify_case(case_id: CaseNamed, body: Verification, if_match: IfMatch, door: Door) -> Response:
    """What was answered, looked at on site by who did not handle it; what does not pass is under way again."""
    return await door(
        *(answering.verify_case, case_id), version=if_match, passed=body.passed, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/exclusions", status_code=201, response_model=CaseView, responses=STEP)
async def ask_exclusion(case_id: CaseNamed, body: Exclusion, if_match: IfMatch, door: Door) -> Response:
    """The holder applies that the case not count in a rate; it counts until somebody of the tier above has said so."""
    return await door(
        *(excluding.ask_exclusion, case_id), version=if_match, rate=body.rate, words=body.words, view=CaseView.of
    )


@router.post("/cases/{case_id}/exclusion_reviews", status_code=201, response_model=CaseView, responses=STEP)
async def review_exclusion(case_id: CaseNamed, body: ExclusionReview, if_match: IfMatch, door: Door) -> Response:
    """A second person of a tier above grants it or not. How many cases were taken out stands beside the rate."""
    return await door(
        *(excluding.review_exclusion, case_id),
        version=if_match,
        granted=body.granted,
        words=body.words,
        view=CaseView.of,
    )


@router.post("/cases/{case_id}/handovers", status_code=201, response_model=CaseView, responses=STEP)
async def hand_over_case(case_id: CaseNamed, body: Handover, if_match: IfMatch, door: Door) -> Response:
    """What is finished is collected, or brought home; it may be long after the end."""
    return await door(steps.hand_over_case, case_id, version=if_match, means=body.means, view=CaseView.of)


@router.post("/cases/{case_id}/closings", status_code=201, response_model=CaseView, responses=STEP)
async def close_case(case_id: CaseNamed, if_match: IfMatch, door: Door) -> Response:
    """What was answered is done; the resident is told. No body."""
    return await door(steps.close_case, case_id, version=if_match, view=CaseView.of)
