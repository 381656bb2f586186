"""Events in: the grid's places and posts, appeals, and messages that failed."""

from collections.abc import Callable, Sequence
from uuid import UUID

from contracts.intake import AppealCorrectedV1, AppealRatedV1, AppealReceivedV1, AppealWithdrawnV1
from contracts.notify import MessageFailedV1, MessageWithheldV1
from kit.db import UnitOfWork
from kit.kafka import consumes
from kit.kafka.tracing import under
from network.consumers import handlers as network_handlers

from routing.repository import cases, figures, hotline, precedents, rule_sets
from routing.service import notices, opening, rating, vacancies


@consumes(AppealReceivedV1, on_failure="park", set_wise=True)
def open_cases(uow: UnitOfWork, received: Sequence[AppealReceivedV1]) -> None:
    opening.open_cases(uow, received, under=under)


@consumes(AppealCorrectedV1, on_failure="park")
def correct_appeal(uow: UnitOfWork, event: AppealCorrectedV1) -> None:
    opening.correct_appeal(uow, event)


@consumes(AppealWithdrawnV1, on_failure="park")
def withdraw_appeal(uow: UnitOfWork, event: AppealWithdrawnV1) -> None:
    opening.withdraw_appeal(uow, event)


@consumes(AppealRatedV1, on_failure="park")
def take_rating(uow: UnitOfWork, event: AppealRatedV1) -> None:
    rating.take_rating(uow, event)


@consumes(MessageFailedV1)
def record_notice_not_delivered(uow: UnitOfWork, event: MessageFailedV1) -> None:
    notices.record_notice_not_delivered(uow, event)


@consumes(MessageWithheldV1)
def record_notice_withheld(uow: UnitOfWork, event: MessageWithheldV1) -> None:
    notices.record_notice_withheld(uow, event)


def _move_place(uow: UnitOfWork, place_id: UUID, path: str) -> None:
    # Figures first: who waits for whoever adds them up holds no case meanwhile.
    figures.move_place(uow, place_id, path)
    cases.move_place(uow, place_id, path)
    precedents.move_place(uow, place_id, path)
    hotline.move_place(uow, place_id, path)
    rule_sets.move_place(uow, place_id, path)


HANDLERS: Sequence[Callable[..., None]] = (
    *network_handlers(moved=_move_place, posts_changed=vacancies.look_again),
    open_cases,
    correct_appeal,
    withdraw_appeal,
    take_rating,
    record_notice_not_delivered,
    record_notice_withheld,
)
