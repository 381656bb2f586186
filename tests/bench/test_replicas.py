from tests.bench.measures.p09_replicas import Cost, _figures, _is_divided


def costs(*seconds: float) -> list[Cost]:
    return [Cost(replicas=each, postgres=each, kafka=9.0, many=1000) for each in seconds]


def test_a_replica_that_makes_an_event_dearer_misses_the_aim() -> None:
    *counted, worst = _figures("relay", {1: costs(1.0, 1.1), 2: costs(1.0, 1.0), 4: costs(1.5, 1.5)})
    assert [figure.value for figure in counted] == [2.1, 2.0, 3.0]
    assert (worst.value, worst.met) == (1.5, False)


def test_what_the_broker_takes_is_shown_and_not_counted() -> None:
    first, *_ = _figures("relay", {1: costs(1.0)})
    assert (first.value, first.detail["ms"]["kafka"]) == (2.0, 9.0)


def test_work_is_divided_when_every_replica_is_in_the_group() -> None:
    assert _is_divided({"group_state": "Stable", "members": ["a", "b"]}, 2)
    assert not _is_divided({"group_state": "Stable", "members": ["a"]}, 2)
    assert not _is_divided({"group_state": "PreparingRebalance", "members": ["a", "b"]}, 2)
