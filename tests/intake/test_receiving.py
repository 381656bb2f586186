"""Taking appeals, on real PostgreSQL as the role that takes them."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts.intake import AppealReceivedV1, Channel, Means, PersonContactChangedV1, Placing, Reach
from intake import errors
from intake.domain.appeal import Assignment, Receipt, WhoKind, WithdrawalReason
from intake.repository import appeals
from intake.repository.sealing import Keys
from intake.service import amending, reading, receiving
from intake.service.station import Station
from kit.auth import AUDITOR, EVERYWHERE, Person
from kit.crypto import open_from_transport, open_text_from_transport
from kit.numbers import parse_code
from kit.testing.servers import NOW, RolledBackUnitOfWork, as_superuser
from sqlalchemy import text

from tests.conftest import UnitOfWorkOf
from tests.intake.factories import (
    OPERATOR_PERSON,
    RESIDENT_PERSON,
    copy_place,
    id_of,
    make_clerk,
    make_place,
    make_submission,
    make_who,
    path_of,
)


@pytest.fixture
def clerk(uow_of: UnitOfWorkOf) -> RolledBackUnitOfWork:
    return uow_of("intake", person=make_clerk())


def receive(uow: RolledBackUnitOfWork, station: Station, **overrides: Any) -> Receipt:
    return receiving.receive_appeal(uow, make_submission(**overrides), station=station)


def imported(**overrides: Any) -> dict[str, Any]:
    who = make_who(name=None, address="forum:A00182", origin="A00182")
    return {"channel": Channel.WEB, "source": "forum", "external_id": "360114", "who": who, **overrides}


def published(uow: RolledBackUnitOfWork) -> list[dict[str, Any]]:
    return [{"type": event.type, **json.loads(event.body or "{}")} for event in uow.published]


def test_an_appeal_is_placed_sorted_and_receipted(clerk: RolledBackUnitOfWork, station: Station) -> None:
    receipt = receive(clerk, station)
    assert receipt.placing is Placing.EXACT
    assert receipt.place_id == id_of("HZ1-1-1-1")
    assert receipt.suggested_category == "water"
    assert receipt.query_code is not None
    assert parse_code(receipt.query_code) == receipt.query_code


def test_a_station_that_knows_no_names_yet_takes_nothing_and_refuses_nothing(
    clerk: RolledBackUnitOfWork, station: Station, keys: Keys
) -> None:
    """Else a category that is there would be refused, and a place that is named would not be found."""
    receipt, fresh = receive(clerk, station), Station(keys)
    with pytest.raises(errors.NamesNotKnown):
        receive(clerk, fresh, category="water")
    with pytest.raises(errors.NamesNotKnown):
        amending.correct_appeal(clerk, receipt.appeal_id, version=1, station=fresh, category="water")
    with pytest.raises(errors.NamesNotKnown):
        reading.try_address(clerk, "幸福里", station=fresh)


def test_its_words_are_read_back_as_they_were_said(clerk: RolledBackUnitOfWork, station: Station) -> None:
    receipt = receive(clerk, station)
    file = reading.get_appeal(clerk, receipt.appeal_id, station=station)
    assert file.appeal.words == make_submission().words
    assert file.asker is not None
    assert (file.asker.name, file.asker.address, file.asker.means) == ("李小华", "li", Means.SANDBOX)
    assert file.appeal.suggestion_why == ("停水",)


def test_it_is_read_by_its_number_however_that_is_typed(uow_of: UnitOfWorkOf, station: Station) -> None:
    clerk = uow_of("intake", person=make_clerk())
    receipt = receive(clerk, station)
    typed = receipt.number.lower().replace("-", " ")
    assert reading.get_id(clerk, typed, field="/appeal_id") == receipt.appeal_id
    elsewhere = uow_of("intake", person=make_clerk("HZ2-1", "chen.jie"))
    with pytest.raises(errors.AppealNotFound):
        reading.get_id(elsewhere, receipt.number, field="/appeal_id")


def test_the_contact_is_said_before_the_appeal_and_neither_tells_who_or_what(
    clerk: RolledBackUnitOfWork, station: Station, keys: Keys
) -> None:
    receipt = receive(clerk, station)
    contact, received = published(clerk)
    assert [contact["type"], received["type"]] == [PersonContactChangedV1.TYPE, AppealReceivedV1.TYPE]
    for planted in ("李小华", "13812345678", "3单元", receipt.query_code or ""):
        assert planted not in json.dumps([contact, received], ensure_ascii=False)
    reach = open_from_transport(keys.transport, contact["sealed"], Reach, key=contact["person_id"])
    assert (reach.name, reach.address) == ("李小华", "li")
    code = open_text_from_transport(keys.transport, received["query_code"], key=received["appeal_id"])
    assert code == receipt.query_code


@pytest.mark.parametrize("means, reached", [(Means.SMS, True), (Means.SANDBOX, True), (Means.NONE, False)])
def test_whether_a_message_reaches_them_is_said_and_not_how(
    clerk: RolledBackUnitOfWork, station: Station, means: Means, reached: bool
) -> None:
    receive(clerk, station, who=make_who(means=means, address="13812345678" if reached else None))
    assert published(clerk)[-1]["reached_by_message"] is reached


def test_what_one_person_asks_twice_is_said_to_be_of_one_and_not_of_whom(
    clerk: RolledBackUnitOfWork, station: Station
) -> None:
    neighbour, resident = uuid4(), uuid4()
    asked = {
        "by phone": make_who(address="13800001234", means=Means.SMS),
        "typed otherwise": make_who(name="李 小华", address="138 0000 1234", means=Means.SMS),
        "by the same telephone": make_who(name="王大明", address="13800001234", means=Means.SMS),
        "somebody else": make_who(address="13800001235", means=Means.SMS),
        "of the register": make_who(reference=resident, address="13800001234", means=Means.SMS),
        "of it again": make_who(reference=resident, address="13900000000", means=Means.SMS),
        "their neighbour": make_who(reference=neighbour, address="13800001234", means=Means.SMS),
        "reached by nothing": make_who(address=None, means=Means.NONE),
    }
    for who in asked.values():
        receive(clerk, station, who=who)
    told = [event["asker"] for event in published(clerk) if event["type"] == AppealReceivedV1.TYPE]
    said = dict(zip(asked, told, strict=True))
    assert said["by phone"] == said["typed otherwise"]
    assert said["of the register"] == said["of it again"]
    assert said["reached by nothing"] is None
    assert len(set(told)) == 6
    assert "1380000" not in json.dumps(told)


def test_of_an_author_on_record_notify_finds_out(uow_of: UnitOfWorkOf, station: Station) -> None:
    who = make_who(name=None, means=Means.NONE, address=None, origin="A00182")
    for number, reached in (("1", False), ("2", True)):
        uow = uow_of("intake", person=OPERATOR_PERSON)
        receive(uow, station, **imported(external_id=number, who=who))
        assert published(uow)[-1]["reached_by_message"] is reached


def test_nothing_personal_is_stored_in_the_clear(clerk: RolledBackUnitOfWork, station: Station) -> None:
    receive(clerk, station, address="12栋3单元401")
    clerk.flush()
    connection = as_superuser(clerk.connection)
    tables = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars().all()
    for table in tables:
        if not table.endswith("_copy"):
            rows = "\n".join(connection.execute(text(f'select t::text from "{table}" as t')).scalars())
            for planted in ("李小华", "13812345678", "3单元"):
                assert planted not in rows, table


def test_an_anonymous_appeal_has_no_person(clerk: RolledBackUnitOfWork, station: Station) -> None:
    who = make_who(kind=WhoKind.ANONYMOUS, name=None, means=Means.NONE, address=None)
    receipt = receive(clerk, station, who=who)
    file = reading.get_appeal(clerk, receipt.appeal_id, station=station)
    assert file.asker is None
    assert file.appeal.words == make_submission().words
    assert [event["type"] for event in published(clerk)] == [AppealReceivedV1.TYPE]


def test_a_place_code_goes_before_the_words(clerk: RolledBackUnitOfWork, station: Station) -> None:
    receipt = receive(clerk, station, place="HZ2-1")
    assert (receipt.placing, receipt.place_id) == (Placing.GIVEN, id_of("HZ2-1"))


def test_a_clerk_of_one_community_takes_an_appeal_about_another_and_still_sees_it(
    clerk: RolledBackUnitOfWork, uow_of: UnitOfWorkOf, station: Station
) -> None:
    receipt = receive(clerk, station, place="HZ2-1")
    again = uow_of("intake", person=make_clerk())
    assert reading.get_appeal(again, receipt.appeal_id, station=station).asker is not None
    there = uow_of("intake", person=make_clerk("HZ2-1", "chen.jie"))
    assert reading.get_appeal(there, receipt.appeal_id, station=station).appeal.number == receipt.number


def test_the_appeal_of_another_community_is_not_there(
    clerk: RolledBackUnitOfWork, uow_of: UnitOfWorkOf, station: Station
) -> None:
    receipt = receive(clerk, station)
    elsewhere = uow_of("intake", person=make_clerk("HZ2-1", "chen.jie"))
    with pytest.raises(errors.AppealNotFound):
        reading.get_appeal(elsewhere, receipt.appeal_id, station=station)


def test_what_cannot_be_placed_is_taken_for_the_city(uow_of: UnitOfWorkOf, station: Station) -> None:
    uow = uow_of("intake", person=OPERATOR_PERSON)
    receipt = receive(uow, station, title="请加快建设", words="请加快建设步伐")
    assert (receipt.placing, receipt.place_id) == (Placing.NONE, id_of("HZ"))
    [_, received] = published(uow)
    assert received["placed_path"] == path_of("HZ")
    assert received["taken_path"] == "/"


@pytest.mark.parametrize("channel", [Channel.WINDOW, Channel.VISIT, Channel.PATROL])
def test_what_is_said_at_a_station_of_no_place_is_placed_there_to_be_placed(
    clerk: RolledBackUnitOfWork, station: Station, channel: Channel
) -> None:
    nowhere: dict[str, Any] = {"address": None, "title": "", "words": "想问一下怎么办证"}
    receipt = receive(clerk, station, channel=channel, **nowhere)
    assert (receipt.placing, receipt.place_id) == (Placing.NONE, id_of("HZ1-1"))
    by_telephone = receive(clerk, station, channel=Channel.HOTLINE, **nowhere)
    assert by_telephone.place_id != id_of("HZ1-1")


def test_who_gives_no_title_says_in_the_first_sentence_where_it_is(
    clerk: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, title="", words="您好！石桥街道停水三天了。请解决。")
    assert (receipt.place_id, receipt.suggested_category) == (id_of("HZ2-1"), "water")


def test_a_few_words_without_a_title_are_sorted_like_a_title(clerk: RolledBackUnitOfWork, station: Station) -> None:
    few = "反映一个问题。我家停水了。"
    assert receive(clerk, station, title="", words=few).suggested_category == "water"
    by_the_way = few.replace("。", "，" + "还有别的话要说，" * 8 + "。", 1)
    assert receive(clerk, station, title="", words=by_the_way).suggested_category is None


def test_a_city_that_is_named_keeps_others_out(
    uow_of: UnitOfWorkOf, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    other = id_of("other")
    copy_place(
        consumer,
        make_place("HZ").model_copy(
            update={"place_id": other, "code": "OT", "name": "青山市", "path": f"/{other.hex}/"}
        ),
    )
    station.refresh(consumer)
    uow = uow_of("intake", person=OPERATOR_PERSON)
    assert receive(uow, station, title="石桥街道停水", city="OT").place_id == other
    assert receive(uow, station, title="请加快建设", words="请加快", city="OT").place_id == other


def test_what_says_nothing_of_a_city_is_taken_for_the_first_that_was_laid(
    uow_of: UnitOfWorkOf, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    """A case of no city is in nobody's scope, and waits for nobody."""
    later = UUID(int=id_of("HZ").int + 1)
    copy_place(
        consumer,
        make_place("HZ").model_copy(update={"place_id": later, "code": "OT", "path": f"/{later.hex}/"}),
    )
    station.refresh(consumer)
    receipt = receive(uow_of("intake", person=OPERATOR_PERSON), station, title="请加快建设", words="请加快")
    assert (receipt.placing, receipt.place_id) == (Placing.NONE, id_of("HZ"))


