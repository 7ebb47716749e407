"""Columns of an application file, known by what they ask: 「2、您的手机号码：」 is the mobile.

Platforms number their questions, organisers reword them, and both move columns about.
"""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from salon.sheets import SheetRefused
from salon.text import clean_text

CONSENTS = ("processing", "wall_name", "photo", "share_contact", "whitepaper_credit")

# field: (patterns, the surest first; what rules the field out)
_ASKS = {
    "wall_name": (("墙.*名|名.*墙|签到墙", "(?:展示|显示|公开|公布).*(?:姓名|名字)"), "白皮书"),
    "photo": (("拍照|拍摄|照片|影像|肖像|录像|摄影|photo",), "上传"),
    "share_contact": (
        (
            "(?:分享|共享|交换|互换|提供|公开|告知|share).*(?:联系|手机|微信|contact)",
            "联系方式.*(?:分享|共享|交换|匹配|公开)",
        ),
        "",
    ),
    "whitepaper_credit": (("白皮书", "署名"), "领取|期望"),
    "processing": (
        (
            "(?:处理|收集|使用).*(?:个人信息|个人资料|隐私|数据)",
            "(?:个人信息|个人资料).*(?:处理|收集|使用|用于)",
            "个人信息|隐私|知情同意|processing",
        ),
        "墙|白皮书|月活",
    ),
    "source_number": (("^(?:序号|编号|答卷编号|答卷序号|答题序号|id|no)$",), ""),
    "submitted_at": (
        ("提交.*时间|提交日期|submitted", "(?:报名|填写|答卷|答题|完成)时间|时间戳|timestamp"),
        "所用|时长|耗时|开始",
    ),
    "mobile": (
        ("手机|移动电话|mobile|cellphone", "电话|联系方式|phone|^tel"),
        "同意|愿意|授权|分享|共享|邀请|推荐|紧急|座机|型号|单位|公司",
    ),
    "email": (("邮箱|电子邮件|e-?mail", "邮件"), "同意|愿意|授权|订阅|接收|邀请|推荐"),
    "name": (
        ("姓名|真实名", "名字|称呼|^(?:your|full)?name$"),
        "同意|愿意|授权|展示|显示|邀请|推荐|紧急|机构|公司|单位|企业|社群|群名|品牌|账号|拼音|英文|昵称|墙",
    ),
    "active_rate": (
        ("月活率|活跃率|月活跃|activerate", "月活|活跃度|活跃"),
        "人数|人次|原因|痛点|天数",
    ),
    "community_size": (
        (
            "社群.*(?:规模|人数|多少人|成员数|用户数)|群规模|communitysize",
            "规模|(?:管理|运营).*人数|群成员",
        ),
        "月活|活跃|粉丝|公司|企业|团队|机构|增长",
    ),
    "followers": (("粉丝|关注者|followers", "订阅数|关注数"), "画像|来源|社群人数"),
    "expertise": (("擅长|专长|特长|expertise", "技能|强项"), "希望|期望|想学"),
    "creator_field": (("创作.*(?:领域|方向)|内容.*(?:领域|方向)|赛道|垂类", "领域|field"), "行业"),
    "pain_points": (("痛点|painpoint", "困扰|难题|困难|挑战"), "同意"),
    "cooperation_need": (
        ("合作.*(?:需求|意向|诉求)|cooperation", "合作|需求"),
        "饮食|特殊|餐|合作过",
    ),
    "can_bring": (
        ("(?:可|能|愿意).{0,2}(?:带来|分享)|带来.*(?:案例|方法)|canbring", "案例|方法"),
        "期望|希望|想听|联系方式",
    ),
    "resource_offer": (("(?:提供|可用|拥有).*资源|offer", "资源"), "期望|希望|想要|需要|需求|对接"),
    "expectation": (("期望|期待|expectation", "收获|希望|目标|想听"), ""),
    "on_site": (
        ("(?:参加|参与|参会|出席|到场).*(?:方式|形式)|attendance", "线下|线上"),
        "社群|割裂|痛点",
    ),
    "channel": (("渠道|channel", "信息来源|得知|了解到|怎么知道|从哪"), "来源详情|推广"),
    "industry": (("行业|industry",), "经验|年限|博主"),
    "organisation": (
        ("机构|公司|单位|企业|organi[sz]ation|company", "组织|所属品牌|品牌名"),
        "规模|人数|岗位|职|身份|类型|性质|地址|电话|需求",
    ),
    "category": (
        ("身份|类别|(?:报名|参与|参会|人员)类型|category", "^类型$|您是|属于"),
        "身份证|行业",
    ),
    "job_title": (("岗位|职位|职务|jobtitle|position", "职称|职业|角色"), ""),
}  # fmt: skip
_ASKS = {
    name: (tuple(re.compile(p) for p in patterns), re.compile(unless) if unless else None)
    for name, (patterns, unless) in _ASKS.items()
}
_LISTS = ("pain_points", "expertise")  # may be asked in several columns
_NUMBERING = re.compile(
    r"^(?:第?\d+\s*(?:[、.:：)）_]|题[、.:：]?)|第?\d+\s+|[(（]\d+[)）]|q\d+[、.:：_)\s]*"
    r"|[一二三四五六七八九十]+、|[*★\s])+"
)
_SIDE_REMARK = re.compile(r"[(（\[【](?:必填|选填|必答|选答|单选题?|多选题?|填空题?|\*)[)）\]】]")
HEADER_SEARCH_ROWS = 60


