"""WHAT THEY MAKE: pains and solutions, questions, matches, groups, plans, reviews, votes."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from participants.models import InterestGroup, Participant


def mark(label, **options):
    """A mark from 1 to 5."""
    return models.PositiveSmallIntegerField(
        label, validators=[MinValueValidator(1), MaxValueValidator(5)], **options
    )


class Moderated(models.TextChoices):
    WAITING = "waiting", _("待审核")
    SHOWN = "shown", _("已上墙")
    HIDDEN = "hidden", _("已隐藏")


# --- pain wall, blind box, icebreaker ---------------------------------------------------------


class PainCard(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="pain_cards")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="pain_cards"
    )
    interest_group = models.ForeignKey(
        InterestGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.CharField(_("痛点"), max_length=200)
    topic = models.CharField(_("主题"), max_length=30, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged"
    )
    hidden_at = models.DateTimeField(null=True, blank=True)
    client_id = models.UUIDField(unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("痛点卡片")
        verbose_name_plural = _("痛点卡片")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="pain_card_not_merged_into_itself",
            )
        ]

    def __str__(self):
        return self.text


class Solution(models.Model):
    card = models.ForeignKey(PainCard, on_delete=models.CASCADE, related_name="solutions")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="solutions"
    )
    text = models.CharField(_("解决方案"), max_length=300)
    featured_at = models.DateTimeField(_("优质方案"), null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    client_id = models.UUIDField(unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("解决方案")
        verbose_name_plural = _("解决方案")
        ordering = ["pk"]

    def __str__(self):
        return self.text


class SolutionLike(models.Model):
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="likes")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["solution", "participant"], name="one_like_per_person")
        ]


class BlindBox(models.Model):
    """The commitment is shown before the first draw, the seed after the last; see fair_draw."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="blind_box")
    slip_ids = models.JSONField()
    seed = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("痛点盲盒")
        verbose_name_plural = _("痛点盲盒")


class Draw(models.Model):
    box = models.ForeignKey(BlindBox, on_delete=models.CASCADE, related_name="draws")
    card = models.ForeignKey(PainCard, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()
    topic = models.CharField(_("归类"), max_length=30, blank=True)
    drawn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["box", "card"], name="slip_drawn_once"),
            models.UniqueConstraint(fields=["box", "position"], name="draw_position_once"),
        ]


class Icebreaker(models.Model):
    """One minute for one tip a group; the first three groups win the toolkit."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="icebreaker")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    winners = models.PositiveSmallIntegerField(default=3)


class Tip(models.Model):
    icebreaker = models.ForeignKey(Icebreaker, on_delete=models.CASCADE, related_name="tips")
    interest_group = models.ForeignKey(InterestGroup, on_delete=models.CASCADE, related_name="tips")
    participant = models.ForeignKey(Participant, on_delete=models.SET_NULL, null=True)
    text = models.CharField(_("小技巧"), max_length=200)
    finished_at = models.DateTimeField()
    place = models.PositiveSmallIntegerField(_("名次"))

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["icebreaker", "interest_group"], name="one_tip_per_group"
            ),
            models.UniqueConstraint(fields=["icebreaker", "place"], name="tip_place_once"),
        ]


# --- questions and danmaku --------------------------------------------------------------------


class Question(models.Model):
    class Kind(models.TextChoices):
        QUESTION = "question", _("提问")
        DANMAKU = "danmaku", _("弹幕")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="questions")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="questions"
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    text = models.CharField(_("内容"), max_length=200)
    state = models.CharField(
        _("状态"), max_length=10, choices=Moderated.choices, default=Moderated.WAITING
    )
    online = models.BooleanField(_("线上"), default=False)
    shown_at = models.DateTimeField(null=True, blank=True)
    picked_at = models.DateTimeField(_("选中"), null=True, blank=True)
    answered_at = models.DateTimeField(_("已回答"), null=True, blank=True)
    pinned_at = models.DateTimeField(_("置顶"), null=True, blank=True)
    client_id = models.UUIDField(unique=True, null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("提问与弹幕")
        verbose_name_plural = _("提问与弹幕")
        ordering = ["pk"]

    def __str__(self):
        return self.text


class QuestionVote(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="votes")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "participant"], name="one_upvote_per_person"
            )
        ]


class BlockedWord(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="blocked_words")
    word = models.CharField(_("屏蔽词"), max_length=40)

    class Meta:
        verbose_name = _("屏蔽词")
        verbose_name_plural = _("屏蔽词")
        constraints = [models.UniqueConstraint(fields=["event", "word"], name="blocked_word_once")]

    def __str__(self):
        return self.word


# --- resource corner --------------------------------------------------------------------------


class ThemeTable(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="theme_tables")
    key = models.SlugField(max_length=20)
    name = models.CharField(_("主题桌"), max_length=40)
    seats = models.PositiveSmallIntegerField(_("座位"), default=8)

    class Meta:
        verbose_name = _("主题桌")
        verbose_name_plural = _("主题桌")
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="theme_table_once")]

    def __str__(self):
        return self.name


class Listing(models.Model):
    """One person's offer and need at one table."""

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="listing"
    )
    table = models.ForeignKey(
        ThemeTable, on_delete=models.PROTECT, related_name="listings", verbose_name=_("主题桌")
    )
    offer = models.CharField(_("可提供资源"), max_length=200, blank=True)
    need = models.CharField(_("需求"), max_length=200, blank=True)
    seated = models.BooleanField(_("入座"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("资源供需")
        verbose_name_plural = _("资源供需")
        constraints = [
            models.CheckConstraint(
                condition=~Q(offer="") | ~Q(need=""), name="listing_offers_or_needs"
            )
        ]


class Match(models.Model):
    """`first` has the smaller id; a match counts once both have confirmed."""

    first = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    first_confirmed_at = models.DateTimeField(null=True, blank=True)
    second_confirmed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("对接")
        verbose_name_plural = _("对接")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="match_once_per_pair"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="match_between_two_in_order"
            ),
        ]


