"""Rules as documents, and what a draft changes."""

from fastapi import APIRouter, Response
from kit.http import AskedPage, Door, ListView, listed, responses_for

from routing.api.asked import RuleNumber
from routing.schemas.rule_sets import CommunityGapsView, RuleSetDocument, RuleSetVersionView, RuleSetView
from routing.service import rule_sets

router = APIRouter()


@router.get("/rule-sets", response_model=ListView[RuleSetVersionView])
async def list_rule_sets(page: AskedPage, door: Door) -> Response:
    """The versions of the rules, the city's and those of places, the newest first, drafts among them."""
    return await door.read(rule_sets.list_rule_sets, page, view=listed(RuleSetVersionView.of))


@router.post("/rule-sets", status_code=201, response_model=RuleSetView, responses=responses_for(409))
async def draft_rule_set(body: RuleSetDocument, door: Door) -> Response:
    """Draft a version by a document: all of it or nothing, what is wrong by line. It holds for nothing until somebody
    else puts it into force. For the operator.
    """
    return await door(rule_sets.draft_rule_set, body.document(), view=RuleSetView.of_seen)


@router.get("/rule-sets/{rule_version}", response_model=RuleSetView, responses=responses_for(404))
async def get_rule_set(rule_version: RuleNumber, door: Door) -> Response:
    """What a version says and what it changes: in words, and while it is a draft, over last month's cases. For the
    operator.
    """
    return await door.read(rule_sets.get_rule_set, rule_version, view=RuleSetView.of_seen)


@router.get("/rule-sets/{rule_version}/gaps", response_model=ListView[CommunityGapsView], responses=responses_for(404))
async def list_gaps(rule_version: RuleNumber, page: AskedPage, door: Door) -> Response:
    """Community by community, the rules for which nobody of their duty is there. For the operator."""
    return await door.read(rule_sets.list_gaps, page, rule_version, view=listed(CommunityGapsView.of))


@router.post(
    "/rule-sets/{rule_version}/activations",
    status_code=201,
    response_model=RuleSetView,
    responses=responses_for(404, 409),
)
async def activate_rule_set(rule_version: RuleNumber, door: Door) -> Response:
    """Put a draft into force from the day that it names, or at once; what has begun keeps its rules. For an operator
    other than who drafted it. No body.
    """
    return await door(rule_sets.activate_rule_set, rule_version, view=RuleSetView.of_seen)
