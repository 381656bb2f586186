"""What is owed, as an auditor reads it out of a case's history.

Written from what is owed by right, not from notify's code: two that agree by sharing their code agree about nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STEPS = (
    *("opened", "accepted", "assigned", "started", "answered", "handed_over", "closed", "deadline_breached"),
    *("resorted", "extended", "asked", "ruled", "recorded", "pressed", "reported", "holder_left"),
    *("recused", "accompanied", "centre_reported"),
    *("reported_back", "report_reviewed"),
    *("helper_called", "helper_reported", "helper_released", "linked", "unlinked"),
    *("reported_back", "report_reviewed", "handed_to_hotline", "hotline_replied"),
    *("call_back_owed", "called_back", "rated", "redone"),
    *("affected_named", "affected_told"),
    *("suspended", "resumed", "planned"),
    *("joined", "split", "split_off"),
    *("drafted", "reviewed", "verified"),
    *("granted", "grant_revoked", "corrected"),
    *("deadline_approaching", "supervision_climbed", "deadline_moved"),
    *("exclusion_asked", "exclusion_reviewed"),
)

TEMPLATES = (
    "case_accepted",
    "case_reassigned",
    "case_extended",
    "case_suspended",
    "case_resumed",
    "case_planned",
    "case_answered",
    "case_closed",
    "case_withdrawn",
    "case_declined",
    "case_resorted",
    "appeal_corrected",
    "case_interim",
    "papers_missing",
    "case_asked",
    "case_ruled",
    "case_resumed_staff",
    "case_planned_staff",
    "case_nudged",
    "case_ordered",
    "case_instructed",
    "pressing_reported",
    "case_accompanied",
    "case_brought",
    "report_back_ready",
    "report_back_accepted",
    "report_back_rejected",
    "helper_called",
    "helper_reported",
    "helper_released",
    "helper_recused",
    "helped_closed",
    "case_at_hotline",
    "hotline_replied",
    "case_corrected",
    "case_unverified",
    "case_unverified_staff",
    "case_drafted",
    "case_sent_back",
    "call_back_owed",
    "case_redone",
    "case_redone_staff",
    "case_redone_superior",
    "pressing_ended",
    "post_vacant",
    "incident_party",
    "incident_household",
    "incident_visits",
    "case_joined",
    "case_joined_staff",
    "case_split_off",
    "case_granted",
    "case_waiting",
    "case_assigned",
    "case_gone_on",
    "case_closed_staff",
    "deadline_approaching",
    "deadline_approaching_superior",
    "deadline_missed",
    "deadline_missed_superior",
    "supervision_climbed",
    "supervision_lapsed",
    "deadline_moved",
    "deadline_earlier",
    "breach_corrected",
    "breach_corrected_superior",
    "exclusion_reviewed",
)

#: Of what is worked on a case, what residents are told.
_TOLD_OF_WORK = {"interim_word": "case_interim", "papers_missing": "papers_missing"}


@dataclass(frozen=True)
class Notice:
    """One notice to one reader about one step; ``seq`` is the step's place in the case's history."""

    seq: int
    template: str
    recipient: str


#: What a step owes residents.
_TO_RESIDENTS = {
    "accepted": "case_accepted",
    "extended": "case_extended",
    "suspended": "case_suspended",
    "resumed": "case_resumed",
    "planned": "case_planned",
    "answered": "case_answered",
    "accompanied": "case_accompanied",
    "redone": "case_redone",
    "affected_named": "incident_party",
    "affected_told": "incident_party",
    "joined": "case_joined",
}
_ENDS = {"withdrawn": "case_withdrawn", "declined": "case_declined"}

#: What a step owes those of staff whom its facts name.
_TO_STAFF = {
    "opened": {"dispatcher": "case_waiting"},
    "assigned": {"holder": "case_assigned", "former": "case_gone_on"},
    "answered": {"helpers": "helper_released"},
    "closed": {"holder": "case_closed_staff", "helpers": "helped_closed", "pressers": "pressing_ended"},
    "resorted": {"holder": "case_resorted"},
    "corrected": {"holder": "appeal_corrected"},
    "asked": {"ruler": "case_asked"},
    "ruled": {"holder": "case_ruled"},
    "exclusion_reviewed": {"applicant": "exclusion_reviewed"},
    "reported": {"presser": "pressing_reported"},
    "recused": {
        "dispatcher": "case_waiting",
        "ruler": "case_asked",
        "reviewer": "case_drafted",
        "lead": "helper_recused",
    },
    "accompanied": {"centre": "case_brought"},
    "reported_back": {"dispatcher": "report_back_ready"},
    "helper_called": {"helper": "helper_called"},
    "helper_reported": {"lead": "helper_reported"},
    "helper_released": {"helper": "helper_released"},
    "handed_to_hotline": {"holder": "case_at_hotline"},
    "hotline_replied": {"holder": "hotline_replied"},
    "drafted": {"reviewer": "case_drafted"},
    "call_back_owed": {"dispatcher": "call_back_owed"},
    "redone": {"holder": "case_redone_staff", "superior": "case_redone_superior"},
    "holder_left": {"dispatcher": "post_vacant"},
    "resumed": {"holder": "case_resumed_staff"},
    "planned": {"holder": "case_planned_staff"},
    "joined": {"holder": "case_joined_staff"},
    "granted": {"granted": "case_granted"},
    "deadline_approaching": {"holder": "deadline_approaching", "superior": "deadline_approaching_superior"},
    "deadline_breached": {"holder": "deadline_missed", "superior": "deadline_missed_superior"},
    "supervision_climbed": {"superior": "supervision_climbed", "late": "supervision_lapsed"},
    "deadline_moved": {"superior": "breach_corrected_superior"},
}
_PRESSED = {"nudge": "case_nudged", "order": "case_ordered", "instruction": "case_instructed"}


#: What the holder is told, by the fact that says how it went: of what it grants, and of what it does not.
_VERDICTS: Mapping[str, tuple[str, str, str]] = {
    "report_reviewed": ("accepted", "report_back_accepted", "report_back_rejected"),
    "reviewed": ("approved", "", "case_sent_back"),
    "verified": ("passed", "", "case_unverified_staff"),
    "deadline_moved": ("corrects", "breach_corrected", "deadline_earlier"),
}


def owed_by_step(step: str, seq: int, facts: Mapping[str, Any], residents: Collection[str]) -> set[Notice]:
    """``residents`` are the ids of those whom it concerns; who gave no name is none of them."""
    told: set[tuple[str, str | None]] = set()
    told |= {(template, reader) for template in _to_residents(step, facts) for reader in residents}
    told |= {(template, each) for who, template in _to_staff(step, facts).items() for each in _named(facts.get(who))}
    return {Notice(seq, template, reader) for template, reader in told if reader}


def _named(who: Any) -> list[str | None]:
    """One, or several."""
    return who if isinstance(who, list) else [who]


def _to_residents(step: str, facts: Mapping[str, Any]) -> list[str]:
    match step:
        case "assigned":
            return [] if facts.get("first") else ["case_reassigned"]
        case "closed" if facts.get("reason") == "merged":
            return []  # where it goes on, they are told
        case "split_off":
            return ["case_split_off"] if _goes_on(facts) and not facts.get("queue") else []
        case "closed":
            return [_ENDS.get(str(facts.get("reason")), "case_closed")]
        case "recorded":
            template = _TOLD_OF_WORK.get(str(facts.get("record")))
        case "answered" if facts.get("corrects"):
            template = "case_corrected"
        case "deadline_moved":
            template = "deadline_moved" if facts["tells_residents"] else None
        case "verified":
            template = None if facts["passed"] else "case_unverified"
        case _:
            template = _TO_RESIDENTS.get(step)
    return [template] if template else []


def _to_staff(step: str, facts: Mapping[str, Any]) -> Mapping[str, str]:
    if step == "pressed":
        return {"holder": _PRESSED[facts["pressing"]]}
    if step in _VERDICTS:
        name, *templates = _VERDICTS[step]
        template = templates[not facts[name]]
        return ({"holder": template} if template else {}) | _TO_STAFF.get(step, {})
    if step == "opened" and not facts.get("queue"):
        return {}
    if step == "ruled" and facts["granted"] and facts["ask"] == "decline":
        return {}  # its closing tells them
    if step == "split_off" and _goes_on(facts):
        return {"holder": "case_waiting" if facts.get("queue") else "case_assigned"}
    return _TO_STAFF.get(step, {})


def _goes_on(facts: Mapping[str, Any]) -> bool:
    return facts["state"] not in ("answered", "closed")


def concerned(entries: Iterable[Any]) -> Iterator[tuple[Any, set[str]]]:
    """Each step of a history with the appeals of those whom it concerns: whose appeal the case had by then and was not
    withdrawn, unless all were; of a step by which appeals come, those; of papers, of the resident whose they are.
    """
    here: set[str] = set()
    gone: set[str] = set()
    for entry in entries:
        come = _appeals(entry, "opened", "joined", "split_off")
        here |= come
        here -= _appeals(entry, "split", "closed")
        gone |= _appeals(entry, "withdrawn")
        yield entry, come or _appeals(entry, "recorded") or (here - gone) or here


def _appeals(entry: Any, *steps: str) -> set[str]:
    if entry.step not in steps:
        return set()
    return {*entry.facts.get("appeals", ()), *([entry.facts["appeal"]] if entry.facts.get("appeal") else [])}
