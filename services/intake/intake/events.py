"""What intake says of an appeal: never its words."""

from uuid import UUID

from contracts.intake import (
    AppealCorrectedV1,
    AppealRatedV1,
    AppealReceivedV1,
    AppealWithdrawnV1,
    Assignment,
    PersonContactChangedV1,
    Reach,
)
from kit.crypto import KeyRing, seal_for_transport

from intake.domain.appeal import Appeal, Asker, Entry, WithdrawalReason
from intake.domain.rating import Said


def appeal_received(
    appeal: Appeal,
    *,
    query_code: str,
    ring: KeyRing,
    sealed: bool = False,
    reached_by_message: bool = True,
    asker: UUID | None = None,
) -> AppealReceivedV1:
    """``sealed``: by who took it; what its category makes of it, routing knows itself."""
    return AppealReceivedV1(
        version=appeal.version,
        appeal_id=appeal.id,
        number=appeal.number,
        channel=appeal.channel,
        received_at=appeal.received_at,
        historic=appeal.historic,
        person_id=appeal.person_id,
        language=appeal.language,
        gist=appeal.gist,
        suggested_category=appeal.suggested_category,
        category=appeal.category,
        placing=appeal.location.placing,
        place_id=appeal.location.place_id,
        placed_path=appeal.location.path,
        taken_path=appeal.taken_path,
        taken_by=appeal.taken_by,
        source=appeal.source,
        complained_of=list(appeal.complained_of),
        sealed=sealed,
        urgent=appeal.urgent,
        done_on_the_spot=appeal.done_on_the_spot,
        answer=appeal.answer,
        query_code=seal_for_transport(ring, query_code, key=appeal.id),
        assignment=_assignment(appeal),
        repeat_of=appeal.repeat_of,
        reached_by_message=reached_by_message,
        asker=asker,
    )


def _assignment(appeal: Appeal) -> Assignment | None:
    given = appeal.assignment
    if given is None:
        return None
    return Assignment(office=given.office, number=given.number, due_at=given.due_at, report_owed=given.report_owed)


def appeal_corrected(appeal: Appeal, entry: Entry) -> AppealCorrectedV1:
    return AppealCorrectedV1(
        version=appeal.version,
        appeal_id=appeal.id,
        corrected_at=entry.at,
        corrected_by=entry.by,
        gist=appeal.gist,
        category=appeal.category,
        place_id=appeal.location.place_id,
        placed_path=appeal.location.path,
    )


def appeal_withdrawn(appeal: Appeal, entry: Entry, *, reason: WithdrawalReason) -> AppealWithdrawnV1:
    return AppealWithdrawnV1(
        version=appeal.version,
        appeal_id=appeal.id,
        withdrawn_at=entry.at,
        withdrawn_by=entry.by,
        reason=reason.value,
    )


def appeal_rated(entry: Entry, said: Said) -> AppealRatedV1:
    assert entry.answer is not None
    return AppealRatedV1(
        version=entry.version,
        appeal_id=entry.appeal_id,
        answer=entry.answer,
        rated_at=entry.at,
        solved=said.solved,
        rating=said.rating,
    )


def contact_changed(asker: Asker, *, ring: KeyRing) -> PersonContactChangedV1:
    reach = Reach(name=asker.name, means=asker.means, address=asker.address, language=asker.language)
    return PersonContactChangedV1(
        version=asker.version, person_id=asker.id, sealed=seal_for_transport(ring, reach, key=asker.id)
    )
