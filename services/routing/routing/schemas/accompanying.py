"""Hand-overs to a centre, followed to their end."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from routing.domain.accompanying import Accompaniment, FollowedLine
from routing.domain.case import Standing
from routing.schemas.typed import OfficeName, Request, Title, Words


class Accompanied(Request):
    centre: OfficeName | None = Field(
        default=None,
        description="The centre's name, where it has no post on the platform.",
        examples=["海州区法律援助中心"],
    )
    post_id: UUID | None = Field(default=None, description="The centre's post, at the place of the case or above it.")
    with_whom: Title = Field(description="Who went there with the resident.", examples=["社区干部李娜"])
    words: Words = Field(description="What was handed over and agreed, for the history.")


class CentreReport(Request):
    words: Words = Field(description="What the centre says of it, for the history.")
    final: bool = Field(description="Whether the centre has done with it: then it can be answered.")


class AccompanimentView(BaseModel):
    """A hand-over to a centre, the resident accompanied."""

    accompaniment_id: UUID
    centre: str
    centre_post_id: UUID | None
    with_whom: str
    by: str
    made_at: AwareDatetime
    reports: int = Field(description="How many the centre has given; their words stand in the history.")
    reported_at: AwareDatetime | None
    final_at: AwareDatetime | None

    @classmethod
    def of(cls, accompaniment: Accompaniment) -> "AccompanimentView":
        return cls.model_validate(accompaniment, from_attributes=True)


class FollowedLineView(AccompanimentView):
    """With its case, whose ``version`` is the ETag that a report names."""

    case_id: UUID
    case_number: str
    gist: str
    version: int
    holder_post_id: UUID | None
    followed_since: AwareDatetime = Field(description="The centre's last word, or the hand-over.")
    standing: Standing

    @classmethod
    def of_line(cls, line: FollowedLine) -> "FollowedLineView":
        return cls(
            **AccompanimentView.of(line.accompaniment).model_dump(),
            case_id=line.accompaniment.case_id,
            case_number=line.case_number,
            gist=line.gist,
            version=line.version,
            holder_post_id=line.holder_post_id,
            followed_since=line.followed_since,
            standing=line.standing,
        )
