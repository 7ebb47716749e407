"""The demo's invented people: who they are and what they would write into the form."""

import random

SURNAMES = "林陈黄张李王吴刘蔡杨许郑谢郭赵周何徐沈顾陆苏叶江程方宋唐韩冯邓曾彭潘袁于董余蒋杜"
GIVEN = [
    "知夏",
    "以南",
    "景行",
    "慕白",
    "若水",
    "清和",
    "子衿",
    "书瑶",
    "亦舟",
    "望舒",
    "砚秋",
    "明哲",
    "嘉懿",
    "可馨",
    "婉清",
    "梓萱",
    "雨桐",
    "浩然",
    "博文",
    "思远",
    "俊杰",
    "志强",
    "乐瑶",
    "一诺",
    "晓彤",
    "诗琪",
    "佳怡",
    "宇轩",
    "子涵",
    "芷若",
    "天佑",
    "海燕",
    "建国",
    "丽娟",
    "雅琴",
    "静姝",
    "云舒",
    "长安",
]
ORGANISATIONS = {
    "internet": ["青禾科技", "云栈网络", "木鱼互动", "蜂巢数据"],
    "education": ["知行学堂", "悦读营", "启明编程", "小树英语"],
    "consumer": ["白桃烘焙", "鹿角咖啡", "一间好物", "山野茶事"],
    "services": ["轻氧健身", "邻里托育", "安居家政", "橙子口腔"],
    "other": ["南岸公益", "城市漫步社"],
}
JOBS = {
    "core": ["社群运营经理", "私域负责人", "用户增长运营"],
    "brand": ["品牌合作经理", "市场部负责人"],
    "creator": ["行业博主", "知识付费讲师", "播客主理人"],
}
PAINS = [
    "新用户进群三天就沉默",
    "打卡活动参与率越来越低",
    "内容同质化，群里只剩转发",
    "激励成本高，停了就没人",
    "数据散在各个工具里，难跟进",
    "老用户流失没有预警",
    "活跃不转化，复购上不去",
    "社群太多，人手不够",
    "线上线下割裂，到场后没有后续",
    "群里广告多，氛围变差",
    "不知道活动效果怎么衡量",
]
EXPERTISE = [
    "私域转化",
    "裂变增长",
    "内容策划",
    "数据分析",
    "活动策划",
    "社群氛围",
    "分层运营",
    "直播",
]
EXPECTATIONS = [
    "想带走一套能直接用的新用户激活流程",
    "找到可以互推的社群伙伴",
    "听同行怎么做数据跟进",
    "看看别人怎么控制激励成本",
    "认识品牌方，谈内容共创",
]
SOLUTIONS = [
    "入群当天管家私聊一句真话，不发长文",
    "第三天发一个三分钟能做完的小任务",
    "每周五固定一个主题夜，只聊一件事",
    "把打卡换成接龙，谁断了大家看得见",
    "积分只换身份不换钱，成本降一半",
    "用一张表每天记三个数，周会只看这张表",
    "让老用户带三位新用户，带出来的人当组长",
    "群公告每月只改一次，改的时候解释为什么",
    "线下见过的人回群里先发一张合影",
    "先做十人小群试一周，有效再放大",
    "转发要配一句自己的话，没有就不发",
    "流失前三天的信号：不点链接、不回红包、不改名片",
]
QUESTIONS = [
    "嘉宾提到的分层，第一层的标准是什么？",
    "小团队没有数据工具，先看哪一个数？",
    "激励停了以后还能留下来的人，有什么共同点？",
    "线上的朋友怎么参与共创？",
    "七天激活序列里，哪一天最容易掉人？",
]
DANMAKU = ["666", "求模板", "我们群也是三天就沉默", "这个可以抄", "学到了", "说到心坎里了", "同问"]
TIPS = [
    "先认领一个人，再欢迎一群人",
    "提问比公告有用",
    "把规则写成一句话",
    "每天只做一个互动",
    "新人先领任务再看资料",
]
OFFERS = [
    "两万人的妈妈群，可互推",
    "免费开放打卡小程序",
    "新品试用装 200 份",
    "一套七天激活文案",
    "直播间一小时",
]
NEEDS = [
    "找教育类社群互推",
    "需要内容共创的品牌",
    "想找数据看板工具",
    "缺一位活动嘉宾",
    "找线下场地",
]
SUGGESTIONS = [
    "把第一天的任务再减一半。",
    "写清楚谁每天看数。",
    "先在一个小群试七天。",
    "激励换成露出更省钱。",
]
OPEN_ANSWERS = [
    "现场写方案最有用。",
    "想多一点自由交流的时间。",
    "盲盒很好玩，问题都是真问题。",
    "希望下次线上的声音更大。",
]


