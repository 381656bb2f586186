"""What is asked for by a step that a case offers to whoever looks at it: where it is sent, and its body."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.draw import Body, Draw

_LINKS = ("follow_up", "precedes", "same_cause")
_WORK_ALWAYS = ("call", "site_visit", "contact_attempt")
_WORK = (*_WORK_ALWAYS, "interim_word", "letter_sent", "letter_sent", "papers_received", "papers_missing")
_ASKED, _UNDER_WAY = "asked", ("assigned", "in_progress")


@dataclass(frozen=True)
class Asked:
    """``path`` below the case, or from the root where it is not the case's; ``about`` is for the record alone."""

    path: str
    body: Body | None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """``case`` with all that it tells who may see it; ``others`` as the same list has them; ``buildings`` by id, which
    could be named on it; ``grants`` by id, which open it while it is sealed.
    """

    case: Mapping[str, Any]
    others: Sequence[Mapping[str, Any]]
    buildings: Sequence[str] = ()
    grants: Sequence[str] = ()


Offered = Callable[[Draw, Seen], Asked | None]


def _answer(draw: Draw, seen: Seen) -> Asked:
    return Asked("answers", answer(draw, f"{'更正' if seen.case['state'] == 'answered' else '已经办结'}"))


def answer(draw: Draw, said: str) -> Body:
    body = {"outcome": draw.one(["solved", "explained"]), "answer": draw.words(said), "evidence": f"照片{draw.count()}"}
    return body | ({"basis": "规定"} if body["outcome"] == "explained" else {})


def work(draw: Draw, case: Mapping[str, Any]) -> Body:
    """What is done on a case between its steps: a letter that is answered, originals given back, or something new."""
    letters = [letter["number"] for letter in case["letters"] if not letter["replied_at"]]
    papers = [paper["name"] for paper in case["papers"]]
    if letters and draw.chance(0.6):
        return {"kind": "letter_reply", "number": draw.one(letters), "words": draw.words("复函")}
    if papers and draw.chance(0.8):
        return {"kind": "papers_returned", "papers": papers, "appeal_id": _whose(draw, case)}
    kind = draw.one(_WORK if case["state"] in _UNDER_WAY else _WORK_ALWAYS)
    return {"kind": kind, **_new_work(draw, case, kind)}


def _new_work(draw: Draw, case: Mapping[str, Any], kind: str) -> Body:
    match kind:
        case "letter_sent":
            return {"office": "市水务集团", "words": draw.words("去函")}
        case "papers_missing":
            return {"appeal_id": _whose(draw, case), "papers": [f"证件{draw.count()}", f"证件{draw.count()}"]}
        case "papers_received":
            return {"appeal_id": _whose(draw, case), **_come(draw, case["papers_missing"])}
        case "contact_attempt":
            return {"outcome": draw.one(["reached", "not_reached"]), "words": draw.words("联系")}
        case _:
            return {"words": draw.words("记录")}


def _whose(draw: Draw, case: Mapping[str, Any]) -> str:
    """One of the appeals that stand; of what was withdrawn by the last of them, one of all."""
    standing = [appeal["appeal_id"] for appeal in case["appeals"] if not appeal["withdrawn_at"]]
    whose: str = draw.one(standing or [appeal["appeal_id"] for appeal in case["appeals"]])
    return whose


def _come(draw: Draw, missing: Sequence[str]) -> Body:
    """One that was named or all of them, what nobody named, or word that no more is waited for."""
    if missing and draw.chance(0.2):
        return {"complete": draw.words("无需再补")}
    named = missing if draw.chance(0.5) else missing[:1]
    return {"papers": [*(named or [f"证件{draw.count()}"])], "copies": draw.chance(0.3)}


def _in_words(path: str, said: str, **more: Any) -> Offered:
    def asked(draw: Draw, seen: Seen) -> Asked:
        del seen
        return Asked(path, {"words": draw.words(said), **more})

    return asked


def _review(draw: Draw, seen: Seen) -> Asked:
    del seen
    return Asked("reviews", {"approved": draw.chance(0.6), "words": draw.words("审核")})


def _verify(draw: Draw, seen: Seen) -> Asked:
    del seen
    return Asked("verifications", {"passed": draw.chance(0.6), "words": draw.words("核查")})


def _order(draw: Draw, seen: Seen) -> Asked:
    del seen
    return Asked("orders", {"words": draw.words("督办"), "due_at": draw.soon()})


def _report(draw: Draw, seen: Seen) -> Asked | None:
    owed = [each for each in seen.case["pressings"] if not each["settled_at"]]
    if not owed:
        return None
    return Asked(f"/routing/v1/pressings/{draw.one(owed)['pressing_id']}/reports", {"words": draw.words("报告")})


def _enter_review(draw: Draw, seen: Seen) -> Asked:
    del seen
    body: Body = {"accepted": draw.chance(0.6), "words": draw.words("上级意见")}
    return Asked("assignment_reviews", body | ({} if body["accepted"] else {"due_at": draw.soon(20)}))


def _release(draw: Draw, seen: Seen) -> Asked | None:
    helping = [each["helper_id"] for each in seen.case["helpers"] if each["state"] == _ASKED]
    return Asked(f"helpers/{draw.one(helping)}/releases", {"words": draw.words("不再协办")}) if helping else None


