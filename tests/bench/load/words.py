"""What invented residents write. ``token`` is in the title, by which the holder knows the case in the work list."""

import random
from random import Random
from typing import Any

#: Matters that a post of every community's own station answers for, and the duty of that post.
DUTIES = {
    "administrative.hukou": "window_clerk",
    "administrative.relief": "window_clerk",
    "municipal.sanitation": "municipal",
    "municipal.street_lights": "municipal",
    "municipal.roads": "municipal",
    "public_service.repair": "public_service",
    "legal.aid": "legal",
    "stability.petition": "petition",
}

_MATTERS = {
    "administrative.hukou": ("户口迁移要带哪些材料", "想把孩子的户口迁过来，去年窗口说要房产证和结婚证，今年听说改了"),
    "administrative.relief": ("临时救助怎样申请", "家里老人生病，开销大，收入只有退休金，想问能不能申请临时救助"),
    "municipal.sanitation": ("垃圾桶满了没人清", "楼下的垃圾桶已经三天没人清运，天热气味很大，还有老鼠"),
    "municipal.street_lights": ("路灯坏了", "小路上的路灯坏了半个多月，晚上老人和孩子走路看不清"),
    "municipal.roads": ("人行道地砖破损", "人行道上的地砖松动破损，下雨一踩就溅水，前几天有人绊倒"),
    "public_service.repair": ("水龙头漏水请人修", "厨房的水龙头一直滴水，自己拧不紧，想请服务队上门看看"),
    "legal.aid": ("想咨询租房押金的事", "房东不退押金，合同写得不清楚，想请法律援助的同志帮忙看看"),
    "stability.petition": ("想反映一件事", "有件事反映过两次没有结果，希望有人当面听我说清楚"),
}
_LETTERS = "bcdfghjklmnprstvxz"
_ENDINGS = (
    "麻烦尽快处理，谢谢。",
    "请问什么时候能有答复？",
    "已经等了一阵子，希望这次能解决。",
    "白天我都在家，可以随时来看。",
)
_ANSWERS = (
    "已派人到现场查看并处理完毕，请您核实。如还有问题，请随时联系社区服务站。",
    "您反映的事项已经办结：相关材料已核对，结果已当面告知。谢谢您的理解和支持。",
)


def new_token() -> str:
    """Letters that no mask takes for a number or an account, and that no earlier run has used."""
    return "".join(random.choices(_LETTERS, k=10))


def appeal(chance: Random, token: str, *, place: str, category: str, channel: str) -> dict[str, Any]:
    title, matter = _MATTERS[category]
    who = {"kind": "outsider", "name": f"试居民{token}", "means": "sandbox", "address": f"bench-{token}"}
    return {
        "channel": channel,
        "title": f"{title} {token}",
        "words": f"您好。{matter}。{chance.choice(_ENDINGS)}",
        "who": who,
        "place": place,
        "category": category,
    }


def answer(chance: Random) -> dict[str, str]:
    return {"outcome": "solved", "answer": chance.choice(_ANSWERS)}
