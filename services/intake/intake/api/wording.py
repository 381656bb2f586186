"""The progress page's words, Chinese first."""

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
        "withdrawn_due": "已经撤回。",
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
        "withdrawn_due": "It was withdrawn.",
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
        "withdrawn": "已撤回",
    },
    "en": {
        "received": "Received, waiting to be accepted",
        "accepted": "Accepted",
        "assigned": "Given to the person who does it",
        "in_progress": "Being worked on",
        "answered": "Answered",
        "closed": "Closed",
        "withdrawn": "Withdrawn",
    },
}
