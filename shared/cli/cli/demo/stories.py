"""What the demonstration's people ask for, and how far each matter has come. All invented."""

from dataclasses import dataclass

HOTLINE = "市12345政务服务便民热线"


@dataclass(frozen=True)
class Story:
    """``until`` is the state that the case is brought to; ``by`` takes the appeal."""

    key: str
    by: str
    channel: str
    words: str
    until: str
    place: str | None = "HZ-BY"
    category: str | None = None
    language: str = "zh"
    means: str = "sandbox"
    urgent: bool = False
    on_the_spot: bool = False
    answer: str = "已经办结，谢谢您的反映。"
    outcome: str = "solved"
    basis: str = "《噪声污染防治法》第六十四条"
    handover: str | None = None
    accept_as: str | None = None
    withdrawn: bool = False
    assigned_by: str | None = None
    """Of what is assigned from above: whose order it is."""


STORIES = (
    Story(
        "01",
        "lin.yue",
        "window",
        "想给孩子办理户口迁移，请问要带哪些材料？",
        "closed",
        category="administrative.hukou",
        answer="材料已一次性告知，户口已办好，请凭回执领取。",
        handover="collected",
    ),
    Story(
        "02",
        "lin.yue",
        "hotline",
        "二片三号楼楼道的灯坏了半个月，晚上老人上下楼很危险。",
        "closed",
        place="HZ-BY-2-03",
        category="municipal.street_lights",
        answer="楼道灯已更换，当晚已亮。",
    ),
    Story(
        "03",
        "zhao.peng",
        "visit",
        "一片五号楼一户老人独居，生活困难，想申请临时救助。",
        "closed",
        place="HZ-BY-1-05",
        category="administrative.relief",
        answer="临时救助已批准，救助金已送到家中。",
        handover="brought_home",
    ),
    Story(
        "04",
        "zhao.peng",
        "patrol",
        "一片七号楼旁井盖破损，有坠落危险，需要马上处理。",
        "in_progress",
        place="HZ-BY-1-07",
        category="municipal.emergency",
        urgent=True,
    ),
    Story(
        "05",
        "lin.yue",
        "letterbox",
        "小区对面的夜市每晚吵到凌晨，希望有人管一管噪声。",
        "answered",
        category="municipal.noise",
        answer="已约谈摊主，夜市二十二时前收摊；我们将继续查看。",
        outcome="explained",
    ),
    Story(
        "06",
        "lin.yue",
        "web",
        "家里水龙头漏水，能不能请志愿服务队来修一下？",
        "closed",
        place="HZ-BY-3-02",
        category="public_service.repair",
        answer="维修服务队已上门修好，低偿收费二十元。",
    ),
    Story(
        "07",
        "gao.ning",
        "assigned",
        "市民热线转来：白杨社区多户反映自来水水压不足。",
        "in_progress",
        category="municipal.water",
        assigned_by=HOTLINE,
    ),
    Story(
        "08",
        "chen.jing",
        "delegate",
        "代表联络站转来：希望在社区增设法律咨询日，帮助遇到借贷纠纷的居民。",
        "answered",
        category="legal.aid",
        answer="已与区法律援助中心约定每月第一个周三到站咨询。",
    ),
    Story(
        "09",
        "lin.yue",
        "hotline",
        "想问一下社区服务站周六上午开不开门？",
        "closed",
        category="administrative.community_affairs",
        on_the_spot=True,
        answer="周六上午九点到十二点开门，已当场告知。",
    ),
    Story(
        "10",
        "lin.yue",
        "web",
        "My neighbour's air conditioner drips on our balcony day and night. Please help.",
        "assigned",
        category="municipal.property",
        language="en",
    ),
    Story(
        "11",
        "lin.yue",
        "letterbox",
        "我有一件事想请社区帮忙协调一下，见面再细说。",
        "assigned",
        accept_as="stability.petition",
    ),
    Story(
        "12",
        "lin.yue",
        "window",
        "申请复印一份旧的登记表。",
        "closed",
        category="administrative.community_affairs",
        withdrawn=True,
    ),
    Story(
        "13",
        "gao.ning",
        "hotline",
        "石桥村的灌溉水渠堵了，地里的菜快旱死了。",
        "answered",
        place="HZ-LH-SQ-1",
        category="administrative.village",
        answer="村里已组织清淤，水渠今日恢复通水。",
    ),
)
