"""The progress page's words, Chinese first."""

from datetime import timedelta

from contracts.routing import HandoverMeans

from intake.domain.progress import Done, DoneStep

#: Each language's other.
LANGUAGES = {"zh": "en", "en": "zh"}

TEXTS: dict[str, dict[str, str]] = {
    "zh": {
        "lang": "zh-Hans",
        "title": "诉求办理进度",
        "ask": "请输入短信或回执上的查询码",
        "hint": "共13位，像 7K2M-9QXT-4B6P-R 这样。大写小写都行，横线不用输。",
        "look": "查询",
        "again": "查询另一件",
        "other": "English",
        "mistyped": "这个查询码输错了。请对照回执，逐位检查后重新输入。",
        "unknown": "没有这个查询码。请对照回执检查；如仍查不到，请拨打社区服务站电话。",
        "too_many": "这个网络上输错的次数太多，请过一刻钟再查。您的事照常在办；着急请打社区服务站电话。",
        "number": "受理编号",
        "standing": "办到哪一步",
        "talk_to": "找谁",
        "phone": "电话",
        "handler": "谁来办",
        "due": "什么时候办好",
        "received": "收到时间",
        "nobody_yet": "正在分派，派单后这里会显示。",
        "no_due": "受理后会告知期限。",
        "finished": "已经办结。",
        "declined": "不予受理，原因和可以找谁已告知您。没有收到的，请拨打社区服务站电话。",
        "withdrawn_due": "已经撤回。",
        "answered_due": "已经答复。没有收到答复的，请拨打社区服务站电话。",
        "rate_title": "请您评价",
        "rate_now": "问题解决了吗？请您评价",
        "rate_until": "评价截止：",
        "has_rated": "您已评价，谢谢。",
        "done_again": "您的评价已收到，正在重新办理。",
        "is_it_solved": "您反映的问题解决了吗？",
        "solved": "解决了",
        "not_solved": "没有解决（将重新办理）",
        "how_satisfied": "您对这次办理满意吗？",
        "rating_1": "1分 很不满意",
        "rating_2": "2分 不满意",
        "rating_3": "3分 基本满意",
        "rating_4": "4分 满意",
        "rating_5": "5分 非常满意",
        "rating_words": "还想说的（可不填）",
        "rating_hint": "如没有解决，请写明还差什么。",
        "rate": "提交评价",
        "look_again": "查询办理进度",
        "say_both": "请选择是否解决和满意程度，再提交。",
        "words_too_long": "写得太长：最多2000个字。您写的都在下面，请缩短后再提交。",
        "words_unfit": "您写的话里有看不见的控制字符，或没有可见的文字：请重新输入后再提交。",
        "no_such_ticket": "这个链接不对。请从短信里原样打开；仍打不开，请拨打社区服务站电话。",
        "over_rated": "谢谢，您的评价已收到。如反映没有解决，我们会重新办理并告知您。",
        "over_withdrawn": "这件诉求已经撤回，无需评价。",
        "over_answered_anew": "已有新的答复，请用新短信里的链接评价。",
        "over_not_asked": "这次答复不再评价：已电话回访过您，或正在重新办理。有新的答复时会再请您评价。",
        "over_too_late": "评价时间已过。如仍未解决，请拨打社区服务站电话或重新反映。",
        "suspended": "暂时中止",
        "suspended_until": "{why}，{day}恢复办理",
        "planned": "挂账办理，{day}前",
        "planned_who": "，由{who}办理",
        "elapsed": "到现在多久了",
        "took": "一共用了多久",
        "pauses": "中间停过（期限不算这些天）",
        "pause": "{span}：{why}",
        "missing": "还缺这些材料",
        "missing_since": "{day}已告知您",
        "complete": "材料齐了的日子",
        "done": "已经办了这些",
        "said": "当场给您的答复",
    },
    "en": {
        "lang": "en",
        "title": "How your appeal stands",
        "ask": "Enter the query code from your message or receipt",
        "hint": "13 characters, as 7K2M-9QXT-4B6P-R. Capitals or not, with or without the dashes.",
        "look": "Look it up",
        "again": "Look up another",
        "other": "中文",
        "mistyped": "This code is mistyped. Compare it with the receipt, character by character, and enter it again.",
        "unknown": "There is no such code. Compare it with the receipt; if it is right, call the community's station.",
        "too_many": "Too many wrong codes were entered from your network: look again in a quarter of an hour. "
        "Your appeal goes on; if it is urgent, call the community's station.",
        "number": "Number",
        "standing": "How it stands",
        "talk_to": "Whom to talk to",
        "phone": "Telephone",
        "handler": "Who does it",
        "due": "By when",
        "received": "Received",
        "nobody_yet": "It is being handed to somebody; they will be named here.",
        "no_due": "You will be told when it is accepted.",
        "finished": "It is finished.",
        "declined": "It is not taken on. You were told why, and who can help; if that has not reached you, call the "
        "community's station.",
        "withdrawn_due": "It was withdrawn.",
        "answered_due": "It is answered. If the answer has not reached you, call the community's station.",
        "rate_title": "Rate the answer",
        "rate_now": "Is it solved? Say what you think",
        "rate_until": "Until ",
        "has_rated": "You have said what you think of the answer. Thank you.",
        "done_again": "We have what you said of the answer: it is being handled again.",
        "is_it_solved": "Is what you asked for solved?",
        "solved": "Yes, it is solved",
        "not_solved": "No (it will be handled again)",
        "how_satisfied": "How satisfied are you with how it was handled?",
        "rating_1": "1, not at all",
        "rating_2": "2, not satisfied",
        "rating_3": "3, on the whole",
        "rating_4": "4, satisfied",
        "rating_5": "5, very satisfied",
        "rating_words": "Anything else (you may leave it empty)",
        "rating_hint": "If it is not solved: what is still missing?",
        "rate": "Send",
        "look_again": "See how an appeal stands",
        "say_both": "Choose whether it is solved and how satisfied you are, then send it.",
        "words_too_long": "That is too long: at most 2,000 characters. All of it stands below: shorten it.",
        "words_unfit": "Your words hold invisible control characters, or nothing that can be seen: type them anew.",
        "no_such_ticket": "This link is wrong. Open it as it stands in the message; if that fails too, call the "
        "community's station.",
        "over_rated": "Thank you: we have what you said. What is not solved is handled again, and you are told.",
        "over_withdrawn": "This appeal was withdrawn: there is nothing to rate.",
        "over_answered_anew": "There is a newer answer: use the link in the newer message.",
        "over_not_asked": "Nothing is asked of this answer any more: you were called about it, or it is being handled "
        "again. Of a new answer you will be asked again.",
        "over_too_late": "The time for it is over. If it is still not solved, call the community's station or file it "
        "again.",
        "suspended": "Suspended",
        "suspended_until": "{why}; it goes on on {day}",
        "planned": "Planned, by {day}",
        "planned_who": ", and done by {who}",
        "elapsed": "How long it has been",
        "took": "How long it took",
        "pauses": "Pauses, which do not count",
        "pause": "{span}: {why}",
        "missing": "Papers still missing",
        "missing_since": "You were told on {day}",
        "complete": "Papers complete on",
        "done": "What has been done",
        "said": "What you were told on the spot",
    },
}

