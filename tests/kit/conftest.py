"""A service of the kit's own tests: one scoped table, and every door to it."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter, FastAPI, Path
from httpx2 import ASGITransport, AsyncClient
from kit import crypto
from kit.app import service_defaults
from kit.auth import Person, Post
from kit.clock import Clock
from kit.db import Database, UnitOfWork
from kit.errors import Conflict, Invalid, NotFound, Stale
from kit.http import AskedPage, Door, IfMatch, ListView, OpenDoor
from kit.migrations import create_event_tables, create_http_tables, grant, protect, scope_policy
from kit.paging import Page, Sheet
from kit.settings import ServiceSettings
from kit.testing.tokens import Identity, People
from local.postgres import SUPERUSER, Postgres
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

A, B = (f"/{letter * 32}/" for letter in "ab")
POST_A, POST_B = UUID(int=0xA), UUID(int=0xB)


def post(identity: UUID, path: str) -> Post:
    return Post(identity, "window", "window clerk", UUID(path.strip("/")), path)


PEOPLE = People(
    Person("clerk.a", posts=(post(POST_A, A),)),
    Person("clerk.b", posts=(post(POST_B, B),)),
    Person("clerk.ab", posts=(post(POST_A, A), post(POST_B, B))),
)


class Settings(ServiceSettings, env_prefix="SCRATCH_"): ...


@pytest.fixture(scope="session")
def scratch_template(postgres_server: Postgres) -> str:
    name = "scratch_template"
    postgres_server.lay_roles("scratch")
    postgres_server.lay_database("scratch", name=name)
    engine = create_engine(postgres_server.url(name, "scratch_owner", driver="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        _lay(connection)
    engine.dispose()
    return name


def _lay(connection: Connection) -> None:
    connection.execute(text("create table alembic_version (version_num varchar(32) primary key)"))
    connection.execute(text("insert into alembic_version values ('0001')"))
    create_event_tables(connection, "scratch")
    create_http_tables(connection, "scratch")
    connection.execute(
        text(
            'create table note (id uuid primary key, place text collate "C" not null, words text not null,'
            " version int not null default 1, unique (place, words))"
        )
    )
    connection.execute(text("create index ix_note_place on note (place, id)"))
    protect(connection, "note", scope_policy("place"))
    grant(connection, "scratch", {"api": {"note": "select, insert, update"}, "auditor": {"note": "select"}})


@pytest.fixture
def scratch_url(postgres_server: Postgres, scratch_template: str) -> Iterator[str]:
    name = f"scratch_{uuid4().hex[:12]}"
    postgres_server.lay_database("scratch", name=name, template=scratch_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def as_superuser(scratch_url: str) -> Iterator[Connection]:
    """Sees and changes everything, each statement committed."""
    url = scratch_url.format(role=SUPERUSER).replace("+asyncpg", "+psycopg")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
async def database(scratch_url: str) -> AsyncIterator[Database]:
    database = Database(scratch_url, role="scratch_api")
    yield database
    await database.close()


@pytest.fixture(scope="session")
def identity() -> Iterator[Identity]:
    with Identity().serving() as identity:
        yield identity


@pytest.fixture
def settings(identity: Identity) -> Settings:
    return make_settings(identity)


def make_settings(identity: Identity, **overrides: Any) -> Settings:
    return Settings(
        **{
            "database_url": "postgresql+asyncpg://{role}@127.0.0.1:1/scratch",
            "service_keys": crypto.new_key("k1"),
            "oidc_issuer": identity.issuer,
            "oidc_jwks_url": identity.jwks_url,
            "oidc_audience": identity.audience,
        }
        | overrides
    )


@dataclass(frozen=True)
class Note:
    id: UUID
    place: str
    words: str
    version: int


class NewNote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    place: str = Field(pattern=r"^/([0-9a-f]{32}/)*$")
    words: str = Field(max_length=100)


class NoteView(BaseModel):
    id: UUID
    words: str
    version: int

    @classmethod
    def of(cls, note: Note) -> "NoteView":
        return cls(id=note.id, words=note.words, version=note.version)


class NoteList(ListView[NoteView]):
    @classmethod
    def of(cls, sheet: Sheet[Note]) -> "NoteList":
        return cls(items=[NoteView.of(note) for note in sheet.items], next=sheet.next)


def write_note(uow: UnitOfWork, new: NewNote) -> Note:
    if uow.execute(text("select 1 from note where words = :words and place = :place"), new.model_dump()).first():
        raise Conflict("noted", "This is noted already: read it.")
    row = uow.execute(
        text("insert into note (id, place, words) values (:id, :place, :words) returning *"),
        {"id": uuid4(), **new.model_dump()},
    ).one()
    return Note(**row._mapping)


def change_note(uow: UnitOfWork, note_id: UUID, words: str, *, version: int) -> Note:
    note = read_note(uow, note_id)
    if note.version != version:
        raise Stale("stale", f"It stands at version {note.version} now: read it again.")
    row = uow.execute(
        text("update note set words = :words, version = version + 1 where id = :id returning *"),
        {"id": note_id, "words": words},
    ).one()
    return Note(**row._mapping)


def read_note(uow: UnitOfWork, note_id: UUID) -> Note:
    row = uow.execute(text("select * from note where id = :id"), {"id": note_id}).first()
    if row is None:
        raise NotFound("no_note", "There is no such note.")
    return Note(**row._mapping)


def list_notes(uow: UnitOfWork, page: Page, *, words: str | None) -> Sheet[Note]:
    after = page.after(UUID)
    rows = uow.execute(
        text(
            "select * from note where id > coalesce(cast(:after as uuid), '00000000-0000-0000-0000-000000000000')"
            " and words = coalesce(:words, words) order by id limit :limit"
        ),
        {"after": after[0] if after else None, "words": words, "limit": page.fetch},
    )
    return page.sheet([Note(**row._mapping) for row in rows], position=lambda note: (note.id,))


def miss(_: UnitOfWork) -> None:
    raise ValueError("13912345678 is what the caller said")


def count_guess(uow: UnitOfWork, note_id: UUID) -> Invalid:
    uow.execute(text("update note set version = version + 1 where id = :id"), {"id": note_id})
    return Invalid("wrong_guess", "That is not it.")


router = APIRouter(prefix="/scratch/v1", tags=["notes"])


@router.post("/notes", status_code=201, response_model=NoteView)
async def post_note(new: NewNote, door: Door) -> Any:
    return await door(write_note, new, view=NoteView.of, location=lambda view: f"/scratch/v1/notes/{view.id}")


@router.get("/notes", response_model=NoteList)
async def get_notes(door: Door, page: AskedPage, words: str | None = None) -> Any:
    return await door.read(list_notes, page, words=words, view=NoteList.of)


@router.get("/notes/{note_id}", response_model=NoteView)
async def get_note(note_id: UUID, door: Door) -> Any:
    return await door.read(read_note, note_id, view=NoteView.of)


@router.put("/notes/{note_id}/words", response_model=NoteView)
async def put_words(note_id: UUID, new: NewNote, door: Door, version: IfMatch) -> Any:
    return await door(change_note, note_id, new.words, version=version, view=NoteView.of)


@router.post("/notes/{note_id}/guesses")
async def post_guess(note_id: UUID, door: Door) -> Any:
    return await door(count_guess, note_id)


@router.get("/open/{code}")
async def get_open(code: Annotated[str, Path(max_length=40)], door: OpenDoor) -> Any:
    return await door.read(lambda uow: NoteView(id=UUID(int=0), words=str(uow.by), version=len(code)))


@router.get("/defects")
async def get_defect(door: Door) -> Any:
    return await door.read(miss)


_NO_ROOM = """
create function no_room() returns trigger language plpgsql as $$
begin
    raise exception 'could not extend file: No space left on device' using errcode = '53100';
end
$$
"""


def fill_disk(connection: Connection, table: str) -> None:
    """Nothing more goes into the table, as where the server's disk is full; dropping its trigger makes room."""
    connection.execute(text(_NO_ROOM))
    connection.execute(text(f"create trigger no_room before insert on {table} execute function no_room()"))


AppOf = Callable[..., FastAPI]


@pytest.fixture
def app_of(settings: Settings, database: Database) -> AppOf:
    def app_of(*, clock: Clock | None = None, people: Any = PEOPLE, **overrides: Any) -> FastAPI:
        if clock:
            database.clock = clock
        app = FastAPI(title="scratch")
        used = settings.model_copy(update=overrides)
        service_defaults(app, service="scratch", settings=used, database=database, people=people)
        app.include_router(router)
        return app

    return app_of


def client_of(app: FastAPI) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app), base_url="http://scratch.test")


@pytest.fixture
async def client(app_of: AppOf) -> AsyncIterator[AsyncClient]:
    async with client_of(app_of()) as client:
        yield client


@pytest.fixture
def clerk_a(identity: Identity) -> dict[str, str]:
    return identity.headers("clerk.a")
