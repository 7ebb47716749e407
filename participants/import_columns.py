"""The columns of an application file: what each field is called, and which must be asked."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from salon.headers import compile_asks, find_header
from salon.sheets import SheetRefused

CONSENTS = (
    *("processing", "wall_name", "photo", "share_contact", "whitepaper_credit"),
    "invite_again",
)

_ASKS = compile_asks(
    {
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
        "invite_again": (
            (
                "(?:再|继续|以后|今后|下次|后续|下[一]?[期场]|新一期).*(?:邀请|通知|联系|推送)",
                "(?:邀请|通知).*(?:以后|今后|下次|后续|下[一]?[期场]).*活动|inviteagain",
            ),
            # Asked along with the consent to be processed at all, it is none of its own.
            "个人信息|个人资料|隐私|邀请人|渠道|来源",
        ),
        "processing": (
            (
                "(?:处理|收集|使用).*(?:个人信息|个人资料|隐私|数据)",
                "(?:个人信息|个人资料).*(?:处理|收集|使用|用于)",
                "个人信息|隐私|知情同意|processing",
                # Not 以上信息是否属实, and not whether others may see it.
                "^(?!.*(?:分享|共享|交换|展示|公开|提供给)).*(?:同意|授权|允许)"
                ".*(?:以上|上述|所填|填写的|提交的)信息",
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
        "email": (
            ("邮箱|电子邮件|e-?mail", "邮件"),
            # 接收资料的邮箱 asks for the address, 接收邮件通知 does not.
            "同意|愿意|授权|订阅|是否|邀请|推荐|^(?!.*(?:邮箱|地址)).*接收",
        ),
        "name": (
            ("姓名|真实名", "名字|称呼|^(?:your|full)?name$|^(?:报名|参会|参加|参与|与会)[人者]$"),
            "同意|愿意|授权|展示|显示|邀请|推荐|紧急|机构|公司|单位|企业|社群|群名|品牌|账号|拼音|英文|昵称|墙",
        ),
        "active_rate": (
            ("月活率|活跃率|月活跃|activerate", "月活|活跃度|活跃"),
            "人数|人次|原因|痛点|天数",
        ),
        "community_size": (
            (
                "社群.*(?:规模|体量|人数|多少(?:人|成员|用户|群友)|成员数|用户数)|群规模|communitysize",
                "规模|(?:管理|运营).*人数|群成员",
            ),
            "月活|活跃|粉丝|公司|企业|团队|机构|增长",
        ),
        "followers": (("粉丝|关注者|followers", "订阅数|关注数"), "画像|来源|社群人数"),
        "expertise": (("擅长|专长|特长|expertise", "技能|强项"), "希望|期望|想学"),
        "creator_field": (
            ("创作.*(?:领域|方向)|内容.*(?:领域|方向)|赛道|垂类", "领域|field"),
            "行业",
        ),
        "pain_points": (("痛点|painpoint", "困扰|难题|困难|挑战"), "同意"),
        "cooperation_need": (
            ("合作.*(?:需求|意向|诉求)|cooperation", "合作|需求"),
            "饮食|特殊|餐|合作过",
        ),
        "can_bring": (
            ("(?:可|能|愿意).{0,2}(?:带来|分享)|带来.*(?:案例|方法)|canbring", "案例|方法"),
            "期望|希望|想听|联系方式",
        ),
        "resource_offer": (
            ("(?:提供|可用|拥有).*资源|offer", "资源"),
            "期望|希望|想要|需要|需求|对接",
        ),
        "expectation": (("期望|期待|expectation", "收获|希望|目标|想听"), ""),
        "on_site": (
            (
                "(?:参加|参与|参会|出席|到场).*(?:方式|形式)|attendance",
                "线下|线上|(?:何种|哪种|什么)(?:方式|形式).{0,2}"
                "(?:参加|参会|出席|到场|参与(?!互动|讨论|共创))",
            ),
            "社群|割裂|痛点",
        ),
        "channel": (("渠道|channel", "信息来源|得知|了解到|怎么知道|从哪"), "来源详情|推广"),
        "industry": (("行业|industry",), "经验|年限|博主"),
        "organisation": (
            ("机构|公司|单位|企业|organi[sz]ation|company", "组织|所属品牌|品牌名"),
            "规模|人数|岗位|(?<![就任供入在])职|身份|类型|性质|地址|电话|需求",
        ),
        "category": (
            ("身份|类别|(?:报名|参与|参会|人员)类型|category", "^类型$|您是|属于"),
            "身份证|行业",
        ),
        "job_title": (("岗位|职位|职务|jobtitle|position", "职称|职业|角色"), ""),
    }
)
_LISTS = ("pain_points", "expertise")  # may be asked in several columns


def find_application_header(table):
    """Return the Header of the row that asks most.

    SheetRefused when no row asks for a name and a mobile or e-mail, when category or the consent
    to processing is not asked at all (then every row would be refused for it), and when a second
    sheet holds applications, too, which would be left out in silence.
    """
    header = _header_in(table.sheets)
    if header is None:
        raise SheetRefused(
            "header",
            _("没有找到报名表的表头：需要有“姓名”，以及“手机”或“邮箱”。请检查是不是选错了文件。"),
        )
    if "category" not in header.columns:
        raise SheetRefused(
            "header", _("缺少“身份”一列（社群核心运营者、品牌方代表、内容创作者）。")
        )
    if "processing" not in header.columns:
        raise SheetRefused(
            "header", _("缺少“同意处理个人信息”一列。没有本人同意，不能导入个人信息。")
        )
    for sheet in table.sheets:
        if sheet is not header.sheet and _holds_applications(sheet):
            sentence = _("“{one}”和“{other}”两张工作表里都有报名。请分成两个文件，逐个导入。")
            raise SheetRefused(
                "sheets", format_lazy(sentence, one=header.sheet.title, other=sheet.title)
            )
    return header


def _header_in(sheets):
    return find_header(sheets, _ASKS, enough=_asks_somebody, repeated=_LISTS)


def _asks_somebody(columns):
    return "name" in columns and bool(columns.keys() & {"mobile", "email"})


def _holds_applications(sheet):
    header = _header_in([sheet])
    return (
        header is not None
        and header.columns.keys() >= {"category", "processing"}
        and any(number > header.number for number, _cells in sheet.rows())
    )