def test_what_may_be_several_places_is_taken_for_what_they_share(clerk: RolledBackUnitOfWork, station: Station) -> None:
    receipt = receive(clerk, station, title="石桥街道与望江亭街道交界处停水", words="停水")
    assert (receipt.placing, receipt.place_id) == (Placing.CANDIDATES, id_of("HZ2"))


def test_the_same_number_of_a_source_is_the_same_appeal(uow_of: UnitOfWorkOf, station: Station) -> None:
    first = receive(uow_of("intake", person=OPERATOR_PERSON), station, **imported())
    second = uow_of("intake", person=OPERATOR_PERSON)
    again = receive(second, station, **imported(words="别的话"))
    assert again == replace(first, query_code=None, repeated=True)
    assert second.published == []


def test_the_same_words_under_another_number_are_another_appeal(uow_of: UnitOfWorkOf, station: Station) -> None:
    first = receive(uow_of("intake", person=OPERATOR_PERSON), station, **imported())
    other = receive(uow_of("intake", person=OPERATOR_PERSON), station, **imported(external_id="360115"))
    assert first.appeal_id != other.appeal_id
    assert not other.repeated


def test_one_author_is_one_person_whose_contact_is_said_once(uow_of: UnitOfWorkOf, station: Station) -> None:
    first, second = uow_of("intake", person=OPERATOR_PERSON), uow_of("intake", person=OPERATOR_PERSON)
    one = receive(first, station, **imported())
    two = receive(second, station, **imported(external_id="360115"))
    assert [event["type"] for event in published(second)] == [AppealReceivedV1.TYPE]
    seen = uow_of("intake", role="api")
    askers = [reading.get_appeal(seen, each.appeal_id, station=station).asker for each in (one, two)]
    assert askers[0] == askers[1]
    assert askers[0] is not None