STANDING: dict[str, dict[str, str]] = {
    "zh": {
        "received": "已收到，等待受理",
        "accepted": "已受理",
        "assigned": "已交给专人办理",
        "in_progress": "正在办理",
        "answered": "已答复",
        "closed": "已办结",
        "declined": "不予受理",
        "withdrawn": "已撤回",
    },
    "en": {
        "received": "Received, waiting to be accepted",
        "accepted": "Accepted",
        "assigned": "Given to the person who does it",
        "in_progress": "Being worked on",
        "answered": "Answered",
        "closed": "Closed",
        "declined": "Not taken on",
        "withdrawn": "Withdrawn",
    },
}

#: Why a promise waits that waits for nothing else.
FOR_PAPERS = {"zh": "等您补齐材料", "en": "waiting for your papers"}

#: What was done: in Chinese, in English.
_DONE: dict[Done, tuple[str, str]] = {
    Done.ACCEPTED: ("已受理", "Accepted"),
    Done.ASSIGNED: ("交给{who}办理", "Given to {who}"),
    Done.PASSED_ON: ("已转{who}办理", "Passed on to {who}"),
    Done.STARTED: ("开始办理", "Work began"),
    Done.CALL: ("打电话联系", "A call was made"),
    Done.SITE_VISIT: ("现场查看", "Looked at on site"),
    Done.REACHED: ("联系到您", "You were reached"),
    Done.NOT_REACHED: ("联系您，没有联系上", "You could not be reached"),
    Done.CONTACT_ATTEMPT: ("联系您", "Tried to reach you"),
    Done.INTERIM_WORD: ("告知您进展", "You were told how it goes"),
    Done.LETTER_SENT: ("发函请有关单位办理", "A letter was sent to another office"),
    Done.LETTER_REPLY: ("有关单位已回函", "The other office replied"),
    Done.PAPERS_MISSING: ("告知您要补的材料", "You were told which papers are missing"),
    Done.PAPERS_RECEIVED: ("收到您的材料", "Papers came"),
    Done.PAPERS_COMPLETE: ("不再需要其他材料", "No more papers are needed"),
    Done.PAPERS_RETURNED: ("退还您的原件", "Your originals were given back"),
    Done.NUDGED: ("已催办", "They were reminded"),
    Done.ORDERED: ("上级已督办", "A superior ordered a report"),
    Done.INSTRUCTED: ("领导已批示", "A leader gave an instruction"),
    Done.REPEATED: ("再次反映，已催办", "It was asked about again, and they were reminded"),
    Done.MERGED: ("与同一件事一起办理", "Handled together with others' appeals"),
    Done.HELPER_CALLED: ("请{who}协助", "{who} was called in to help"),
    Done.ACCOMPANIED: ("陪您到{who}", "You were accompanied to {who}"),
    Done.CENTRE_REPORTED: ("中心已回复情况", "The centre said how it stands"),
    Done.HANDED_TO_HOTLINE: ("已转市热线", "Handed to the city hotline"),
    Done.HOTLINE_REPLIED: ("市热线已回复", "The city hotline replied"),
    Done.EXTENDED: ("延长了期限", "It was given more time"),
    Done.SUSPENDED: ("暂时中止", "Suspended"),
    Done.RESUMED: ("恢复办理", "It goes on"),
    Done.PLANNED: ("现在办不了，已定下日子", "It was planned for a day"),
    Done.OUT_OF_PLAN: ("情况紧急，提前办理", "It is urgent, and done sooner"),
    Done.ANSWERED: ("已答复", "Answered"),
    Done.VERIFIED: ("现场核查，已办好", "Checked on site: it is done"),
    Done.NOT_VERIFIED: ("现场核查，还没办好", "Checked on site: it is not done yet"),
    Done.HANDED_OVER: ("办好的材料已交给您", "What was finished was handed over to you"),
    Done.REDONE: ("重新办理", "It is done again"),
    Done.REOPENED: ("上级要求再办，继续办理", "A higher office wants more done: it goes on"),
    Done.CLOSED: ("办结", "Closed"),
    Done.DECLINED: ("不予受理", "Not taken on"),
}