def cast(count, *, seed):
    """`count` people as form answers, always the same for the same seed.

    Seven in ten are operators, one brand, two creators; about two in three ask for the room.
    """
    dice = random.Random(seed)  # noqa: S311  invented people, not secrets
    names = [surname + given for surname in SURNAMES for given in GIVEN]
    dice.shuffle(names)
    return [_person(dice, number, names[number % len(names)], seed) for number in range(count)]


def _person(dice, number, name, seed):
    category = dice.choices(["core", "brand", "creator"], [70, 10, 20])[0]
    industry = dice.choice(list(ORGANISATIONS))
    person = {
        "name": name,
        "mobile": f"13{seed % 10}{number:04}{dice.randrange(10**4):04}",
        "email": f"guest{number}.{seed}@example.com",
        "organisation": dice.choice(ORGANISATIONS[industry]),
        "job_title": dice.choice(JOBS[category]),
        "industry": industry,
        "category": category,
        "expertise": dice.sample(EXPERTISE, dice.randint(1, 3)),
        "pain_points": dice.sample(PAINS, dice.randint(1, 3)),
        "expectation": dice.choice(EXPECTATIONS),
        "online": number % 3 != 0,
        "consents": ["processing"]
        + [
            purpose
            for purpose, chance in (
                ("wall_name", 0.85),
                ("photo", 0.8),
                ("share_contact", 0.75),
                ("whitepaper_credit", 0.7),
                ("invite_again", 0.6),
            )
            if dice.random() < chance
        ],
    }
    return person | _answers_of(dice, category)


def _answers_of(dice, category):
    if category == "core":
        return {
            "community_size": dice.choice([3000, 6000, 9000, 12000, 35000, 80000, 250000]),
            "active_rate": dice.choice([33, 40, 42, 48, 55, 61]),
        }
    if category == "brand":
        return {"cooperation_need": "招募新品体验官", "resource_offer": dice.choice(OFFERS)}
    return {
        "followers": dice.choice([80000, 120000, 150000, 320000, 1200000]),
        "creator_field": dice.choice(["母婴", "职场", "阅读", "健身"]),
        "can_bring": "一个从 0 到 5 万人的社群案例",
    }


PLANS = [
    (
        "新人七天不掉线",
        "入群七天内的新用户",
        "七天留存从三成到五成",
        "每天一个三分钟任务，接龙完成",
    ),
    ("周五主题夜", "潜水三个月以上的老用户", "每周发言人数翻倍", "每周五一小时只聊一个问题"),
    ("一句真话打卡", "报名了课程却不打卡的学员", "打卡率到六成", "一句自己的话换一枚徽章"),
    ("老带新三人行", "活跃的前一成用户", "每月新增里三成来自老用户", "老用户带三位新用户组队闯关"),
    ("共享数据小表", "社群运营同行", "周会只看三个数", "每群一张表，每天记三个数"),
    ("线下回温计划", "来过线下活动的用户", "活动后两周仍活跃的过半", "合影接龙与回访电话"),
]


def plan(number):
    """A group's work as `save_plan` takes it."""
    title, users, goal, form = PLANS[number % len(PLANS)]
    return {
        "title": title,
        "elements": {
            "target_users": users,
            "core_goal": goal,
            "interaction": form,
            "content": "第一天自我介绍，第三天晒一件小事，第七天总结一句话。",
            "threshold": "扫码入群，两步、一分钟。",
            "follow_up_data": "每天看发言人数、完成人数、退群人数，组长看。",
        },
        "rows": [
            ("第 1 天", "管家", "欢迎语、任务卡"),
            ("第 3 天", "组长", "小红包 20 元"),
            ("第 7 天", "运营", "徽章、总结模板"),
        ],
        "marks": {"need_fit": 4, "appeal": 3 + number % 3, "ease": 2 + number % 3, "cost": 2},
    }


def sheet(dice, questions):
    """One survey sheet: mostly content, sometimes with a sentence of their own."""
    answers = {}
    for question in questions:
        if question.kind == "scale":
            answers[question.pk] = str(dice.choices([5, 4, 3], [62, 32, 6])[0])
        elif question.kind == "choice":
            answers[question.pk] = str(dice.randrange(len(question.options)))
        elif dice.random() < 0.4:
            answers[question.pk] = dice.choice(OPEN_ANSWERS)
    return answers