def test_a_number_that_somebody_else_took_is_not_told(uow_of: UnitOfWorkOf, station: Station) -> None:
    assigned = imported(who=make_who())
    receive(uow_of("intake", person=make_clerk()), station, **assigned)
    with pytest.raises(errors.NumberTaken):
        receive(uow_of("intake", person=make_clerk("HZ2-1", "chen.jie")), station, **assigned)


def order(**overrides: Any) -> dict[str, Any]:
    facts = {"office": "临江市12345热线", "number": "GD2026112300017", "due_at": NOW + timedelta(days=3)}
    assignment = Assignment.typed(**{**facts, "report_owed": True, **overrides})
    return {"channel": Channel.ASSIGNED, "assignment": assignment}


def test_what_is_assigned_from_above_carries_their_number_their_limit_and_whether_they_want_a_report(
    clerk: RolledBackUnitOfWork, station: Station
) -> None:
    receipt = receive(clerk, station, **order())
    appeal = reading.get_appeal(clerk, receipt.appeal_id, station=station).appeal
    assert appeal.assignment == order()["assignment"]
    assert (appeal.source, appeal.external_id) == ("临江市12345热线", "GD2026112300017")
    assert published(clerk)[-1]["assignment"] == {
        "office": "临江市12345热线",
        "number": "GD2026112300017",
        "due_at": (NOW + timedelta(days=3)).isoformat().replace("+00:00", "Z"),
        "report_owed": True,
    }


