"""What an audit finds: exceptions by kind, what was counted, and what is still on its way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Each kind of exception, and what to do about it.
REMEDIES = {
    "appeal_lost": "intake acknowledged it and does not have it: restore intake, then import again",
    "appeal_taken_twice": "one external id was acknowledged as two appeals: withdraw one of them",
    "number_differs": "the receipt names another number than intake has: tell the resident the right one",
    "appeal_in_no_case": "see routing's dead letters and lag; replay intake's log with `baiyang outbox`",
    "appeal_in_several_cases": "routing has it in more than one case: close all but one as merged",
    "party_differs": "routing knows another person for the appeal than intake: see intake's corrections",
    "party_unknown": "routing has an appeal that intake does not: restore intake",
    "case_without_party": "a case of nobody: restore routing's case_appeal",
    "progress_missing": "the resident's page shows no case: see intake's dead letters and lag",
    "history_broken": "an entry is missing or was changed: restore routing from a backup and compare",
    "promise_missing": "an accepted case without a deadline is watched by no clock: restore routing's deadline",
    "notice_missing": "owed and never made: see notify's dead letters and lag",
    "notice_twice": "made more than once: the reader was told twice",
    "notice_not_owed": "made, but no step of the case owes it: compare the case's history",
    "notice_failed": "could not be sent: see /notify/v1/messages/troubled, mend the contact, send again",
    "notice_unknown": "nobody can tell whether it arrived: see /notify/v1/messages/troubled and decide",
    "notice_stuck": "waits to be sent: is notify's clock running, and its provider there?",
    "household_untold": "lives in a building that the case names, and is on no list: see notify's contact copy and lag",
    "household_waits": "its turn has not come: is notify's clock running?",
    "nobody_sent": "no message reaches it and no chief has a task: fill the post, then tell it in person",
    "telling_of_no_step": "notify told households what no step of the case says: restore routing",
    "inbox_item_missing": "staff's notice is in no inbox: restore notify's inbox_item",
    "delivery_missing": "marked as sent, and the provider has no record of it: send it again",
    "delivered_twice": "the provider's own log has it more than once",
    "delivery_unknown": "the provider's log has a message that notify does not: restore notify",
    "message_of_no_case": "notify told of a case that routing does not have: restore routing",
    "dead_letter": "see `baiyang dead-letters`, then replay it or discard it with a reason",
    "parked": "what it waits for has not come: see `baiyang dead-letters` and `baiyang lag`",
    "event_unsent": "the relay has not sent it: is it running, and Kafka there?",
    "event_not_taken": "sent and never taken: is the consumer running? see `baiyang lag`",
    "figure_differs": "see `baiyang figures compare` for where, then `baiyang figures rebuild`",
    "figure_astray": "the place was moved in the tree before its figures went with it: `baiyang figures rebuild`",
    "nothing_counted": "an audit of nothing proves nothing",
}


@dataclass(frozen=True)
class Finding:
    """One exception. ``ids`` name it; ``detail`` says which of its kind."""

    kind: str
    ids: str
    detail: str = ""


@dataclass
class Audit:
    """What has been found so far."""

    findings: list[Finding] = field(default_factory=list)
    flow: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    owed: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    logged: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)

    def find(self, kind: str, ids: object, detail: str = "") -> None:
        self.findings.append(Finding(kind, str(ids), detail))

    def find_all(self, kind: str, ids: Iterable[object], detail: str = "") -> None:
        for identity in ids:
            self.find(kind, identity, detail)


#: Every audit of a city that has appeals must have seen these: a flow that nothing went through has not been audited.
FLOW = {
    "acknowledged": "the record of the import is empty: name its file with --import",
    "in intake": "intake holds no appeal: run `baiyang import`",
    "in a case": "routing has opened no case: is its consumer running?",
    "with a promise": "no case has a promise: are places, posts and categories there?",
}
FIRST_STEPS = ("opened", "accepted", "assigned")
FIRST_TEMPLATES = ("case_accepted", "case_assigned")


def check_counts(audit: Audit, *, steps: Iterable[str], templates: Iterable[str], imported: bool = True) -> None:
    """Zero where something must have been seen is an exception too. ``imported``: whether there is a record of it."""
    for name, remedy in FLOW.items():
        if not audit.flow[name] and (imported or name != "acknowledged"):
            audit.find("nothing_counted", name, remedy)
    for step in steps:
        if not audit.steps[step]:
            audit.find("nothing_counted", f"step {step}", "no case has come so far: take one through it")
    for template in templates:
        if not audit.made[template]:
            audit.find("nothing_counted", f"template {template}", "nobody was told this: take a case through its step")
