from tests.bench.measures import p02_growth
from tests.bench.measures.p02_growth.counters import Counters, Statement, Touched, spelled

LOOK = Statement("routing_api", "select look")
POLL = Statement("routing_clock", "select poll")


def counters(**touched: tuple[int, int]) -> Counters:
    known = {"look": LOOK, "poll": POLL}
    return Counters({known[name]: Touched(*counts) for name, counts in touched.items()}, {})


def test_a_statement_is_the_same_for_one_row_and_for_many() -> None:
    one = "insert into cases (a, b) VALUES ($1::UUID, $2::VARCHAR)"
    many = "insert into cases (a, b) VALUES ($1::UUID, $2::VARCHAR), ($3::UUID, $4::VARCHAR),\n ($5::UUID, $6::VARCHAR)"
    assert spelled(one) == spelled(many)


def test_a_statement_is_the_same_with_its_constants() -> None:
    parsed = "select a from cases join b on $3 where state in ($1 /*, ... */) and it = $2 limit $4::INTEGER"
    kept = "select a from cases join b on true where state in ('new', 'it''s old') and it = 'held' limit $2::INTEGER"
    assert spelled(parsed) == spelled(kept)


def test_statements_that_differ_stay_apart() -> None:
    assert spelled("select a from cases where b = $1") != spelled("select a from cases where c = $1")


def test_what_was_counted_before_is_taken_away() -> None:
    added = counters(look=(7, 70), poll=(3, 9)) - counters(look=(5, 40), poll=(3, 9))
    assert added.touched == {LOOK: Touched(2, 30)}


def test_rows_that_were_read_before_are_taken_away() -> None:
    added = Counters({}, {"routing.cases": 9, "routing.place": 4}) - Counters(
        {}, {"routing.cases": 4, "routing.place": 4}
    )
    assert added.rows == {"routing.cases": 5}


def test_running_more_often_is_no_growth() -> None:
    pairs = p02_growth._pairs(counters(look=(10, 40)), counters(look=(30, 120)), role="routing_api")
    assert p02_growth._buffers("look", pairs).value == 1


def test_a_statement_above_the_aim_is_named() -> None:
    pairs = p02_growth._pairs(counters(look=(10, 40)), counters(look=(10, 400)), role="routing_api")
    figure = p02_growth._buffers("look", pairs)
    assert (figure.value, figure.met) == (10, False)
    assert [each["query"] for each in figure.detail["above"]] == [LOOK.text]


def test_another_role_pays_for_itself() -> None:
    small, large = counters(look=(1, 4), poll=(1, 4)), counters(look=(1, 4), poll=(1, 400))
    assert p02_growth._buffers("look", p02_growth._pairs(small, large, role="routing_api")).value == 1