@pytest.mark.parametrize("typed", [{}, {"office": " 临江市12345热线"}, {"number": "ＧＤ２０２６１１２３０００１７ "}])
def test_the_same_order_twice_is_the_same_appeal_for_whoever_of_the_station_types_it(
    uow_of: UnitOfWorkOf, station: Station, typed: dict[str, Any]
) -> None:
    first = receive(uow_of("intake", person=make_clerk()), station, **order())
    second = uow_of("intake", person=make_clerk(subject="li.na"))
    again = receive(second, station, **order(**typed))
    assert again == replace(first, query_code=None, repeated=True)
    assert second.published == []
    other = receive(second, station, **order(number="GD2026112300018"))
    assert other.appeal_id != first.appeal_id
    with pytest.raises(errors.NumberTaken):
        receive(uow_of("intake", person=make_clerk("HZ2-1", "chen.jie")), station, **order())


@pytest.mark.parametrize(
    "changed, fields",
    [
        ({"words": "路灯不亮，另有井盖缺失"}, "/words"),
        (order(due_at=NOW + timedelta(days=1)), "/assignment/due_at"),
        (order(report_owed=False), "/assignment/report_owed"),
    ],
)
def test_the_same_order_that_says_something_else_is_refused_and_names_what(
    clerk: RolledBackUnitOfWork, station: Station, changed: dict[str, Any], fields: str
) -> None:
    first = receive(clerk, station, **order())
    before = len(clerk.published)
    with pytest.raises(errors.OrderDiffers, match=fields) as refused:
        receive(clerk, station, **{**order(), **changed})
    assert first.number in str(refused.value)
    assert len(clerk.published) == before


