"""Files of the shapes that platforms export, with people nobody has seen, and the truth about them.

The samples in tests/data are one throw of the dice; a reader has to survive the next. Columns
change places and names, preambles change length, people change, and the dirt is of the same kinds.
"""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import openpyxl

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 12, 19, 13, 30, tzinfo=SHANGHAI)
END = datetime(2026, 12, 19, 18, 0, tzinfo=SHANGHAI)

_SURNAMES = ["陆", "沈", "顾", "姚", "秦", "蒋", "章", "欧阳", "单", "曾", "仇", "解"]
_GIVEN = ["清和", "若水", "一帆", "知秋", "景明", "南星", "予安", "书白", "望", "溪", "佳", "越"]
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_CATEGORIES = {"core": "社群核心运营者", "brand": "品牌方代表", "creator": "内容创作者"}
_INDUSTRIES = {
    "internet": "互联网",
    "education": "教育",
    "consumer": "消费",
    "services": "服务",
    "other": "其他",
}
_PAINS = ["潜水的人太多,叫不动", "活动一停就冷场", "数据散落在表格里", "不知道谁是核心用户"]
_SKILLS = ["短视频", "私域转化", "数据分析", "活动策划"]

_TITLES = {
    "name": ["1、您的姓名：", "您的姓名", "1.姓名:", "(1) 您的真实姓名？", "Q1: 姓名 *"],
    "mobile": ["2、您的手机号码：", "手机号", "3. 您的手机(必填):", "联系电话", "２、手机号码："],
    "email": ["3、您的电子邮箱：", "邮箱", "您的邮箱地址:", "E-mail", "4.电子邮件："],
    "organisation": ["4、您所在的机构：", "所在单位", "公司/机构:", "您的公司名称"],
    "job_title": ["5、您的岗位：", "您的职位:", "职务", "12、您的岗位名称"],
    "category": ["6、您的身份：", "报名类别", "您的身份(单选)：", "6.参会身份:"],
    "industry": ["7、您所在的行业：", "行业", "所属行业:", "7. 您所处的行业"],
    "community_size": [
        "8、您管理的社群规模（人）：",
        "社群规模(人)",
        "您运营的社群总人数:",
        "群规模",
    ],
    "active_rate": [
        "9、近6个月社群平均月活率：",
        "近 6 个月平均月活率:",
        "月活跃率(%)",
        "社群月活率",
    ],
    "followers": ["10、您的粉丝量：", "粉丝数", "全平台粉丝量(人):"],
    "expertise": ["11、您擅长的领域（多选）：", "擅长领域", "您的专长(多选):"],
    "pain_points": ["12、目前最困扰您的互动痛点（每行一条）：", "互动痛点", "最困扰您的痛点:"],
    "on_site": ["16、参加方式：", "参与方式", "您的参会方式(线下/线上):"],
    "processing": [
        "18、是否同意处理个人信息用于本次活动：",
        "是否同意我们处理您的个人信息",
        "个人信息处理授权:",
    ],
    "wall_name": ["19、是否同意在签到墙展示姓名：", "同意在签到墙上显示姓名", "是否愿意姓名上墙?"],
}
_EXTRA = {
    "来自IP": "203.0.113.9(上海-上海)",
    "总分": 0,
    "所用时间": "215秒",
    "来源": "微信",
    "来源详情": "N/A",
    "20、饮食上的特殊需求：": "(空)",
    "邀请人姓名": "陈一",
    "21、紧急联系人手机": "13900000000",
    "是否订阅我们的邮件": "否",
}


@dataclass
class Fresh:
    """A file and what a correct reader finds in it."""

    content: bytes
    truth: list | dict


def a_mobile(random):
    return random.choice(["138", "159", "177", "186", "199"]) + f"{random.randrange(10**8):08d}"


def _typed_mobile(random, mobile):
    return random.choice(
        [
            mobile,
            mobile,
            int(mobile),
            float(mobile),
            mobile.translate(_WIDE),
            f"+86 {mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
            f"0086{mobile}",
            f" {mobile[:3]} {mobile[3:7]} {mobile[7:]} ",
        ]
    )


