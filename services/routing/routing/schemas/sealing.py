"""Sealed cases: whom they are open to, and who has looked."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.sealing import Grant, Opened, Opening, Sight
from routing.schemas.typed import Request, Subject, Words


class NewGrant(Request):
    """To a person or to a post, one of them."""

    subject: Subject | None = Field(default=None, description="The sign-in subject of who holds a post.")
    post_id: UUID | None = None
    words: Words = Field(description="Why they must see it, for the history.")


class GrantView(BaseModel):
    """Whom a sealed case is opened to besides those who must see it."""

    grant_id: UUID
    subject: str | None
    post_id: UUID | None
    words: str
    by: str
    granted_at: AwareDatetime
    revoked_by: str | None
    revoked_at: AwareDatetime | None

    @classmethod
    def of(cls, grant: Grant) -> "GrantView":
        return cls.model_validate(grant, from_attributes=True)


class GrantsView(BaseModel):
    items: list[GrantView]

    @classmethod
    def of(cls, items: list[Grant]) -> "GrantsView":
        return cls(items=[GrantView.of(item) for item in items])


class OpeningView(BaseModel):
    """Somebody has looked at a sealed case."""

    opening_id: UUID
    what: Opened
    opened_by: str = Field(description="Their sign-in subject.")
    opened_at: AwareDatetime
    way: Sight = Field(description="By what they see it.")
    grant_id: UUID | None

    @classmethod
    def of(cls, opening: Opening) -> "OpeningView":
        return cls.model_validate(opening, from_attributes=True)
