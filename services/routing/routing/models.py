"""Routing's own tables; the copy of grid is network.models, the tables of events are the kit's."""

from kit.db import Items, new_metadata
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from routing.domain.figures import DIMENSIONS, Figure

metadata = new_metadata()


def _path(name: str) -> Column[str]:
    return Column(name, Text(collation="C"), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


NO_SHARES = text("'{}'::smallint[]")

category = Table(
    "category",
    metadata,
    Column("code", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("parent", Text),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("remit", Text, nullable=False),
    Column("words", Items(Text), nullable=False),
    Column("line", Items(Text), nullable=False),
    Column("retired", Boolean, nullable=False),
    Column("changed_by", Text),
    _moment("effective_from"),
    Column("sealed", Boolean, nullable=False, server_default="false"),
)

#: One without an instant is a draft. ``path``: the place whose rules it is, "/" for the city's; ``begins``: the first
#: day on which it is meant to hold.
rule_set = Table(
    "rule_set",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("zone", Text, nullable=False),
    Column("note", Text, nullable=False),
    _moment("effective_from", nullable=True),
    Column("shares", Items(SmallInteger), nullable=False, server_default=NO_SHARES),
    Column("climb_unit", Text),
    Column("climb_count", Integer),
    Column("repeat_unit", Text),
    Column("repeat_count", Integer),
    Column("contact_unit", Text),
    Column("contact_count", Integer),
    Column("path", Text(collation="C"), nullable=False, server_default="/"),
    Column("place_id", Uuid),
    Column("begins", Date),
    Column("limits", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("based_on", Items(Integer), nullable=False, server_default="{}"),
    Column("drafted_by", Text),
    _moment("drafted_at", nullable=True),
    Column("activated_by", Text),
    Index("ix_rule_set_path", "path", "version", postgresql_where=text("effective_from is not null")),
    Index("ix_rule_set_place_id", "place_id"),
)

rule = Table(
    "rule",
    metadata,
    Column("version", Integer, ForeignKey("rule_set.version"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("remit", Text, nullable=False),
    Column("category", Text),
    Column("urgent", Boolean, nullable=False),
    Column("duty", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("evidence", Boolean, nullable=False, server_default="false"),
    Column("review", Boolean, nullable=False, server_default="false"),
    Column("verification", Boolean, nullable=False, server_default="false"),
    Column("climb_unit", Text),
    Column("climb_count", Integer),
    Column("repeat_unit", Text),
    Column("repeat_count", Integer),
    Column("contact_unit", Text),
    Column("contact_count", Integer),
    Column("law_unit", Text),
    Column("law_count", Integer),
    Column("statute", Text),
    Column("climbs_to", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("starts", Text, nullable=False, server_default="accepted"),
    Column("line", Integer),
    UniqueConstraint("version", "kind", "remit", "category", "urgent", postgresql_nulls_not_distinct=True),
)

#: One without an instant is a draft. ``year``: whose rows it brings, the nation's or the city's own.
calendar = Table(
    "calendar",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    _moment("effective_from", nullable=True),
    Column("year", Integer),
    Column("own", Boolean, nullable=False, server_default="false"),
    Column("based_on", Integer),
    Column("drafted_by", Text),
    _moment("drafted_at", nullable=True),
    Column("activated_by", Text),
)

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("version", Integer, ForeignKey("calendar.version"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("status", Text, nullable=False),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("year", Integer, nullable=False),
    Column("working", Boolean, nullable=False),
    Column("stands_for", SmallInteger),
    Column("note", Text, nullable=False),
    Column("own", Boolean, nullable=False, server_default="false"),
    ForeignKeyConstraint(["version", "year"], ["calendar_year.version", "calendar_year.year"]),
)

#: A season of a station's hours; of one in which it never opens, a row without a weekday.
calendar_hours = Table(
    "calendar_hours",
    metadata,
    Column("version", Integer, ForeignKey("calendar.version"), nullable=False),
    Column("place_id", Uuid, nullable=False),
    Column("since", Date, nullable=False),
    Column("weekday", SmallInteger),
    Column("opens", Time),
    Column("closes", Time),
    UniqueConstraint("version", "place_id", "since", "weekday", "opens", postgresql_nulls_not_distinct=True),
)

calendar_closure = Table(
    "calendar_closure",
    metadata,
    Column("version", Integer, ForeignKey("calendar.version"), primary_key=True),
    Column("place_id", Uuid, primary_key=True),
    Column("date", Date, primary_key=True),
    Column("closes", Time),
    Column("note", Text, nullable=False),
)

OPEN = "state <> 'closed'"
DOING = "state in ('accepted', 'assigned', 'in_progress')"
SEALED = "seal is not null and state <> 'closed'"
PLANNED = "planned_due is not null"
RUNS = "settled_at is null and lapsed_at is null"
TRANSFERRED = "first_holder_post_id is not null and state <> 'closed'"

#: How every list is sorted: what is late (0) before what is at risk (1) and the rest.
_AT_THE_TOP = ("standing", "falls_due", "case_id")
_PLACE_BY_PLACE = ("standing", "placed_path", "falls_due", "case_id")
_IN_TIME = "2"

#: The release before writes it; nothing reads it.
LEFT = {"left": True}

cases = Table(
    "cases",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("queue", Text),
    Column("gist", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("complained_of", Items(Text), nullable=False),
    Column("place_id", Uuid),
    Column("taken_place_id", Uuid),
    _path("placed_path"),
    _path("taken_path"),
    Column("district", Text),
    Column("category", Text),
    Column("category_version", Integer),
    Column("category_suggested", Boolean, nullable=False, server_default="false"),
    Column("kind", Text),
    Column("remit", Text),
    Column("rule_version", Integer),
    Column("rule_layers", Items(Integer), nullable=False, server_default="{}"),
    Column("holder_post_id", Uuid),
    Column("office_id", Uuid),
    Column("promise_due", DateTime(timezone=True)),
    Column("promise_met", Boolean),
    Column("outcome", Text),
    Column("handover", Text),
    Column("closed_reason", Text),
    Column("ask", Text),
    Column("ask_reason", Text),
    Column("asked_by", Text),
    Column("asked_days", Integer),
    Column("asked_until", Date),
    Column("ruler_post_id", Uuid),
    Column("ruler_place_id", Uuid),
    Column("ruler_path", Text(collation="C")),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("returned_place_id", Uuid),
    Column("returned_path", Text(collation="C")),
    Column("ruled_place_id", Uuid),
    Column("ruled_path", Text(collation="C")),
    Column("dispatched_place_id", Uuid),
    Column("dispatched_path", Text(collation="C")),
    Column("first_dispatch", Boolean, info=LEFT),
    Column("extended", Boolean, nullable=False, server_default="false"),
    Column("letters", Integer, nullable=False, server_default="0"),
    Column("papers_held", Integer, nullable=False, server_default="0"),
    _moment("papers_named_at", nullable=True),
    Column("papers_missing", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("papers_missing_of", Uuid),
    _moment("papers_awaited_until", nullable=True),
    _moment("first_contact_at", nullable=True),
    Column("pressings", Integer, nullable=False, server_default="0"),
    Column("reports_owed", Integer, nullable=False, server_default="0"),
    Column("recused", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
    _moment("followed_since", nullable=True),
    Column("assigned_by", Text),
    Column("assigned_number", Text),
    _moment("assigned_due", nullable=True),
    Column("report_back", Text),
    Column("helpers", Integer, nullable=False, server_default="0"),
    Column("helper_post_ids", Items(Uuid), nullable=False, server_default="{}"),
    Column("linked", Integer, nullable=False, server_default="0"),
    Column("hotline_handovers", Integer, nullable=False, server_default="0"),
    Column("at_hotline", Boolean, nullable=False, server_default="false"),
    Column("answered_by", Text),
    Column("calls_owed", Integer, nullable=False, server_default="0"),
    Column("tellings", Integer, nullable=False, server_default="0"),
    _moment("suspended_until", nullable=True),
    Column("suspension_reason", Text),
    Column("planned_for", Date),
    _moment("planned_due", nullable=True),
    Column("planned_who", Text),
    Column("first_holder_post_id", Uuid),
    Column("supervisor_post_id", Uuid),
    Column("demands", Items(Text), nullable=False, server_default="{}"),
    Column("by_the_clock", Boolean, nullable=False, server_default="false"),
    Column("draft", Integer),
    Column("reviewer_post_id", Uuid),
    Column("verified", Boolean, nullable=False, server_default="false"),
    Column("seal", Text),
    Column("keeper_post_id", Uuid),
    Column("granted_to", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("seen_by", Items(Text), nullable=False, server_default=text("'{}'::text[]")),
    Column("undelivered", Integer, nullable=False),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("merged_into", Uuid),
    Column("excluding", Text),
    Column("excluding_by", Text),
    Column("tally", JSONB),
    Column("standing", SmallInteger, nullable=False, server_default=_IN_TIME),
    Column("falls_due", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("behind", Items(Uuid), nullable=False, server_default="{}"),
    _moment("received_at"),
    _moment("opened_at"),
    _moment("accepted_at", nullable=True),
    _moment("answered_at", nullable=True),
    _moment("closed_at", nullable=True),
    ForeignKeyConstraint(["category", "category_version"], ["category.code", "category.version"]),
    Index("ix_cases_worklist", "holder_post_id", *_AT_THE_TOP, postgresql_where=text(DOING)),
    Index("ix_cases_answered", "holder_post_id", *_AT_THE_TOP, postgresql_where=text("state = 'answered'")),
    Index("ix_cases_queue", "holder_post_id", *_AT_THE_TOP, postgresql_where=text("queue is not null")),
    Index(
        "ix_cases_unheld",
        "placed_path",
        "case_id",
        postgresql_where=text("queue is not null and holder_post_id is null"),
    ),
    Index("ix_cases_place", *_PLACE_BY_PLACE, postgresql_where=text(OPEN)),
    Index("ix_cases_asked", "ruler_post_id", "case_id", postgresql_where=text("ask is not null")),
    Index("ix_cases_asked_place", "placed_path", "case_id", postgresql_where=text("ask is not null")),
    Index("ix_cases_ruler_place_id", "ruler_place_id", postgresql_where=text("ruler_place_id is not null")),
    Index("ix_cases_returned_place_id", "returned_place_id", postgresql_where=text("returned_place_id is not null")),
    Index("ix_cases_ruled_place_id", "ruled_place_id", postgresql_where=text("ruled_place_id is not null")),
    Index(
        "ix_cases_dispatched_place_id", "dispatched_place_id", postgresql_where=text("dispatched_place_id is not null")
    ),
    Index("ix_cases_reports_owed", "holder_post_id", "case_id", postgresql_where=text("reports_owed > 0")),
    Index(
        "ix_cases_followed",
        *("standing", "followed_since", "case_id", "placed_path"),
        postgresql_where=text("followed_since is not null"),
    ),
    Index("ix_cases_drafted", "reviewer_post_id", "case_id", postgresql_where=text("draft is not null")),
    Index("ix_cases_calls_owed", *_PLACE_BY_PLACE, postgresql_where=text("calls_owed > 0")),
    Index("ix_cases_custody", "holder_post_id", "case_id", postgresql_where=text("papers_held > 0")),
    Index("ix_cases_custody_place", "placed_path", "case_id", postgresql_where=text("papers_held > 0")),
    Index("ix_cases_planned", "holder_post_id", "planned_due", "case_id", postgresql_where=text(PLANNED)),
    Index("ix_cases_planned_place", "placed_path", "case_id", postgresql_where=text(PLANNED)),
    Index("ix_cases_transferred", "first_holder_post_id", *_AT_THE_TOP, postgresql_where=text(TRANSFERRED)),
    Index("ix_cases_sealed", "placed_path", postgresql_where=text(SEALED)),
    Index("ix_cases_kept", "keeper_post_id", "case_id", postgresql_where=text(SEALED)),
    Index("ix_cases_place_id", "place_id"),
    Index("ix_cases_taken_place_id", "taken_place_id"),
    Index("ix_cases_excluding", *_PLACE_BY_PLACE, postgresql_where=text("excluding is not null")),
    Index("ix_cases_uncounted", "case_id", postgresql_where=text("tally is null")),
)

#: Posts in which nobody acts, as found; and those to be looked at, when a term in them begins or ends.
vacancy = Table(
    "vacancy",
    metadata,
    Column("post_id", Uuid, primary_key=True),
    _path("path"),
    _moment("look_at", nullable=True),
    _moment("found_at", nullable=True),
    Column("dispatcher_post_id", Uuid),
    Index("ix_vacancy_look", "look_at", "post_id", postgresql_where=text("look_at is not null")),
    Index("ix_vacancy_dispatcher", "dispatcher_post_id", postgresql_where=text("found_at is not null")),
    Index("ix_vacancy_path", "path", postgresql_where=text("found_at is not null")),
    Index(
        "ix_vacancy_unseen",
        "path",
        postgresql_where=text("found_at is not null and dispatcher_post_id is null"),
    ),
)

#: The release before counts first dispatches here; nothing reads it.
first_dispatch_day = Table(
    "first_dispatch_day",
    metadata,
    Column("place_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    _path("path"),
    Column("answered", Integer, nullable=False),
    Column("at_first", Integer, nullable=False),
    Index("ix_first_dispatch_day_day", "day", "path"),
)

#: What steps have counted and nobody has added up yet: each transaction adds rows, and none waits for another's.
figure_increment = Table(
    "figure_increment",
    metadata,
    Column("increment_id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", Uuid, nullable=False),
    Column("seq", Integer, nullable=False),
    _moment("at"),
    Column("figure", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("place_id", Uuid, nullable=False),
    _path("path"),
    *(Column(name.value, Text(collation="C")) for name in DIMENSIONS),
    Index("ix_figure_increment_path", "path", "day"),
)


def _sums() -> list[Column[int]]:
    return [Column(figure.value, Integer, nullable=False, server_default="0") for figure in Figure]


def _summed(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("place_id", Uuid, primary_key=True),
        Column("dimension", Text, primary_key=True),
        Column("value", Text(collation="C"), primary_key=True),
        Column("grain", Text, primary_key=True),
        Column("first", Date, primary_key=True),
        _path("path"),
        *_sums(),
        Index(f"ix_{name}_first", "dimension", "grain", "first", "path"),
        Index(f"ix_{name}_value", "dimension", "value", "grain", "first", "path"),
    )


#: The sums: of a place by itself, for a day or month, of all together or of one value of a dimension.
figure_kept = _summed("figure_kept")
#: Of all that is below a place, so that a city reads as few rows as a community.
figure_above = _summed("figure_above")

#: Months that were frozen, each sealed to the one before; what the figures were then; and what came later.
figure_freeze = Table(
    "figure_freeze",
    metadata,
    Column("month", Date, primary_key=True),
    Column("nth", Integer, nullable=False, unique=True),
    _moment("frozen_at"),
    Column("frozen_by", Text, nullable=False),
    Column("cells", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

figure_frozen = Table(
    "figure_frozen",
    metadata,
    Column("month", Date, ForeignKey("figure_freeze.month"), primary_key=True),
    Column("place_id", Uuid, primary_key=True),
    Column("dimension", Text, primary_key=True),
    Column("value", Text(collation="C"), primary_key=True),
    _path("path"),
    *_sums(),
    Index("ix_figure_frozen_path", "month", "dimension", "path"),
    Index("ix_figure_frozen_place", "place_id"),
)

figure_correction = Table(
    "figure_correction",
    metadata,
    Column("correction_id", BigInteger, Identity(always=True), primary_key=True),
    Column("month", Date, ForeignKey("figure_freeze.month"), nullable=False),
    _moment("noted_at"),
    Column("case_id", Uuid),
    Column("seq", Integer),
    Column("figure", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("place_id", Uuid, nullable=False),
    _path("path"),
    *(Column(name.value, Text(collation="C")) for name in DIMENSIONS),
    Index("ix_figure_correction_month", "month", "path", "correction_id"),
    Index("ix_figure_correction_place", "place_id"),
)

#: What all histories come to, while somebody holds it against what is kept; nothing of it is ever committed.
figure_recounted = Table(
    "figure_recounted",
    metadata,
    Column("figure", Text, nullable=False),
    Column("amount", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("place_id", Uuid, nullable=False),
    *(Column(name.value, Text(collation="C")) for name in DIMENSIONS),
    prefixes=["unlogged"],
)

case_appeal = Table(
    "case_appeal",
    metadata,
    Column("appeal_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("number", Text, nullable=False),
    Column("person_id", Uuid),
    Column("language", Text, nullable=False),
    Column("query_code", Text),
    _moment("withdrawn_at", nullable=True),
    Column("moves", Integer, nullable=False, server_default="0"),
    Column("reached_by_message", Boolean, nullable=False, server_default="true"),
    Column("asker", Uuid),
    Index("ix_case_appeal_number", "number"),
)

case_entry = Table(
    "case_entry",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("step", Text, nullable=False),
    Column("by", Text),
    Column("post_id", Uuid),
    Column("facts", JSONB, nullable=False),
    Column("words", Text),
    Column("salt", Text),
    Column("commitment", Text),
    Column("hash", Text, nullable=False),
    postgresql_partition_by="RANGE (at)",
)

#: ``counted_path``: of the place by whose hours it was counted, empty of what the release before counted; ``others``:
#: what its other rules promise; ``recounted_by``: the last calendar by which it was counted again, and did not move.
deadline = Table(
    "deadline",
    metadata,
    Column("deadline_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Uuid),
    Column("state", Text, nullable=False),
    Column("place_id", Uuid),
    Column("taken_place_id", Uuid),
    _path("placed_path"),
    _path("taken_path"),
    _moment("due_at"),
    _moment("settled_at", nullable=True),
    _moment("start_at"),
    Column("unit", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("zone", Text, nullable=False),
    Column("hours", JSONB, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("rule_layers", Items(Integer), nullable=False, server_default="{}"),
    Column("calendar_version", Integer, nullable=False),
    Column("forecast", Boolean, nullable=False),
    Column("sealed", Boolean, nullable=False, server_default="false"),
    Column("warnings", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("warned", SmallInteger, nullable=False, server_default="0"),
    Column("standing", SmallInteger, nullable=False, server_default=_IN_TIME),
    _moment("warn_at", nullable=True),
    Column("goes_on_from", Uuid),
    Column("recounted_by", Integer),
    Column("counted_path", Text(collation="C"), nullable=False, server_default=""),
    Column("others", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index(
        "ix_deadline_warn",
        *("warn_at", "deadline_id"),
        postgresql_where=text("state = 'open' and warn_at is not null"),
    ),
    Index(
        "ix_deadline_recount",
        *(text("greatest(calendar_version, recounted_by)"), "due_at"),
        postgresql_where=text("state in ('open', 'breached') and unit not in ('clock_hours', 'given')"),
    ),
    Index("ix_deadline_due", "due_at", "deadline_id", postgresql_where=text("state = 'open'")),
    Index(
        "ix_deadline_place",
        *("standing", "placed_path", "due_at", "deadline_id"),
        postgresql_where=text("state = 'open'"),
    ),
    Index(
        "uq_deadline_limit",
        *("case_id", "kind", "about"),
        unique=True,
        postgresql_where=text("state = 'open'"),
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_deadline_case", "case_id"),
    Index("ix_deadline_place_id", "place_id"),
    Index("ix_deadline_taken_place_id", "taken_place_id"),
)

case_grant = Table(
    "case_grant",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("office_id", Uuid, primary_key=True),
    Column("granted_at", DateTime(timezone=True), nullable=False),
    Index("ix_case_grant_office", "office_id"),
)

#: Letters to offices that are not on the platform; ``seq`` is the entry of the history that has a letter's words.
letter = Table(
    "letter",
    metadata,
    Column("number", Text, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("office", Text, nullable=False),
    _moment("sent_at"),
    _moment("replied_at", nullable=True),
)

#: Reports to whoever assigned a case from above, and what they said; ``seq`` is the entry that has a report's words.
report_back = Table(
    "report_back",
    metadata,
    Column("number", Text, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("office", Text, nullable=False),
    _moment("sent_at"),
    Column("accepted", Boolean),
    _moment("reviewed_at", nullable=True),
)

#: Residents' originals that were taken in, and when they were given back.
paper = Table(
    "paper",
    metadata,
    Column("paper_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("received_by", Text, nullable=False),
    _moment("received_at"),
    Column("returned_by", Text),
    _moment("returned_at", nullable=True),
)

#: Files for the city hotline: what went out together.
hotline_batch = Table(
    "hotline_batch",
    metadata,
    Column("number", Integer, Identity(always=True), primary_key=True),
    Column("place_id", Uuid, nullable=False),
    _path("path"),
    Column("made_by", Text, nullable=False),
    _moment("made_at"),
    _moment("written_at", nullable=True),
    Index("ix_hotline_batch_place_id", "place_id"),
    Index("ix_hotline_batch_unwritten", "place_id", "number", postgresql_where=text("written_at is null")),
)

#: Cases as they were handed to the city hotline; ``seq`` is the entry of the history that has the words too.
hotline_handover = Table(
    "hotline_handover",
    metadata,
    Column("handover_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("gist", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("words", Text, nullable=False),
    _moment("handed_at"),
    _moment("reply_due"),
    Column("batch", Integer, ForeignKey("hotline_batch.number")),
    Column("their_number", Text),
    Column("standing", Text),
    _moment("replied_at", nullable=True),
    Column("sealed", Boolean, nullable=False, server_default="false"),
    Index("ix_hotline_handover_case", "case_id", "handover_id"),
    Index("ix_hotline_handover_waiting", "handover_id", postgresql_where=text("batch is null")),
    Index("ix_hotline_handover_batch", "batch", "handover_id"),
)

#: Rows of the city hotline's files, each content once, and what became of them; none is ever dropped.
hotline_reply = Table(
    "hotline_reply",
    metadata,
    Column("reply_id", Uuid, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("their_number", Text, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("date", Text, nullable=False),
    Column("case_id", Uuid, ForeignKey("cases.case_id")),
    Column("fate", Text, nullable=False),
    Column("why", Text),
    Column("place_id", Uuid, nullable=False),
    _path("path"),
    Column("came_by", Text, nullable=False),
    _moment("came_at"),
    Column("settled_by", Text),
    Column("settled_why", Text),
    _moment("settled_at", nullable=True),
    UniqueConstraint("digest", "nth"),
    Index("ix_hotline_reply_case", "case_id"),
    Index("ix_hotline_reply_place_id", "place_id"),
    Index(
        "ix_hotline_reply_kept",
        "reply_id",
        postgresql_where=text("fate <> 'recorded' and settled_at is null"),
    ),
)

#: Why something may be asked of a dispatcher: a city may add to the lists, but for those of the law.
reason = Table(
    "reason",
    metadata,
    Column("ask", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("added_by", Text),
    _moment("added_at"),
)

#: What a ruling settled for good: who handles such a matter there, until somebody revokes it.
precedent = Table(
    "precedent",
    metadata,
    Column("precedent_id", Uuid, primary_key=True),
    Column("category", Text, nullable=False),
    Column("remit", Text, nullable=False),
    Column("place_id", Uuid, nullable=False),
    _path("path"),
    Column("post_id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("case_number", Text, nullable=False),
    Column("ruled_place_id", Uuid, nullable=False),
    _path("ruled_path"),
    Column("ruled_by", Text, nullable=False),
    _moment("ruled_at"),
    Column("revoked_by", Text),
    _moment("revoked_at", nullable=True),
    Index(
        "uq_precedent_category",
        "category",
        "remit",
        "path",
        unique=True,
        postgresql_where=text("revoked_at is null"),
    ),
    Index("ix_precedent_path", "path", "precedent_id", postgresql_where=text("revoked_at is null")),
)

#: Two cases of which somebody has said that they are not the same trouble; the smaller id first.
dismissal = Table(
    "dismissal",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.case_id"), primary_key=True),
    Column("other_id", Uuid, ForeignKey("cases.case_id"), primary_key=True),
    Column("dismissed_by", Text, nullable=False),
    _moment("dismissed_at"),
    Index("ix_dismissal_other_id", "other_id"),
)

#: Nudges, supervision orders and instructions. What is owed on one is owed by whoever holds its case.
pressing = Table(
    "pressing",
    metadata,
    Column("pressing_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_post_id", Uuid, nullable=False),
    Column("leader", Text),
    Column("words", Text, nullable=False),
    _moment("made_at"),
    _moment("due_at", nullable=True),
    _moment("comes_up_at"),
    _moment("reported_at", nullable=True),
    Column("reported_by", Text),
    Column("report", Text),
    _moment("settled_at", nullable=True),
    Index("ix_pressing_case", "case_id", "pressing_id"),
    Index(
        "ix_pressing_owed",
        "by_post_id",
        "comes_up_at",
        "pressing_id",
        postgresql_where=text("settled_at is null"),
    ),
    Index("uq_pressing_number", "number", unique=True, postgresql_where=text("kind <> 'nudge'")),
)

#: Whose duty it is to see to it that what is late is done: a row a tier that it has climbed to. What its limit was
#: counted by stands beside it. ``rank``: 0 before all others of its post, as nobody is above.
supervision = Table(
    "supervision",
    metadata,
    Column("supervision_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("post_id", Uuid, nullable=False),
    Column("tier", Text, nullable=False),
    _moment("since"),
    _moment("counted_from"),
    _moment("due_at"),
    Column("unit", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("calendar_version", Integer, nullable=False),
    Column("rank", SmallInteger, nullable=False),
    Column("repeats", Integer, nullable=False),
    _moment("lapsed_at", nullable=True),
    _moment("settled_at", nullable=True),
    Index("ix_supervision_case", "case_id", "supervision_id"),
    Index(
        "ix_supervision_standing",
        *("post_id", "rank", "since", "supervision_id"),
        postgresql_where=text("settled_at is null"),
    ),
    Index("ix_supervision_due", "due_at", "supervision_id", postgresql_where=text(RUNS)),
    Index("ix_supervision_recount", "calendar_version", "due_at", postgresql_where=text(RUNS)),
    Index("uq_supervision_running", "case_id", unique=True, postgresql_where=text(RUNS)),
)

#: Hand-overs to a district's centre, the resident accompanied; the centre's reports are entries of the case's history.
accompaniment = Table(
    "accompaniment",
    metadata,
    Column("accompaniment_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("centre", Text, nullable=False),
    Column("centre_post_id", Uuid),
    Column("with_whom", Text, nullable=False),
    Column("by", Text, nullable=False),
    _moment("made_at"),
    Column("reports", Integer, nullable=False),
    _moment("reported_at", nullable=True),
    _moment("final_at", nullable=True),
    Index("ix_accompaniment_case", "case_id", "accompaniment_id"),
    Index("uq_accompaniment_open", "case_id", unique=True, postgresql_where=text("final_at is null")),
)

#: Posts that were called in to help with a case, each with its part and that part's own limit.
helper = Table(
    "helper",
    metadata,
    Column("helper_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("post_id", Uuid, nullable=False),
    Column("office_id", Uuid),
    Column("words", Text, nullable=False),
    _moment("due_at"),
    Column("called_by", Text, nullable=False),
    Column("called_by_post_id", Uuid, nullable=False),
    _moment("called_at"),
    Column("state", Text, nullable=False),
    Column("report", Text),
    _moment("missed_at", nullable=True),
    Column("settled_by", Text),
    _moment("settled_at", nullable=True),
    Index("ix_helper_case", "case_id", "helper_id"),
    Index("ix_helper_owed", "post_id", "due_at", "helper_id", postgresql_where=text("state = 'asked'")),
    Index("uq_helper_open", "case_id", "post_id", unique=True, postgresql_where=text("state = 'asked'")),
)

#: Related cases, a row for each of the two, so that whoever sees a case sees with which it is linked.
case_link = Table(
    "case_link",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.case_id"), primary_key=True),
    Column("link_id", Uuid, primary_key=True),
    Column("other_id", Uuid, nullable=False),
    Column("other_number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("by", Text, nullable=False),
    _moment("made_at"),
    Column("ended_by", Text),
    _moment("ended_at", nullable=True),
    Index("ix_case_link_id", "link_id"),
    Index("uq_case_link_open", "case_id", "other_id", unique=True, postgresql_where=text("ended_at is null")),
)

#: One answer to one appeal, and what its resident says of it: what the rates are made of. It goes with the appeal.
call_back = Table(
    "call_back",
    metadata,
    Column("appeal_id", Uuid, primary_key=True),
    Column("answer", Integer, primary_key=True, autoincrement=False),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("way", Text, nullable=False),
    _moment("asked_at"),
    _moment("rate_by"),
    Column("attempts", Integer, nullable=False),
    _moment("rated_at", nullable=True),
    Column("rated_by", Text),
    Column("solved", Boolean),
    Column("rating", SmallInteger),
    _moment("settled_at", nullable=True),
    Index("ix_call_back_case", "case_id", "appeal_id", "answer"),
)

#: The buildings and areas that a case names as an incident, each with the telling that was its households' first.
incident_place = Table(
    "incident_place",
    metadata,
    Column("case_id", Uuid, ForeignKey("cases.case_id"), primary_key=True),
    Column("place_id", Uuid, primary_key=True),
    Column("telling", Integer, nullable=False),
    Column("named_by", Text, nullable=False),
    _moment("named_at"),
)

#: Whom a sealed case is opened to besides those who must see it.
seal_grant = Table(
    "seal_grant",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False, index=True),
    Column("subject", Text),
    Column("post_id", Uuid),
    Column("words", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_post_id", Uuid, nullable=False),
    _moment("granted_at"),
    Column("revoked_by", Text),
    _moment("revoked_at", nullable=True),
)

#: Who has looked at a sealed case. It is read by who oversees its place without seeing the case, so it has its path.
case_opening = Table(
    "case_opening",
    metadata,
    Column("opening_id", Uuid, primary_key=True),
    Column("case_id", Uuid, ForeignKey("cases.case_id"), nullable=False),
    Column("what", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    _moment("opened_at"),
    Column("way", Text, nullable=False),
    Column("grant_id", Uuid),
    Column("complained_of", Items(Text), nullable=False),
    Column("place_id", Uuid),
    _path("placed_path"),
    Index("ix_case_opening_case", "case_id", "opening_id"),
    Index("ix_case_opening_place_id", "place_id"),
)
