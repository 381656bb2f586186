"""The door from HTTP to the use cases: one request, one transaction, and no answer before the commit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from kit.auth import Claims, NotSignedIn, Person
from kit.away import sqlstate
from kit.clock import Clock
from kit.db import ENTER_COLUMNS, Database, UnitOfWork
from kit.errors import Forbidden, ServiceError
from kit.http import idempotency
from kit.http.conditions import etag, is_unchanged
from kit.http.idempotency import Answer
from kit.http.people import Known, People
from kit.http.refusals import refuse_nul, refuse_unknown
from kit.tokens import Tokens

_ATTEMPTS = 3
#: Two requests met: serialization failure, deadlock, and a unique row that the other had just written.
_MET = ("40001", "40P01", "23505")
#: Of a transaction that was begun to read; of any other it says that the server is a standby.
_READ_ONLY = "25006"


_bearer = HTTPBearer(auto_error=False, description="A token of the city's identity provider.")


async def signed_in(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Claims:
    if credentials is None:
        raise NotSignedIn("no_token", "Sign in, and send the token as Authorization: Bearer.")
    tokens: Tokens = request.app.state.tokens
    return await tokens.check(credentials.credentials)


SignedIn = Annotated[Claims, Depends(signed_in)]


@dataclass(frozen=True)
class LookedUp:
    """An argument that a request names in its own way: the use case gets what is found by it in the transaction."""

    find: Callable[[UnitOfWork], Any]


@dataclass(frozen=True)
class DoorFor:
    """A request's way to the use cases.

    ``claims`` is None at an open door: nobody is asked for, and no row is in scope. ``post`` narrows to one post.
    """

    request: Request
    claims: Claims | None
    post: UUID | None = None

    async def __call__(
        self,
        use_case: Callable[..., Any],
        *args: Any,
        view: Callable[[Any], BaseModel | Answer] | None = None,
        status: int | None = None,
        location: Callable[[Any], str] | None = None,
        **kwargs: Any,
    ) -> Response:
        """Run a use case, ``use_case(uow, *args, **kwargs)``, commit, and only then answer.

        ``view`` shapes its result inside the transaction, as JSON or as a whole Answer; ``location`` makes the Location
        header of the view.
        ``status`` is the route's own unless it is given. A use case that *returns* a ServiceError has what it changed
        committed, and the error answered (a wrong guess that has to be counted).
        """
        key = await idempotency.find_key(self.request, self.claims.subject if self.claims else "")
        shape = _Shape(view, status or self._status, location)
        return (await self._answer(_Use(_calling(use_case, args, kwargs), shape, key))).response()

    async def read(
        self,
        query: Callable[..., Any],
        *args: Any,
        view: Callable[[Any], BaseModel | Answer] | None = None,
        **kwargs: Any,
    ) -> Response:
        """Run a query in a transaction that can only read; a view with a version answers If-None-Match."""
        return await self._read(_calling(query, args, kwargs), view, reads=True)

    async def read_on_record(
        self,
        query: Callable[..., Any],
        *args: Any,
        view: Callable[[Any], BaseModel | Answer] | None = None,
        **kwargs: Any,
    ) -> Response:
        """The same, of what it is noted in the same transaction who has read it."""
        return await self._read(_calling(query, args, kwargs), view, reads=False)

    async def _read(
        self, call: Callable[[UnitOfWork], Any], view: Callable[[Any], BaseModel | Answer] | None, *, reads: bool
    ) -> Response:
        answer = await self._answer(_Use(call, _Shape(view, self._status or 200), reads=reads))
        tag = answer.headers.get("ETag")
        if tag and is_unchanged(self.request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=dict(answer.headers))
        return answer.response()

    @property
    def _status(self) -> int | None:
        return getattr(self.request.scope.get("route"), "status_code", None)

    async def _answer(self, use: "_Use") -> Answer:
        database: Database = self.request.app.state.database
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = await database.transaction(partial(self._run, use, database.clock))
            except DBAPIError as error:
                if use.reads and sqlstate(error) == _READ_ONLY:
                    raise RuntimeError("a use case that is read through wrote") from error
                if sqlstate(error) not in _MET or attempt == _ATTEMPTS:
                    raise
            except ServiceError:
                if attempt == _ATTEMPTS or not await self._is_answered(database, use.key):
                    raise
            else:
                break
        if isinstance(answer, ServiceError):
            raise answer
        return answer

    async def _is_answered(self, database: Database, key: idempotency.Key | None) -> bool:
        """By now: who asks twice at once may look before the first is done, and be refused by what the first did."""
        if key is None:
            return False
        return await database.transaction(partial(idempotency.is_answered, key))

    def _run(self, use: "_Use", clock: Clock, connection: Connection) -> Answer | ServiceError:
        """All of a request's transaction but its commit."""
        now = clock.now()
        person, before = self._enter(connection, use, now)
        if before is not None:
            return before
        uow = UnitOfWork(connection, now=now, person=person)
        result = use.call(uow)
        if isinstance(result, ServiceError):
            uow.flush()
            return result
        answer = use.shape.of(result)
        uow.flush(idempotency.kept(use.key, answer, now=now) if use.key else None)
        return answer

    def _enter(self, connection: Connection, use: "_Use", now: datetime) -> tuple[Person | None, Answer | None]:
        """In one round trip: the scope, who asks, and whether it was answered before.

        The scope is that of the last time; where the posts that are found say otherwise, it is set anew.
        """
        people: People = self.request.app.state.people
        who = (self.claims, self.post)
        known = people.remembered(who) if self.claims else _NOBODY
        entering = _entering(people.posts if self.claims else "null", looks=use.key is not None, reads=use.reads)
        asked = {"now": now, **(use.key.named if use.key else {})}
        row = connection.execute(entering, {**(known or _NOBODY).scope, **self._subject, **asked}).one()
        if self.claims and (known is None or known.found != row.posts):
            known = Known.of(row.posts, self._under_post(people.person(self.claims, row.posts)))
            connection.execute(_ENTER, known.scope)
            people.remember(who, known)
        before = idempotency.answered_before(use.key, row) if use.key else None
        return known.person if known and self.claims else None, before

    @property
    def _subject(self) -> dict[str, str]:
        return {"subject": self.claims.subject} if self.claims else {}

    def _under_post(self, person: Person) -> Person:
        if self.post is None:
            return person
        if not person.holds(self.post):
            raise Forbidden("not_your_post", "You do not hold the post that Baiyang-Post names: leave the header out.")
        return person.under(self.post)


