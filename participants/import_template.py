"""The project's own spreadsheet of applications: empty for filling in, and filled for export."""

from dataclasses import dataclass

from participants.import_columns import CONSENTS
from salon.sheets import write_table
from salon.text import national_mobile, rate_text

CATEGORY_LABELS = {"core": "社群核心运营者", "brand": "品牌方代表", "creator": "内容创作者"}
INDUSTRY_LABELS = {
    "internet": "互联网", "education": "教育", "consumer": "消费", "services": "服务",
    "other": "其他",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    field: str
    header: str
    width: int
    required: bool
    explanation: str
    example: str


# Headers are the file's format, not its face: they stay Chinese so that any template reads back.
TEMPLATE_COLUMNS = (
    TemplateColumn("name", "姓名", 12, True, "必填。", "李天佑"),
    TemplateColumn(
        "mobile", "手机", 16, False, "手机和邮箱至少填一个。可带 +86、空格。", "13800138000"
    ),
    TemplateColumn("email", "邮箱", 26, False, "手机和邮箱至少填一个。", "li@example.com"),
    TemplateColumn("organisation", "机构", 18, False, "公司、学校或品牌。", "知行学堂"),
    TemplateColumn("job_title", "岗位", 16, False, "", "社群运营经理"),
    TemplateColumn(
        "category",
        "身份",
        16,
        True,
        "必填：社群核心运营者、品牌方代表或内容创作者。",
        "社群核心运营者",
    ),
    TemplateColumn("industry", "行业", 10, False, "互联网、教育、消费、服务或其他。", "教育"),
    TemplateColumn(
        "community_size", "社群规模（人）", 14, False, "数字，也可写 1.2万、5k。", "12000"
    ),
    TemplateColumn("active_rate", "近6个月平均月活率", 18, False, "百分数，如 45%。", "45%"),
    TemplateColumn("followers", "粉丝量", 12, False, "内容创作者填写，写法同社群规模。", "15万"),
    TemplateColumn("expertise", "擅长领域", 22, False, "多项用“、”分开。", "数据分析、社群氛围"),
    *(
        TemplateColumn("pain_points", f"痛点{n}", 26, False, "一格一条，最多 5 条。", example)
        for n, example in enumerate(
            ("新用户进群三天就沉默", "激励成本高，停了就没人", "", "", ""), 1
        )
    ),
    TemplateColumn("cooperation_need", "合作需求", 22, False, "品牌方代表填写。", "招募体验官"),
    TemplateColumn(
        "resource_offer", "可提供的资源", 22, False, "品牌方代表填写。", "新品试用装 200 份"
    ),
    TemplateColumn("creator_field", "创作领域", 16, False, "内容创作者填写。", "职场"),
    TemplateColumn(
        "can_bring", "可带来的案例或方法", 24, False, "内容创作者填写。", "七天打卡活动复盘"
    ),
    TemplateColumn("expectation", "期望收获", 26, False, "", "听同行怎么做数据跟进"),
    TemplateColumn(
        "on_site", "参加方式", 12, False, "线下到场或线上参加；不填算线下。", "线下到场"
    ),
    TemplateColumn(
        "channel", "信息来源渠道", 16, False, "公众号内推、定向邀请、社群内报名…", "社群内报名"
    ),
    TemplateColumn(
        "processing", "同意处理个人信息", 16, True, "必填：是或否。填“否”的不能导入。", "是"
    ),
    TemplateColumn("wall_name", "同意在签到墙展示姓名", 18, False, "是或否。", "是"),
    TemplateColumn("photo", "同意活动拍照", 14, False, "是或否。", "是"),
    TemplateColumn("share_contact", "同意向匹配对象分享联系方式", 22, False, "是或否。", "否"),
    TemplateColumn("whitepaper_credit", "同意在白皮书中署名", 18, False, "是或否。", "否"),
    TemplateColumn("invite_again", "同意以后的活动再邀请", 20, False, "是或否。", "否"),
    TemplateColumn(
        "submitted_at", "报名时间", 18, False, "如 2026-12-01 09:30。", "2026-12-01 09:30"
    ),
)
TEMPLATE_HEADERS = {column.field: column.header for column in reversed(TEMPLATE_COLUMNS)}


def write_template(stream):
    """Write the empty template as XLSX, with a sheet that explains each column."""
    explained = (
        [
            column.header,
            "必填" if column.required else "选填",
            column.explanation,
            column.example,
        ]
        for column in TEMPLATE_COLUMNS
    )
    write_table(
        stream,
        sheets=[
            (
                "报名表",
                [column.header for column in TEMPLATE_COLUMNS],
                (),
                [column.width for column in TEMPLATE_COLUMNS],
            ),
            ("填写说明", ["列", "是否必填", "怎么填", "例子"], explained, [26, 10, 48, 26]),
        ],
    )


def template_cells(values):
    """Return ApplicationValues as a row under TEMPLATE_COLUMNS, which reads back the same."""
    pains = iter(values.pain_points)
    return [_template_cell(column.field, values, pains) for column in TEMPLATE_COLUMNS]


_CELLS = {
    "mobile": national_mobile,
    "category": lambda key: CATEGORY_LABELS.get(key, ""),
    "industry": lambda key: INDUSTRY_LABELS.get(key, ""),
    "expertise": "\n".join,
    "active_rate": rate_text,
    "on_site": lambda on_site: "线下到场" if on_site else "线上参加",
}


def _template_cell(name, values, pains):
    if name == "pain_points":
        return next(pains, "")
    if name in CONSENTS:
        return {True: "是", False: "否"}.get(values.consents.get(name), "")
    value = getattr(values, name)
    return _CELLS[name](value) if name in _CELLS else value
