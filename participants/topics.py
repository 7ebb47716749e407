"""What a pain is about: a small keyword classifier whose every answer can be explained.

Used for tag cards and interest groups, and by the blind box, whose drawn slips are filed
under a topic (SALON §4). It proposes; a tap of the person or a key of the host corrects.

A cue is written as people would say it: ``|`` parts alternatives and ``…`` stands for up
to eight characters within one clause, so ``新人|新成员…沉默|潜水`` finds 新人进群三天就沉默.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from salon.text import fold

LONGEST_READ = 1_000
CLAUSE_ENDS = r",;.!?。、\n"
GAP = rf"[^{CLAUSE_ENDS}]{{0,8}}"


@dataclass(frozen=True)
class Cue:
    """One way to speak of a topic. The more parts it ties together, the more it proves."""

    pattern: re.Pattern
    weight: int

    @classmethod
    def written(cls, words: str) -> "Cue":
        parts = [_normalised(part) for part in words.split("…")]
        steps = ["(?:" + "|".join(map(re.escape, part.split("|"))) + ")" for part in parts]
        return cls(re.compile(GAP.join(steps)), weight=1 + len(parts))


@dataclass(frozen=True)
class Topic:
    """``label`` names the pain on the wall; ``group`` names those who work on it."""

    key: str
    label: str
    group: str
    family: str  # topics of one family are neighbours when a small group looks for company
    words: tuple[str, ...] = ()

    @cached_property
    def cues(self) -> tuple[Cue, ...]:
        return tuple(Cue.written(words) for words in self.words)


@dataclass(frozen=True)
class Classification:
    """The topic of a text, and the pieces of the text that spoke for it."""

    topic: Topic
    evidence: tuple[str, ...]


TOPICS = (
    Topic(
        "new_user_activation",
        _("新用户难激活"),
        _("新用户激活"),
        "people",
        (
            "新用户|新人|新成员|新客|新粉|新会员|新学员|新同学|小白",
            (
                "新用户|新人|新成员|新客|新粉|新会员|新学员|新同学…沉默|潜水|不说话|不发言|没反应|"
                "没动静|留不住|留存|不活跃|激活|破冰|不互动|流失|退群|走|取关"
            ),
            (
                "刚进群|进群|入群|加群|刚加|刚进来|刚来|新来|加好友…沉默|潜水|不说话|不发言|没反应|没有反应|没动静|退群|就走|"
                "没下文|屏蔽|免打扰"
            ),
            "拉新|冷启动|新手引导|新手村|欢迎语|迎新|首单引导|前七天|前 7 天|onboarding|new user",
        ),
    ),
    Topic(
        "low_participation",
        _("参与度低"),
        _("提升参与"),
        "people",
        (
            (
                "参与率|参与度|参与人数|参与感|活跃度|活跃率|月活|日活|互动率|互动量|打开率|出席率|到场率|"
                "报名率|报名人数|响应率|完成率|完课率|打卡率…低|下降|下滑|不高|上不去|少|掉|不足|差|跌|弱"
            ),
            (
                "没人|没有人|无人|没几个人|不愿|不想|懒得|很少…参与|互动|说话|发言|回应|响应|搭理|接话|"
                "报名|参加|打卡|回复|冒泡|吭声|举手"
            ),
            "冷清|冷场|死群|沉默|潜水|不活跃|僵尸群|没动静|不说话|不发言|一潭死水|自说自话|唱独角戏",
            "互动少|互动差|互动不足|互动低|互动弱|互动冷|缺乏互动|缺少互动|参与度低|参与率低|活跃度低",
            "打卡|活动|直播|社群|群…越来越低|越来越少|坚持不|冷",
            "参与|互动|活跃|报名|打卡|回应",
            "石沉大海|已读不回|那几个人|打不起精神|有气无力|带不动|没人发弹幕|回收率|来的人少|到场的少|不捧场",
            "low engagement|low participation|inactive|nobody joins",
        ),
    ),
    Topic(
        "sameness",
        _("内容同质化"),
        _("内容创新"),
        "content",
        (
            (
                "同质化|单一|单调|千篇一律|千群一面|雷同|大同小异|没新意|没有新意|缺乏新意|缺少新意|老一套|老三样|"
                "审美疲劳|差异化|没特色|没有特色|没创意|没有创意|缺乏创意|缺创意|创意枯竭|腻了|差不多|都一样|互相抄"
            ),
            "内容|玩法|活动|话题|形式|素材…一样|转发|搬运|无聊|乏味|单一|重复|雷同|套路|没意思|相似",
            "只剩转发|都是转发|只会转发|全是转发|全是搬运",
            "sameness|repetitive|boring content",
        ),
    ),
    Topic(
        "content_supply",
        _("内容产出不足"),
        _("内容共创"),
        "content",
        (
            "ugc|用户内容|用户产出|用户创作|用户投稿",
            "内容|素材|选题|文案|产出|话题…不足|不够|跟不上|断更|枯竭|缺|写不出|供给|太少|难产|没灵感",
            "全靠|都靠|只靠|靠…运营|自己|小编|群主…写|产出|发|撑|原创",
            "没人|没有人|不愿|很少…分享|投稿|晒|发帖|创作|写|产出|出内容|贡献",
            "内容|素材|选题|发什么|发帖|原创",
            "user content|content supply",
        ),
    ),
    Topic(
        "hard_to_track",
        _("数据难跟踪"),
        _("数据跟踪"),
        "results",
        (
            (
                "数据…难|散|割裂|不准|不通|打通|打不通|跟踪|追踪|统计|跟进|看不到|没有|缺|孤岛|滞后|手工|"
                "手动|不会|不清|乱|对不上|导出|表格"
            ),
            "数据孤岛|数据难|埋点|归因|漏斗|看板|报表|追踪不到|跟踪不到|无法追踪|难跟踪|难追踪|量化|roi|哪个渠道|复盘|怎么算",
            "数据|统计|excel|跨平台",
            "效果|价值|产出|贡献|结果…衡量|评估|说不清|看不到|看不见|量化|难证明|讲不清|怎么算",
            "不知道|不清楚|说不清|没法|无法|难以…效果|好坏|有没有用|衡量|评估|roi|量化",
            "hard to track|tracking|attribution|measure|metrics",
        ),
    ),
    Topic(
        "incentive_cost",
        _("激励成本高"),
        _("低成本激励"),
        "results",
        (
            (
                "激励|奖励|红包|奖品|积分|补贴|礼品|礼物|福利|优惠券…成本|贵|高|停|烧钱|不起|疲劳|失效|没用|"
                "预算|羊毛|不可持续|没效果|依赖|麻木|不感冒|越来越|没吸引力"
            ),
            "激励|奖励|奖品|红包|羊毛|烧钱",
            "成本|预算…高|超|不足|不够|有限|压缩|紧|没有|越来越|降不",
            "没预算|没有预算|没钱|不发…没人|不动|不来",
            "incentive cost|budget|rewards cost",
        ),
    ),
    Topic(
        "churn",
        _("老用户流失"),
        _("老用户留存"),
        "people",
        (
            "流失|退群|召回|掉粉|脱粉|取关|续费|复训|唤醒|沉睡|不续|到期",
            (
                "老用户|老客|老会员|老成员|老粉|老学员|老群友|核心用户|存量|种子用户…流失|走|离开|退|留不住|"
                "不来|沉睡|沉默|取关|唤醒|召回|预警|流走|不活跃|潜水|倦怠"
            ),
            "老用户|老客户|老会员|老成员|老粉|老学员|存量用户",
            "留存|留不住…低|差|难|人|用户|会员|客户",
            "churn|retention|lapsed",
        ),
    ),
    Topic(
        "conversion",
        _("转化难"),
        _("转化复购"),
        "results",
        (
            "转化|复购|成交|变现|下单|客单价|gmv|付费|带货|销量|商业化|出单|营收",
            "转化|复购|成交|变现|付费|下单…低|难|上不去|不|少|差|断",
            "活跃|聊|热闹|流量|粉丝…不转化|不买|不下单|不成交|不付费|没转化|不变现|卖不动",
            "白嫖|光聊不买|卖不动|卖不出|conversion|monetis|monetiz|sales",
        ),
    ),
    Topic(
        "staffing",
        _("人手不足"),
        _("人手与效率"),
        "work",
        (
            "人手|人力|运营人员|团队|精力|志愿者|管理员…不够|不足|缺|少|太少|紧张|有限|跟不上",
            "一个人|两个人|我自己|就我|一人…管|运营|维护|带|负责|扛|干|群|顾",
            (
                "忙不过来|顾不过来|管不过来|回不过来|回复不过来|分身乏术|没时间|没精力|身兼数职|加班|缺人|顾不上|没人带|志愿者|"
                "没人手|效率低|重复劳动|机械劳动"
            ),
            "社群|群…太多|只有1个人|只有一个人|几十个|上百个|数量多|管不",
            "没人…管|维护|运营|打理|接手",
            "understaffed|headcount|short of staff|no time",
        ),
    ),
    Topic(
        "online_offline_gap",
        _("线上线下割裂"),
        _("线上线下联动"),
        "work",
        (
            "线上…线下",
            "线下…线上",
            (
                "线下|到场|到店|门店|活动结束|活动后|会后|散场|散会…没有后续|没后续|断|没下文|没联系|不联系|"
                "再也|凉|沉淀|承接|导流|引流|导不|不进群"
            ),
            "线下|门店|到店",
            "没有后续|没后续|没下文|承接不住|两张皮|脱节|线上热闹|线下冷清|线下没人|一次性活动|o2o|hybrid|offline",
        ),
    ),
    Topic(
        "atmosphere",
        _("广告多、氛围差"),
        _("社群氛围"),
        "work",
        (
            "广告|刷屏|灌水|骂战|吵架|互怼|骚扰|引战|微商|砍一刀|群规|违规|杠精|戾气|黑产|加人私聊|推销|负能量|带节奏",
            "氛围|风气|秩序|气氛…差|变|乱|不好|坏|冷|管|维持|尴尬",
            "氛围|风气|秩序",
            "链接|拼团|小程序|二维码…乱发|满天飞|刷|太多",
            "spam|toxic|atmosphere|advertising",
        ),
    ),
)
OTHER = Topic("other", _("其他痛点"), _("自由交流"), "other")
_BY_KEY = {topic.key: topic for topic in (*TOPICS, OTHER)}


def topic_named(key: str) -> Topic:
    """The topic of a stored key; OTHER for a key that is blank or no longer in use."""
    return _BY_KEY.get(key, OTHER)


def topic_of(text: str) -> Topic:
    """The topic a pain text belongs to, OTHER when nothing in it is recognised."""
    return classify(text).topic


def classify(text: str) -> Classification:
    """Weigh every topic's cues in the first LONGEST_READ characters: a cue of n parts counts n + 1,
    once.

    Of equally strong topics the one that is spoken of first wins, then the order of
    TOPICS. ``evidence`` quotes the text, normalised: half-width, lower case, no spaces.
    """
    plain = _normalised(text)
    best, answer = (0, 0), Classification(OTHER, ())
    for topic in TOPICS:
        hits = [(cue, hit) for cue in topic.cues if (hit := cue.pattern.search(plain))]
        if not hits:
            continue
        strength = sum(cue.weight for cue, _hit in hits)
        rank = (strength, -min(hit.start() for _cue, hit in hits))
        if rank > best:
            evidence = tuple(dict.fromkeys(hit.group() for _cue, hit in hits))
            best, answer = rank, Classification(topic, evidence)
    return answer


def _normalised(text: str) -> str:
    return re.sub(r"[^\S\n]+", "", fold(text[:LONGEST_READ], multiline=True))
