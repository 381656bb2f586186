"""What is published: a place, a post, a contact as it stands after the change."""

from contracts.envelope import Tombstone
from contracts.grid import ContactChangedV1, OpeningHours, PlaceChangedV1, PostChangedV1
from contracts.grid import Holding as HoldingFact
from contracts.intake import Means, Reach
from kit.db import UnitOfWork

from grid.domain.places import Place
from grid.domain.posts import Holder, Holding, Post, published_terms
from grid.domain.register import Household
from grid.keys import Keys


def place_changed(place: Place) -> PlaceChangedV1:
    return PlaceChangedV1(
        version=place.version,
        place_id=place.id,
        code=place.code,
        name=place.name,
        aliases=list(place.aliases),
        tier=place.tier,
        parent_id=place.parent_id,
        path=place.path,
        depth=place.depth,
        state=place.state,
        merged_into=place.merged_into,
        opening_hours=[OpeningHours.model_validate(hours) for hours in place.opening_hours],
        phone=place.phone,
    )


def post_changed(post: Post, uow: UnitOfWork) -> PostChangedV1:
    terms = published_terms(post.holdings, uow.now)
    return PostChangedV1(
        version=post.version,
        post_id=post.id,
        code=post.code,
        title=post.title,
        duty=post.duty,
        place_id=post.place_id,
        path=post.path,
        office_id=post.office_id,
        matters=list(post.matters),
        phone=post.phone,
        holders=[_term(term) for term in terms if not term.stand_in],
        stand_ins=[_term(term) for term in terms if term.stand_in and not term.on_duty],
        on_duty=[_term(term) for term in terms if term.on_duty],
        retired=post.retired,
    )


def contact_changed(holder: Holder, reach: Reach, keys: Keys) -> ContactChangedV1:
    sealed = keys.for_transport(holder.id, reach)
    return ContactChangedV1(version=holder.version, contact_id=holder.id, subject=holder.subject, sealed=sealed)


def household_changed(household: Household, reach: Reach | None, keys: Keys) -> ContactChangedV1:
    """Also of a household that nothing is known of: it is told in person."""
    sealed = keys.for_transport(household.id, reach or Reach(means=Means.NONE))
    return ContactChangedV1(
        version=household.version,
        contact_id=household.id,
        place_id=household.place_id,
        room=household.room,
        sealed=sealed,
    )


def contact_erased(whose: Holder | Household) -> Tombstone:
    event = ContactChangedV1
    return Tombstone(topic=event.TOPIC, type=event.TYPE, key=str(whose.id), version=whose.version)


def _term(term: Holding) -> HoldingFact:
    return HoldingFact(
        subject=term.subject, name=term.name, contact_id=term.holder_id, since=term.since, until=term.until
    )
