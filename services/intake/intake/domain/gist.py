"""What an appeal is about in one line, with nothing in it by which a person can be found."""

import re

LIMIT = 60

_MASK = "*"
_SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘蔡蒋余于杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤文易喻欧阳殷齐单伍庞申翁阮颜左柳"
)
_HAN = "一-龥"

#: What follows a name where somebody introduces himself or accuses another.
_PARTICULARS = "男|女|绰号|身份证|电话|手机|汉族|今年|现年|[0-9]{2}岁"

#: In this order: the longer, the surer, first. Each pattern's groups 1 and 2, where there are any, stay.
_HIDDEN: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        r"https?://[^\s，。；、）)]+|www\.[^\s，。；、）)]+",
        r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
        r"((?:微信|QQ|qq|Q Q|账号|卡号)(?:号码|号)?\s*[:：是为]?\s*)[A-Za-z0-9_*-]{5,}",
        r"(?<![0-9A-Za-z])\d{6}(?:18|19|20)\d{9}[\dXx](?![0-9A-Za-z])",
        r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)",
        r"(?<!\d)0\d{2,3}[-—– ]\d{7,8}(?!\d)",
        rf"[{_HAN}][A-Z][·•. ]?(?=[A-Z0-9]*\d)[A-Z0-9]{{5,6}}(?![A-Z0-9])",
        r"\d{7,}|[*＊]{3,}",
        rf"((?:我叫|我的名字叫|姓名|名叫|联系人|户主)(?:是|为)?\s*[:：]?\s*)[{_HAN}·]{{2,4}}(?![{_HAN}])",
        rf"((?:我叫|我的名字叫|姓名|名叫|联系人|户主)(?:是|为)?\s*[:：]?\s*)[{_SURNAMES}][{_HAN}]{{1,2}}",
        rf"((?:本人|我是|举报人|投诉人|当事人|业主|患者|村民|居民|学生|司机|法人)\s*[:：]?\s*)[{_SURNAMES}][{_HAN}]{{1,2}}(?=[，,。、；;（(\s]|男|女|系|$)",
        rf"[{_SURNAMES}](?:某+|[{_HAN}]{{1,2}})?(?=先生|女士|小姐|师傅|阿姨|大爷|大妈|奶奶|爷爷|老师|医生|律师|警官)",
        rf"[{_SURNAMES}]某+",
        rf"(本人)[{_HAN}]{{2,3}}(?=[，,（(]\s*(?:{_PARTICULARS}))",
        rf"[{_SURNAMES}][{_HAN}]{{1,2}}(?=[，,（(]\s*(?:{_PARTICULARS}))",
        r"[A-Za-z]?\d+(?:[-—–－]\d+)+",
        r"[A-Za-z]?\d+(?=\s*(?:栋|幢|座|号楼|单元|门|室|房|户))",
        r"(?<=栋|幢|座|元|楼|号)[A-Za-z]?\d{2,5}(?!\d)",
        r"(?<=路|街|巷|道|弄|桥|村|组|段|里)\d+(?=号)",
    )
)


def masked(text: str) -> str:
    for pattern in _HIDDEN:
        text = pattern.sub(rf"\g<1>{_MASK}" if pattern.groups else _MASK, text)
    return text


def gist_of(*, title: str, words: str) -> str:
    """The title, or else what the words begin with; masked first and cut after, so that no half number stays."""
    line = " ".join((title.strip() or first_sentence(words)).split())
    hidden = masked(line[: LIMIT * 4])
    return hidden if len(hidden) <= LIMIT else hidden[: LIMIT - 1] + "…"


def first_sentence(words: str) -> str:
    """Greetings are passed over."""
    parts = [part.strip() for part in re.split(r"[。！？!?\n]", words) if part.strip()]
    spoken = [part for part in parts if not _GREETING.fullmatch(part)]
    return (spoken or parts or [""])[0]


_GREETING = re.compile(r".{0,12}(?:您好|你好|领导好|好)[，,：:]?|尊敬的.{0,16}[:：]?")