def _typed_size(random, size):
    forms = [str(size), f"{size:,}", f"约{size}人", f"{size}+", str(size).translate(_WIDE), size]
    if size % 1000 == 0:
        forms += [f"{size // 1000}k", f"{size / 10000:g}万", f"{size / 10000:g}w"]
    return random.choice(forms)


def _typed_rate(random, percent):
    return random.choice(
        [f"{percent}%", f"{percent / 100:g}", f"约{percent}％", percent / 100, f"{percent}％"]
    )


def _save(rows, title="Sheet1"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    # A leading "=" is an answer here, as it is in a survey's export.
    for row in sheet.iter_rows():
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def fresh_applications(seed, *, people=60):
    """A survey export. `truth`: one dict per row, `problem` None or the code."""
    random = Random(seed)
    fields = random.sample(list(_TITLES), len(_TITLES))
    titles = {name: random.choice(_TITLES[name]) for name in fields}
    extras = random.sample(list(_EXTRA), random.randint(0, len(_EXTRA)))
    columns = ["序号", "提交答卷时间", *fields, *extras]
    random.shuffle(columns)
    preamble = [["导出时间", "2026-12-18"], [], ["本表共", people, "份答卷"]][
        : random.randint(0, 3)
    ]
    rows = [*preamble, [titles.get(column, column) for column in columns]]
    truth, taken = [], []
    for number in range(1, people + 1):
        mobile = a_mobile(random)
        category = random.choice(list(_CATEGORIES))
        person = {
            "problem": None,
            "phone": mobile,
            "name": random.choice(_SURNAMES) + random.choice(_GIVEN),
            "category": category,
            "industry": random.choice(list(_INDUSTRIES)),
            "community_size": random.choice([None, 480, 3000, 8000, 12000, 350000]),
            "active_rate_percent": random.choice([None, 7, 29, 40, 58]),
            "followers": random.choice([99_999, 100_000, 1_500_000]) * (category == "creator")
            or None,
            "pain_points": random.sample(_PAINS, random.randint(0, 4)),
            "expertise": random.sample(_SKILLS, random.randint(1, 3)),
            "on_site": random.random() < 0.6,
            "wall_name": random.random() < 0.7,
        }
        cells = {
            "序号": number,
            "提交答卷时间": f"2026/11/{random.randint(10, 30)} 0{random.randint(1, 9)}:05:00",
            "name": random.choice(["{}", " {}　", "{}🌱", "\u200b{}"]).format(person["name"]),
            "mobile": _typed_mobile(random, mobile),
            "email": random.choice([f"p{mobile}@example.com", "(空)", f"P{mobile}@Example.com "]),
            "organisation": "白桃烘焙",
            "job_title": random.choice(["运营", '=HYPERLINK("http://evil.example","奖")']),
            "category": _CATEGORIES[category],
            "industry": _INDUSTRIES[person["industry"]],
            "community_size": "(跳过)"
            if person["community_size"] is None
            else _typed_size(random, person["community_size"]),
            "active_rate": "(跳过)"
            if person["active_rate_percent"] is None
            else _typed_rate(random, person["active_rate_percent"]),
            "followers": "(跳过)"
            if person["followers"] is None
            else _typed_size(random, person["followers"]),
            "expertise": "┋".join(person["expertise"]),
            "pain_points": "\n".join(person["pain_points"]) or "(空)",
            "on_site": "线下到场" if person["on_site"] else "线上参加",
            "processing": "同意",
            "wall_name": "同意" if person["wall_name"] else "不同意",
        } | {extra: _EXTRA[extra] for extra in extras}
        _spoil(random, person, cells, taken)
        if person["problem"] is None:
            taken.append(mobile)
        rows.append([cells.get(column) for column in columns])
        truth.append(person | {"row": len(rows)})
    return Fresh(content=_save(rows), truth=truth)


def _spoil(random, person, cells, taken):
    dice = random.random()
    if dice < 0.05:
        person["problem"], cells["mobile"] = "phone", person["phone"][:-1]
    elif dice < 0.10:
        person["problem"], cells["name"] = "name", random.choice([None, "(空)", "🌱"])
    elif dice < 0.14:
        person["problem"], cells["processing"] = "consent", random.choice(["不同意", "(空)"])
    elif dice < 0.20 and taken:
        person["problem"] = "duplicate"
        cells["mobile"] = _typed_mobile(random, random.choice(taken))
    elif dice < 0.23:
        person["problem"], cells["category"] = "category", "路人"
    elif dice < 0.26:
        person["problem"], cells["community_size"] = "number", "好几千"


def fresh_visits(seed, *, viewers=30):
    """A meeting platform's visits. `truth`: people, minutes by mobile or name, number of visits."""
    random = Random(seed)
    people, minutes, visits = [], {}, []
    names = random.sample([s + g for s in _SURNAMES for g in _GIVEN], viewers)
    for number, name in enumerate(names):
        mobile = a_mobile(random)
        guest = number % 6 == 5
        if not guest:
            people.append({"id": number, "name": name, "mobile": mobile})
        nickname = random.choice(["iPhone", "游客", "Lily🌸"]) + str(number) if guest else name
        watched = set()
        for _ in range(random.randint(1, 4)):
            joined = START + timedelta(seconds=random.randint(-1800, 14000))
            left = joined + timedelta(seconds=random.randint(60, 9000))
            watched |= set(
                range(
                    max(0, int((joined - START).total_seconds())),
                    min(int((END - START).total_seconds()), int((left - START).total_seconds())),
                )
            )
            visits.append(
                {
                    "name": random.choice(["{0}", "{0}({0})", "{0}（{0}）"]).format(nickname),
                    "mobile": None if guest or random.random() < 0.4 else mobile,
                    "joined": joined,
                    "left": left,
                }
            )
        if watched:
            minutes[nickname if guest else mobile] = round(len(watched) / 60, 2)
    random.shuffle(visits)
    return Fresh(
        content=_save(_visit_rows(random, visits), title="参会成员"),
        truth={"people": people, "minutes": minutes, "visits": len(visits)},
    )


def _visit_rows(random, visits):
    titles = {
        "name": random.choice(["用户昵称（入会昵称）", "昵称", "1. 参会者姓名:", "用户名称"]),
        "mobile": random.choice(["手机号", "手机号码：", "绑定手机"]),
        "joined": random.choice(["入会时间", "加入时间", "进入会议时间:", "开始观看时间"]),
        "left": random.choice(["退会时间", "离开时间", "退出会议时间:", "结束观看时间"]),
        "duration": random.choice(["参会时长", "观看时长(时:分:秒)"]),
        "role": "参会身份",
        "times": "入会次数",
    }
    columns = random.sample(list(titles), len(titles))
    preamble = [
        ["会议主题", "社群互动沙龙"],
        ["会议号", "512 384 907"],
        ["预定开始时间", "2026-12-19 13:30:00", "预定结束时间", "2026-12-19 18:00:00"],
        ["参会人数", 30],
        [],
    ]
    write_time = random.choice(
        [
            lambda at: at.strftime("%Y-%m-%d %H:%M:%S"),
            lambda at: at.strftime("%Y/%m/%d %H:%M:%S"),
            lambda at: at.replace(tzinfo=None),
        ]
    )
    rows = preamble[random.randint(0, 4) :]
    rows.append([titles[column] for column in columns])
    for visit in visits:
        length = visit["left"] - visit["joined"]
        cells = {
            "name": visit["name"],
            "mobile": visit["mobile"],
            "joined": write_time(visit["joined"]),
            "left": None if random.random() < 0.1 else write_time(visit["left"]),
            "duration": f"0{length}",
            "role": "成员",
            "times": 1,
        }
        rows.append([cells[column] for column in columns])
    return [*rows, [], ["以上数据由会议平台导出"]]
