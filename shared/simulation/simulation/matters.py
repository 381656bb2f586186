"""What people ask for and what they are told, in their own words. All invented."""

#: Their promises run for five or seven working days.
LONG = (
    ("municipal.roads", "小区门口的道路坑洼不平，下雨天积水很深，电动车多次摔倒。"),
    ("municipal.water", "高层住户自来水水压不足，早晚高峰几乎没水，老人用水很不方便。"),
    ("municipal.noise", "楼下广场舞音响噪音很大，晚上十点以后还在放，影响孩子休息。"),
    ("municipal.parking", "小区里车位紧张，外来车辆乱停乱放，把单元门口都堵住了。"),
    ("municipal.sanitation", "垃圾桶满了几天没人清运，气味很大，蚊虫很多。"),
    ("municipal.greening", "绿化带的大树枝条伸到窗户边上，刮风时打得玻璃直响。"),
    ("municipal.street_lights", "主路上一排路灯不亮，晚上漆黑一片，行人看不清路。"),
    ("municipal.public_transport", "公交车早高峰班次太少，等半个小时都挤不上去。"),
)
MATTERS = (
    *LONG,
    ("municipal.property", "物业公司收了物业费却不管楼道卫生，电梯故障也一直没人修。"),
    ("municipal.drainage", "下水道堵了，污水从井盖往外冒，臭味传到楼里。"),
    ("municipal.street_trading", "人行道上占道经营的摊贩很多，推婴儿车过不去。"),
    ("municipal.fire_safety", "楼道里堆满杂物，消防通道被占用，存在安全隐患。"),
    ("administrative.hukou", "孩子要上户口，想问需要准备哪些材料，去哪里办理。"),
    ("administrative.relief", "家里有病人，生活困难，想申请低保或者临时救助。"),
    ("administrative.social_insurance", "养老保险断缴了两年，想问能不能补缴，怎么办理。"),
    ("administrative.community_affairs", "需要社区开一份居住证明，想问什么时间可以来盖章。"),
    ("administrative.school", "小学学区划分有疑问，不知道今年入学要看哪些条件。"),
    ("administrative.housing_support", "申请公租房已经半年了，一直没有收到审核结果。"),
    ("administrative.health", "社区卫生服务中心打疫苗排队时间太长，能不能预约。"),
    ("administrative.consumer", "附近健身房突然关门，会员卡里的钱要求退款没有人管。"),
    ("public_service.repair", "家里水龙头坏了漏水，老人自己修不了，想请维修队上门。"),
    ("public_service.care", "独居老人行动不便，想申请居家养老的助餐服务。"),
    ("public_service.pets", "小区里有流浪狗，孩子放学路上被追，希望有人处理。"),
    ("legal.aid", "和邻居因为漏水发生纠纷，想请人调解，或者申请法律援助。"),
)
#: Danger: by the clock, day and night.
URGENT = ("municipal.emergency", "地下室污水倒灌，燃气味很重，随时可能出事，请马上派人。")
PETITION = ("stability.petition", "老小区历史遗留的产权问题多次反映，一直没有结果，准备去信访局。")
#: Shown only to those who must see them.
SEALED = (
    ("stability.discipline", "反映村干部吃拿卡要，公款吃喝，请纪检部门调查。"),
    ("legal.domestic_violence", "邻居家经常家暴，女方不敢报警，请帮助她。"),
)
UNSORTED = "我有一件事想请人帮忙，见面再细说。"
SINCE = (
    "这种情况已经持续了半个多月。",
    "前几天打过电话，没有人来看。",
    "上个月也反映过一次，当时说会处理。",
    "最近几天更严重了。",
    "楼里好几户都有同样的困难。",
    "这件事拖了很久了。",
)
WISHES = (
    "希望尽快派人来看一看，给一个答复，谢谢。",
    "请相关部门核实并处理，把结果告诉我们。",
    "麻烦社区帮忙协调一下，大家都很着急。",
    "请问什么时候能够解决？盼复。",
    "恳请领导重视，早日解决居民的实际困难。",
)
ENGLISH = (
    "The lamp in our stairwell has been broken for two weeks and the old people cannot see the steps. Please help."
)
ANSWERS = (
    "已派人到现场查看并处理完毕，请您查看，如有问题可直接联系我们。",
    "经核实，情况属实，已安排维修队完成整改，后续会加强巡查。",
    "材料清单和办理时间已电话告知，本周内可以到窗口办理。",
    "已与有关单位协调，按照规定给予解决，感谢您的反映。",
    "已向您说明政策规定，目前条件尚不具备，我们会继续跟进。",
)
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "静敏丽强磊洋艳勇杰娟涛明霞平刚兰博远桐涵"
