"""Invented people: a name in Chinese and the sign-in name that goes with it."""

from dataclasses import dataclass, field
from random import Random

SURNAMES = """
王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun 胡:hu 朱:zhu 高:gao
林:lin 何:he 郭:guo 马:ma 罗:luo 梁:liang 宋:song 郑:zheng 谢:xie 韩:han 唐:tang 冯:feng 于:yu 董:dong 萧:xiao
程:cheng 曹:cao 袁:yuan 邓:deng 许:xu 傅:fu 沈:shen 曾:zeng 彭:peng 吕:lv 苏:su 卢:lu 蒋:jiang 蔡:cai 魏:wei
"""
GIVEN = """
静:jing 敏:min 丽:li 强:qiang 磊:lei 洋:yang 艳:yan 勇:yong 杰:jie 娟:juan 涛:tao 明:ming 霞:xia 平:ping
刚:gang 桂兰:guilan 文博:wenbo 思远:siyuan 雨桐:yutong 子涵:zihan 浩然:haoran 欣怡:xinyi 志远:zhiyuan 晓梅:xiaomei
建国:jianguo 玉兰:yulan 秀珍:xiuzhen 春华:chunhua 立新:lixin 雪梅:xuemei 海燕:haiyan 家豪:jiahao 月:yue 鹏:peng
岚:lan 宁:ning 锐:rui 薇:wei 晨:chen 倩:qian 昊:hao 颖:ying 楠:nan 凯:kai 悦:yue 斌:bin 莉:li 俊:jun 慧:hui
"""


def _pairs(words: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, sound) for name, _, sound in (word.partition(":") for word in words.split()))


_SURNAMES, _GIVEN = _pairs(SURNAMES), _pairs(GIVEN)


@dataclass(frozen=True)
class Somebody:
    subject: str
    name: str


@dataclass
class People:
    """Gives each person a sign-in name of their own; ``named`` are those whom everybody should find again."""

    random: Random
    taken: set[str] = field(default_factory=set)

    def invent(self) -> Somebody:
        (surname, family), (given, own) = self.random.choice(_SURNAMES), self.random.choice(_GIVEN)
        return Somebody(self._free(f"{family}.{own}"), surname + given)

    def named(self, subject: str, name: str) -> Somebody:
        assert subject not in self.taken
        self.taken.add(subject)
        return Somebody(subject, name)

    def _free(self, wanted: str) -> str:
        subject, number = wanted, 2
        while subject in self.taken:
            subject, number = f"{wanted}{number}", number + 1
        self.taken.add(subject)
        return subject


def resident_name(random: Random, surname: str | None = None) -> str:
    """Of people who never sign in; a household mostly shares its surname."""
    return (surname or random.choice(_SURNAMES)[0]) + random.choice(_GIVEN)[0]