# --- workshop ---------------------------------------------------------------------------------


class WorkGroup(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="work_groups")
    number = models.PositiveSmallIntegerField(_("组号"))
    name = models.CharField(_("组名"), max_length=60)
    online = models.BooleanField(_("线上组"), default=False)
    leader = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("组长"),
    )
    leader_reason = models.CharField(max_length=120, blank=True)
    recorder = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("记录人"),
    )
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("工作小组")
        verbose_name_plural = _("工作小组")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="work_group_number_once")
        ]

    def __str__(self):
        return self.name


class Membership(models.Model):
    group = models.ForeignKey(WorkGroup, on_delete=models.CASCADE, related_name="memberships")
    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="membership"
    )
    late = models.BooleanField(_("后到"), default=False)

    class Meta:
        verbose_name = _("组员")
        verbose_name_plural = _("组员")


class TaskElement(models.Model):
    """One of the six elements a task card asks for; the blueprint brings them."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="task_elements")
    key = models.SlugField(max_length=30)
    name = models.CharField(_("要素"), max_length=40)
    hint = models.CharField(_("提示"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("任务卡要素")
        verbose_name_plural = _("任务卡要素")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="task_element_once")]

    def __str__(self):
        return self.name


class Plan(models.Model):
    """A group's task card and plan: one writes, all read; locked at 0:00."""

    group = models.OneToOneField(WorkGroup, on_delete=models.CASCADE, related_name="plan")
    title = models.CharField(_("方案名称"), max_length=80, blank=True)
    elements = models.JSONField(_("任务卡"), default=dict)  # {TaskElement.key: text}
    need_fit = mark(_("需求契合度"), default=3)
    appeal = mark(_("内容吸引力"), default=3)
    ease = mark(_("参与便捷度"), default=3)
    cost = mark(_("成本"), default=3)
    writer = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    writer_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    # Typed after 0:00: kept, never counted.
    late_draft = models.JSONField(default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("活动方案")
        verbose_name_plural = _("活动方案")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    need_fit__range=(1, 5),
                    appeal__range=(1, 5),
                    ease__range=(1, 5),
                    cost__range=(1, 5),
                ),
                name="plan_effect_marks_one_to_five",
            )
        ]

    def __str__(self):
        return self.title or str(self.group)


class PlanRow(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveSmallIntegerField()
    time_node = models.CharField(_("时间节点"), max_length=60)
    owner = models.CharField(_("负责人"), max_length=60, blank=True)
    resources = models.CharField(_("所需资源"), max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="plan_row_position_once")
        ]


class PlanEdit(models.Model):
    """Who has written in a plan: a contribution that counts, once per person."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="edits")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "participant"], name="plan_edit_per_person")
        ]


class PlanPhoto(models.Model):
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="plans/")
    added_by = models.ForeignKey(Participant, on_delete=models.SET_NULL, null=True)
    added_at = models.DateTimeField(auto_now_add=True)


class Phase(models.Model):
    """Design 20, review 20, vote 10: the server's clock opens and closes them."""

    class Kind(models.TextChoices):
        DESIGN = "design", _("设计")
        REVIEW = "review", _("点评")
        VOTE = "vote", _("投票")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="phases")
    kind = models.CharField(_("阶段"), max_length=8, choices=Kind.choices)
    minutes = models.PositiveSmallIntegerField(_("分钟"))
    started_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("工作坊阶段")
        verbose_name_plural = _("工作坊阶段")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "kind"], name="phase_once"),
            models.CheckConstraint(
                condition=Q(started_at=None, ends_at=None)
                | Q(started_at__isnull=False, ends_at__gte=F("started_at")),
                name="phase_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return self.get_kind_display()


# --- judging ----------------------------------------------------------------------------------


class MentorReview(models.Model):
    group = models.ForeignKey(WorkGroup, on_delete=models.CASCADE, related_name="reviews")
    mentor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    need_fit = mark(_("契合用户需求"))
    feasibility = mark(_("可行性"))
    follow_up = mark(_("数据跟进完整度"))
    suggestion = models.TextField(_("一条建议"))
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("导师点评")
        verbose_name_plural = _("导师点评")
        constraints = [
            models.UniqueConstraint(fields=["group", "mentor"], name="one_review_per_mentor"),
            models.CheckConstraint(
                condition=Q(
                    need_fit__range=(1, 5), feasibility__range=(1, 5), follow_up__range=(1, 5)
                ),
                name="review_marks_one_to_five",
            ),
        ]


class Award(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="awards")
    key = models.SlugField(max_length=20)
    name = models.CharField(_("奖项"), max_length=40)
    # Set when the vote is closed, with how a tie was broken.
    winner = models.ForeignKey(
        WorkGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="awards_won"
    )
    result = models.JSONField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("奖项")
        verbose_name_plural = _("奖项")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="award_once")]

    def __str__(self):
        return self.name


class VoteTicket(models.Model):
    """Says that a person has voted for an award. Not what: no row anywhere joins person and
    choice, and no time stands on either side to join them by."""

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="tickets")
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "participant"], name="one_vote_per_award")
        ]


class VoteCount(models.Model):
    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="counts")
    group = models.ForeignKey(WorkGroup, on_delete=models.CASCADE, related_name="+")
    votes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "group"], name="one_count_per_award_and_group")
        ]