def test_an_imported_appeal_keeps_its_date_and_is_received_now(uow_of: UnitOfWorkOf, station: Station) -> None:
    written = NOW - timedelta(days=2000)
    receipt = receive(uow_of("intake", person=OPERATOR_PERSON), station, **imported(written_at=written))
    file = reading.get_appeal(uow_of("intake"), receipt.appeal_id, station=station)
    assert (file.appeal.written_at, file.appeal.received_at) == (written, NOW)


def test_a_finished_past_was_received_then(uow_of: UnitOfWorkOf, station: Station) -> None:
    written = NOW - timedelta(days=2000)
    uow = uow_of("intake", person=OPERATOR_PERSON)
    receipt = receive(uow, station, **imported(written_at=written, historic=True))
    assert receipt.received_at == written
    assert published(uow)[-1]["historic"] is True


@pytest.mark.parametrize(
    "overrides,field",
    [
        ({"source": "forum"}, "/external_id"),
        ({"external_id": "1"}, "/source"),
        ({"who": make_who(origin="A1")}, "/source"),
        ({"who": make_who(kind=WhoKind.ANONYMOUS)}, "/who/kind"),
        ({"who": make_who(kind=WhoKind.RESIDENT)}, "/who/reference"),
        ({"who": make_who(means=Means.INBOX)}, "/who/means"),
        ({"who": make_who(address=None)}, "/who/address"),
        ({"who": make_who(means=Means.SMS, address="abc")}, "/who/address"),
        ({"who": make_who(means=Means.SMS, address="119")}, "/who/address"),
        ({"who": make_who(means=Means.SMS, address="1390000000100000")}, "/who/address"),
        ({"received_at": NOW}, "/received_at"),
        ({"historic": True}, "/received_at"),
        ({"historic": True, "written_at": NOW, "done_on_the_spot": True}, "/historic"),
        ({"done_on_the_spot": True, "sealed": True}, "/done_on_the_spot"),
        ({"done_on_the_spot": True, "complained_of": ("wang.min",)}, "/done_on_the_spot"),
        ({"done_on_the_spot": True}, "/answer"),
        ({"answer": "已告知。"}, "/answer"),
        ({"written_at": NOW + timedelta(hours=1)}, "/written_at"),
        ({"channel": Channel.ASSIGNED}, "/assignment"),
        ({**order(), "channel": Channel.WINDOW}, "/channel"),
        ({**order(), "source": "forum", "external_id": "1"}, "/source"),
        ({**order(due_at=NOW - timedelta(days=2)), "written_at": NOW - timedelta(days=1)}, "/assignment/due_at"),
        ({**order(), "done_on_the_spot": True}, "/done_on_the_spot"),
        ({"historic": True, "received_at": NOW + timedelta(hours=1)}, "/received_at"),
    ],
)
def test_what_cannot_both_be_is_named_and_changes_nothing(
    uow_of: UnitOfWorkOf, station: Station, overrides: dict[str, Any], field: str
) -> None:
    uow = uow_of("intake", person=replace(OPERATOR_PERSON, posts=make_clerk().posts))
    with pytest.raises(errors.Contradiction) as refused:
        receive(uow, station, **overrides)
    assert refused.value.field == field
    assert uow.published == []