def _calling(
    use_case: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Callable[[UnitOfWork], Any]:
    def call(uow: UnitOfWork) -> Any:
        found = [each.find(uow) if isinstance(each, LookedUp) else each for each in args]
        return use_case(uow, *found, **kwargs)

    return call


@dataclass(frozen=True)
class _Shape:
    """How a result is answered."""

    view: Callable[[Any], BaseModel | Answer] | None
    status: int | None
    location: Callable[[Any], str] | None = None

    def of(self, result: Any) -> Answer:
        shown = self.view(result) if self.view else result
        if isinstance(shown, Answer):
            return shown
        if shown is None:
            return Answer(self.status or 204, b"")
        headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
        version = getattr(shown, "version", None)
        if isinstance(version, int):
            headers["ETag"] = etag(version)
        if self.location:
            headers["Location"] = self.location(shown)
        return Answer(self.status or 200, shown.model_dump_json().encode(), headers)


@dataclass(frozen=True)
class _Use:
    """What runs inside the transaction."""

    call: Callable[[UnitOfWork], Any]
    shape: _Shape
    key: idempotency.Key | None = None
    reads: bool = False


_NOBODY = Known.of(None, Person(""))
_ENTER = text(f"select {ENTER_COLUMNS}")


@cache
def _entering(posts: str, *, looks: bool, reads: bool) -> TextClause:
    columns = [ENTER_COLUMNS, f"cast({posts} as text) as posts"]
    if reads:
        columns.append("set_config('transaction_read_only', 'on', true)")
    if looks:
        columns.append(idempotency.LOOK_COLUMNS)
    return text(f"select {', '.join(columns)} from (select 1) as one {idempotency.LOOK_JOIN if looks else ''}")


_POST_HEADER = Header(alias="Baiyang-Post", description="The one of your posts to act under, where you hold several.")


async def door(request: Request, claims: SignedIn, post: Annotated[UUID | None, _POST_HEADER] = None) -> DoorFor:
    refuse_unknown(request)
    await refuse_nul(request)
    return DoorFor(request, claims, post)


async def open_door(request: Request) -> DoorFor:
    refuse_unknown(request)
    await refuse_nul(request)
    return DoorFor(request, None)


#: In a route's signature: the way in for whoever is signed in.
Door = Annotated[DoorFor, Depends(door)]

#: The way in for everybody: progress by query code, a public list. Nothing is in scope.
OpenDoor = Annotated[DoorFor, Depends(open_door)]
