from datetime import UTC, datetime
from uuid import uuid4

from tests.bench.measures.p04_accepting_ratio.bare import Row, Written

BEFORE = datetime(2026, 11, 23, tzinfo=UTC)
APPEAL, PERSON, EVENT = uuid4(), uuid4(), uuid4()


def written() -> Written:
    appeal: Row = {"id": APPEAL, "person_id": PERSON, "number": "A1", "code_index": b"c", "received_at": BEFORE}
    return Written(
        {
            "person": [{"id": PERSON, "name": "sealed"}],
            "appeal": [appeal],
            "event_log": [{"event_id": EVENT, "key": str(APPEAL), "body": "said"}] * 2,
            "idempotency": [{"key": "of-before", "body": "answered", "headers": "{}"}],
        }
    )


def values_of(template: Written, table: str, key: str = "of-now") -> list[object]:
    return template.fresh(key).values(template.rows[table])


def test_each_appeal_has_ids_of_its_own_which_point_to_one_another() -> None:
    template = written()
    fresh = template.fresh("of-now")
    (person, _), (appeal, of_person, *_) = (fresh.values(template.rows[table]) for table in ("person", "appeal"))
    assert appeal != APPEAL
    assert of_person == person != PERSON


def test_an_event_is_about_the_new_appeal_with_the_bytes_of_before() -> None:
    template = written()
    fresh = template.fresh("of-now")
    appeal, *_ = fresh.values(template.rows["appeal"])
    _, key, body, *_ = fresh.values(template.rows["event_log"])
    assert (key, body) == (str(appeal), "said")


def test_the_key_is_that_of_the_request() -> None:
    assert values_of(written(), "idempotency")[0] == "of-now"


def test_as_many_values_are_bound_as_the_service_wrote() -> None:
    template = written()
    for table, rows in template.rows.items():
        last = sum(len(row) for row in rows)
        assert f"${last})" in template.statements[table]
        assert f"${last + 1}" not in template.statements[table]


def test_what_is_logged_is_pending() -> None:
    assert "event_pending" in written().statements["event_log"]
