"""The steps of a case's life: from which state, to which, and who may take them."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from contracts.grid import Duty
from contracts.routing import CaseState

from routing.errors import NotYourStep, StepNotAllowed


class Actor(StrEnum):
    HOLDER = "holder"
    """Who holds the post that the case lies with, or stands in for it."""
    DISPATCHER = "dispatcher"
    """The dispatcher of the case's place or of a tier above it."""


class Step(StrEnum):
    ACCEPT = "accept"
    START = "start"
    ANSWER = "answer"
    HAND_OVER = "hand_over"
    CLOSE = "close"


@dataclass(frozen=True)
class StepRule:
    """``to`` none: the state stays as it is."""

    step: Step
    states: frozenset[CaseState]
    to: CaseState | None
    actors: frozenset[Actor]


def _rule(step: Step, states: Collection[CaseState], to: CaseState | None, actors: Collection[Actor]) -> StepRule:
    return StepRule(step, frozenset(states), to, frozenset(actors))


_EITHER = (Actor.HOLDER, Actor.DISPATCHER)

STEPS: dict[Step, StepRule] = {
    rule.step: rule
    for rule in (
        _rule(Step.ACCEPT, [CaseState.RECEIVED], CaseState.ASSIGNED, [Actor.DISPATCHER]),
        _rule(Step.START, [CaseState.ASSIGNED], CaseState.IN_PROGRESS, [Actor.HOLDER]),
        _rule(Step.ANSWER, [CaseState.ASSIGNED, CaseState.IN_PROGRESS], CaseState.ANSWERED, _EITHER),
        _rule(Step.HAND_OVER, [CaseState.ANSWERED], None, _EITHER),
        _rule(Step.CLOSE, [CaseState.ANSWERED], CaseState.CLOSED, _EITHER),
    )
}


@dataclass(frozen=True)
class Standing:
    """A post by which somebody acts, and as what."""

    post_id: UUID
    duty: str
    path: str


def allowed_steps(state: CaseState) -> list[str]:
    return [rule.step.value for rule in STEPS.values() if state in rule.states]


def check_state(step: Step, state: CaseState) -> None:
    if state not in STEPS[step].states:
        raise StepNotAllowed(step, state, allowed_steps(state))


def post_for(step: Step, posts: Collection[Standing], *, holder: UUID | None, placed_path: str, barred: bool) -> UUID:
    """The post by which this person may take the step; their narrowest, the holder's before a dispatcher's.

    ``barred``: the case complains of them, so that they may take none.
    """
    actors = STEPS[step].actors
    if not barred:
        if Actor.HOLDER in actors and holder is not None and any(post.post_id == holder for post in posts):
            return holder
        if Actor.DISPATCHER in actors:
            above = [p for p in posts if p.duty == Duty.DISPATCHER and placed_path.startswith(p.path)]
            if above:
                return max(above, key=lambda post: len(post.path)).post_id
    raise NotYourStep(step)