def _question(header):
    """Fold a header: number, width, case, spaces, colon and 必填 aside."""
    text = unicodedata.normalize("NFKC", clean_text(header)).casefold()
    text = _SIDE_REMARK.sub("", _NUMBERING.sub("", text))
    return re.sub(r"\s+", "", text).strip(":：?？*。.、")


def _match_columns(cells):
    """Return {field: [column indexes]}; each column goes to the field that claims it surest."""
    claims = []
    for column, cell in enumerate(cells):
        if not isinstance(cell, str) or len(cell) > 300:
            continue
        question = _question(cell)
        for order, (name, (patterns, unless)) in enumerate(_ASKS.items()):
            if unless and unless.search(question):
                continue
            for sureness, pattern in enumerate(patterns):
                if pattern.search(question):
                    claims.append((sureness, order, column, name))
                    break
    found, taken = {}, set()
    for _sureness, _order, column, name in sorted(claims):
        if column in taken or (name in found and name not in _LISTS):
            continue
        found.setdefault(name, []).append(column)
        taken.add(column)
    return {name: sorted(columns) for name, columns in found.items()}


def find_header(table):
    """Return (sheet, row number, cells, {field: [columns]}) of the row that asks most.

    SheetRefused when no row asks for a name and a mobile or e-mail, or when category or the
    consent to processing is not asked at all: then every row would be refused for it.
    """
    best = None
    for sheet in table.sheets:
        for number, cells in sheet.rows():
            if number > HEADER_SEARCH_ROWS:
                break
            columns = _match_columns(cells)
            if "name" not in columns or not columns.keys() & {"mobile", "email"}:
                continue
            if best is None or len(columns) > len(best[3]):
                best = (sheet, number, cells, columns)
    if best is None:
        raise SheetRefused(
            "header",
            _("没有找到报名表的表头:需要有“姓名”,以及“手机”或“邮箱”。请检查是不是选错了文件。"),
        )
    if "category" not in best[3]:
        raise SheetRefused("header", _("缺少“身份”一列(社群核心运营者、品牌方代表、内容创作者)。"))
    if "processing" not in best[3]:
        raise SheetRefused(
            "header", _("缺少“同意处理个人信息”一列。没有本人同意,不能导入个人信息。")
        )
    return best