#: Where something is ready for them with the answer.
_READY: dict[HandoverMeans, tuple[str, str]] = {
    HandoverMeans.COLLECTED: ("已答复，办好的材料请来取", "Answered: what is finished is ready to be collected"),
    HandoverMeans.BROUGHT_HOME: ("已答复，办好的材料送到您家", "Answered: what is finished is brought to your home"),
}

#: Whom it went to, where that is not told.
_SOMEBODY = {"zh": "专人", "en": "those who handle it"}


def say_done(step: DoneStep, language: str) -> str:
    chinese, english = _READY[step.handover] if step.handover else _DONE[step.done]
    said = (chinese if language == "zh" else english).format(who=step.who or _SOMEBODY[language])
    if step.done is not Done.DECLINED or not step.why:
        return said
    return f"{said}{'：' if language == 'zh' else ': '}{step.why[language]}"


def say_elapsed(elapsed: timedelta | None, language: str) -> str | None:
    """In days and hours: nobody counts minutes."""
    if elapsed is None:
        return None
    days, hours = elapsed.days, elapsed.seconds // 3600
    if not days and not hours:
        return "不到1小时" if language == "zh" else "less than an hour"
    named = (("天", "day"), ("小时", "hour"))
    parts = [(many, *unit) for many, unit in zip((days, hours), named, strict=True) if many]
    if language == "zh":
        return "".join(f"{many}{chinese}" for many, chinese, _ in parts)
    return ", ".join(f"{many} {english}{'' if many == 1 else 's'}" for many, _, english in parts)
