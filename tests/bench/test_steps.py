import pytest

from tests.bench.measures.p13_steps import took
from tests.chaos.record import OK, REFUSED, UNKNOWN, History, Op, Outcome


def _op(number: int, kind: str, *outcomes: Outcome) -> Op:
    return Op(number, kind, "lin.yue", {}, t=10.0, sent=len(outcomes), outcomes=list(outcomes))


def test_only_what_was_done_at_the_first_sending_counts() -> None:
    ops = [
        _op(1, "start", Outcome(10.25, OK)),
        _op(2, "start", Outcome(10.5, OK), Outcome(11.5, OK)),
        _op(3, "start", Outcome(10.1, REFUSED)),
        _op(4, "answer", Outcome(13.0, UNKNOWN), Outcome(13.5, OK)),
        _op(5, "close"),
    ]
    (times,) = (found := took(History(ops={op.op: op for op in ops}))).values()
    assert list(found) == ["start"]
    assert times == pytest.approx([0.25, 0.5])