def test_what_was_done_on_the_spot_is_said_for_the_case_and_sealed_here(uow_of: UnitOfWorkOf, station: Station) -> None:
    uow = uow_of("intake", person=make_clerk())
    receipt = receive(uow, station, done_on_the_spot=True, answer="周六上午开门，已告知。")
    assert published(uow)[-1]["answer"] == "周六上午开门，已告知。"
    kept = uow.execute(text("select to_jsonb(a)::text from appeal a where id = :id"), {"id": receipt.appeal_id})
    assert "已告知" not in kept.scalar_one()


@pytest.mark.parametrize(
    "person,overrides,code",
    [
        (RESIDENT_PERSON, {}, "web_is_residents"),
        (RESIDENT_PERSON, {"channel": Channel.WEB, "urgent": True}, "staff_only"),
        (RESIDENT_PERSON, {"channel": Channel.WEB, "source": "x", "external_id": "1"}, "staff_only"),
        (RESIDENT_PERSON, {"channel": Channel.WEB, "historic": True, "written_at": NOW}, "historic_is_operators"),
        (make_clerk(), {"historic": True, "written_at": NOW}, "historic_is_operators"),
        (make_clerk(), imported(external_id="guessed"), "origin_is_operators"),
        (Person("nobody"), {}, "no_post"),
        (OPERATOR_PERSON, {"done_on_the_spot": True, "answer": "已告知。"}, "no_post_to_settle"),
    ],
)
def test_who_may_not_take_it_is_told_why(
    uow_of: UnitOfWorkOf, station: Station, person: Person, overrides: dict[str, Any], code: str
) -> None:
    with pytest.raises(errors.NotYours) as refused:
        receive(uow_of("intake", person=person), station, **overrides)
    assert refused.value.code == code


def test_a_resident_files_on_the_web(uow_of: UnitOfWorkOf, station: Station) -> None:
    uow = uow_of("intake", person=RESIDENT_PERSON)
    receipt = receive(uow, station, channel=Channel.WEB)
    assert receipt.place_id == id_of("HZ1-1-1-1")
    with pytest.raises(errors.AppealNotFound):
        reading.get_appeal(uow_of("intake", person=RESIDENT_PERSON), receipt.appeal_id, station=station)


def test_a_place_that_is_not_there_is_refused(clerk: RolledBackUnitOfWork, station: Station) -> None:
    with pytest.raises(errors.NoSuchPlace):
        receive(clerk, station, place="nowhere")