def _grant(draw: Draw, seen: Seen) -> Asked | None:
    posts = sorted({other["holder_post_id"] for other in seen.others if other["holder_post_id"]})
    return Asked("grants", {"post_id": draw.one(posts), "words": draw.words("供其查阅")}) if posts else None


def _ask_exclusion(draw: Draw, seen: Seen) -> Asked:
    del seen
    rate = draw.one(["contacted", "on_time", "solved", "satisfied"])
    return Asked("exclusions", {"rate": rate, "words": draw.words("停电")})


def _review_exclusion(draw: Draw, seen: Seen) -> Asked:
    del seen
    return Asked("exclusion_reviews", {"granted": draw.chance(0.6), "words": draw.words("属实")})


def _revoke_grant(draw: Draw, seen: Seen) -> Asked | None:
    return Asked(f"grants/{draw.one(seen.grants)}/revocations", None) if seen.grants else None


def _link(draw: Draw, seen: Seen) -> Asked | None:
    known = {seen.case["number"], *(link["number"] for link in seen.case["links"])}
    numbers = [other["number"] for other in seen.others if other["number"] not in known]
    if not numbers:
        return None
    return Asked("links", {"number": draw.one(numbers), "kind": draw.one(_LINKS), "words": draw.words("关联")})


def _unlink(draw: Draw, seen: Seen) -> Asked | None:
    links = [link["link_id"] for link in seen.case["links"] if link["case_id"]]
    return Asked(f"links/{draw.one(links)}/endings", {"words": draw.words("解除关联")}) if links else None


def _name_affected(draw: Draw, seen: Seen) -> Asked | None:
    named = {each["place_id"] for each in seen.case["incident"]}
    left = [place for place in seen.buildings if place not in named]
    return Asked("incidents", {"place_ids": [draw.one(left)], "words": draw.words("停水")}) if left else None


def _merge(draw: Draw, seen: Seen) -> Asked | None:
    fitting = [
        other["case_id"] for other in seen.others if _takes_in(other) and other["case_id"] != seen.case["case_id"]
    ]
    return merge(draw, draw.one(fitting)) if fitting and may_leave(seen.case) else None


def may_leave(case: Mapping[str, Any]) -> bool:
    """Its appeals, for another case: neither from above, nor with originals in custody."""
    return not case["papers_held"] and not case["assigned_by"]


def _takes_in(other: Mapping[str, Any]) -> bool:
    waits = other["ask"] or other["draft"] or other["suspended_until"] or other["planned_for"]
    return other["state"] in _UNDER_WAY and not waits and other["promise_met"] is not True


def merge(draw: Draw, into: str) -> Asked:
    return Asked("merges", {"into": into, "words": draw.words("同一件事")}, {"into": into})


def _split(draw: Draw, seen: Seen) -> Asked | None:
    standing = [appeal["appeal_id"] for appeal in seen.case["appeals"] if not appeal["withdrawn_at"]]
    if len(standing) < 2:
        return None
    going = draw.random.sample(standing, draw.random.randint(1, len(standing) - 1))
    return Asked("splits", {"appeal_ids": going, "words": draw.words("另一件事")})


def _re_plan(draw: Draw, seen: Seen) -> Asked:
    del seen
    return Asked("replans", {"day": draw.day_ahead(), "answer": draw.words("改期")})


#: By the step's name in the one table of steps.
OFFERED: Mapping[str, Offered] = {
    "answer": _answer,
    "re_plan": _re_plan,
    "nudge": _in_words("nudges", "催办"),
    "order": _order,
    "instruct": _in_words("instructions", "批示", leader="区长"),
    "report": _report,
    "report_back": _in_words("assignment_reports", "回复上级"),
    "enter_review": _enter_review,
    "release": _release,
    "grant": _grant,
    "revoke_grant": _revoke_grant,
    "ask_exclusion": _ask_exclusion,
    "review_exclusion": _review_exclusion,
    "link": _link,
    "unlink": _unlink,
    "name_affected": _name_affected,
    "tell_affected": _in_words("incident_words", "恢复供水"),
    "merge": _merge,
    "split": _split,
    "review": _review,
    "verify": _verify,
}

#: What is offered on nearly every case is taken less often than what is seldom offered.
_OFTEN = {
    "link": 0.12,
    "nudge": 0.15,
    "order": 0.25,
    "instruct": 0.2,
    "name_affected": 0.3,
    "ask_exclusion": 0.1,
    "tell_affected": 0.4,
    "merge": 0.4,
    "answer": 0.2,
    "unlink": 0.4,
}


def choose(draw: Draw, seen: Seen) -> tuple[str, Asked] | None:
    """One of the steps that the case offers to whoever has read it, if any of them can be asked for; rather one that
    has seldom been taken so far.
    """
    steps = [step for step in seen.case["steps"] if step in OFFERED]
    if not steps:
        return None
    weights = [_OFTEN.get(step, 1) / (1 + draw.taken[step]) for step in steps]
    (step,) = draw.random.choices(steps, weights=weights)
    if asked := OFFERED[step](draw, seen):
        draw.taken[step] += 1
        return step, asked
    return None
