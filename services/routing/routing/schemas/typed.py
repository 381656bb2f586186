"""What is typed, and how long it may be."""

from typing import Annotated

from kit.http import Body
from pydantic import Field, StringConstraints

#: PostgreSQL's text holds no NUL.
PRINTABLE = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9._-]+$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=PRINTABLE)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTABLE)]
Name = Annotated[str, StringConstraints(max_length=100, pattern=PRINTABLE)]
OfficeName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTABLE)]
Cell = Annotated[str, StringConstraints(max_length=500, pattern=PRINTABLE)]
PaperName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30, pattern=PRINTABLE)]
CaseName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PRINTABLE)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PRINTABLE)]
#: Few and short enough to be named whole in one text message.
LONGEST_LIST = 600
Papers = Annotated[list[PaperName], Field(min_length=1, max_length=30, examples=[["户口簿", "身份证"]])]


class Request(Body):
    """What a request's body may hold."""