def test_a_merged_place_is_refused_and_its_successor_named(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    copy_place(consumer, make_place("HZ1-2", state="merged", merged_into=id_of("HZ1-1"), version=2))
    station.refresh(consumer)
    with pytest.raises(errors.PlaceClosed, match="HZ1-1"):
        receive(clerk, station, place="HZ1-2")


def test_words_that_name_a_merged_place_lead_to_its_successor(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    copy_place(consumer, make_place("HZ2-1", state="merged", merged_into=id_of("HZ2-2"), version=2))
    station.refresh(consumer)
    receipt = receive(clerk, station, title="石桥街道停水", words="停水")
    assert receipt.place_id == id_of("HZ2-2")


def test_a_retired_place_is_no_longer_heard(
    clerk: RolledBackUnitOfWork, consumer: RolledBackUnitOfWork, station: Station
) -> None:
    copy_place(consumer, make_place("HZ2-1", state="retired", version=2))
    station.refresh(consumer)
    assert receive(clerk, station, title="石桥街道停水", words="停水").placing is Placing.NONE


def test_a_category_that_is_not_there_is_refused(clerk: RolledBackUnitOfWork, station: Station) -> None:
    with pytest.raises(errors.NoSuchCategory):
        receive(clerk, station, category="nothing")


def test_the_words_are_under_the_persons_key_and_end_with_it(
    clerk: RolledBackUnitOfWork, station: Station, keys: Keys
) -> None:
    receipt = receive(clerk, station)
    connection = as_superuser(clerk.connection)
    connection.execute(text("update person set wrapped_key = null"))
    clerk.scope = EVERYWHERE
    file = appeals.find_file(clerk, keys, receipt.appeal_id)
    assert file is not None
    assert (file.appeal.words, file.asker and file.asker.name) == ("", None)


def test_the_names_are_taken_over_a_page_at_a_time(
    consumer: RolledBackUnitOfWork, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    from intake.repository import copies

    monkeypatch.setattr(copies, "_PAGE", 3)
    other = Station(station.keys)
    other.refresh(consumer)
    assert len(other.names) == len(station.names)


def test_an_auditor_reads_an_appeal_and_amends_nothing(uow_of: UnitOfWorkOf, station: Station) -> None:
    receipt = receive(uow_of("intake", person=make_clerk()), station)
    auditor = uow_of("intake", person=Person("auditor", frozenset({AUDITOR})))
    assert reading.get_appeal(auditor, receipt.appeal_id, station=station).appeal.number == receipt.number
    reason = WithdrawalReason.UNWANTED
    with pytest.raises(errors.NotYours):
        amending.withdraw_appeal(auditor, receipt.appeal_id, version=1, reason=reason, station=station)
    with pytest.raises(errors.NotYours):
        amending.correct_appeal(auditor, receipt.appeal_id, version=1, words="x", station=station)


def test_who_is_complained_of_is_named_by_what_they_sign_in_by(uow_of: UnitOfWorkOf, station: Station) -> None:
    uow = uow_of("intake", person=make_clerk(subject="li.na"))
    with pytest.raises(errors.NoSuchStaff) as refused:
        receive(uow, station, complained_of=("wang.min", "某wang.min"))
    assert refused.value.field == "/complained_of/1"
    assert uow.published == []


def test_whom_an_appeal_complains_of_neither_reads_nor_withdraws_it(uow_of: UnitOfWorkOf, station: Station) -> None:
    accused, colleague = uow_of("intake", person=make_clerk()), uow_of("intake", person=make_clerk(subject="li.na"))
    facts = {"source": "12345", "external_id": "7", "complained_of": ("wang.min",)}
    receipt = receive(colleague, station, **facts)
    accused.enter()
    with pytest.raises(errors.AppealNotFound):
        reading.get_appeal(accused, receipt.appeal_id, station=station)
    reason = WithdrawalReason.UNWANTED
    with pytest.raises(errors.AppealNotFound):
        amending.withdraw_appeal(accused, receipt.appeal_id, version=1, reason=reason, station=station)
    with pytest.raises(errors.NumberTaken):
        receive(accused, station, **facts)
    assert receive(accused, station, complained_of=("wang.min",)).number
    colleague.enter()
    assert reading.get_appeal(colleague, receipt.appeal_id, station=station).appeal.complained_of == ("wang.min",)
