"""WHAT IT WAS WORTH: survey, stream, evaluation, whitepaper, follow-up."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from participants.models import Participant
from salon import clock, tables
from salon.digests import Digest


def answers_of_the_survey(model):
    """A sheet answers questions of its survey, as they may be answered. Looked at for all sheets
    of a statement at once: each new one has all written anew."""
    name = "survey_response_answers_its_survey"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        on=("insert", "update"),
        for_each="statement",
        before=False,
        body=f"""
            IF EXISTS (
                SELECT FROM new_rows r CROSS JOIN jsonb_each(r.answers) AS a (question, answer)
                LEFT JOIN metrics_surveyquestion q
                    ON q.survey_id = r.survey_id AND q.id::text = a.question
                WHERE NOT coalesce(CASE q.kind
                    WHEN 'open' THEN jsonb_typeof(answer) = 'string'
                    WHEN 'scale' THEN answer IN ('1', '2', '3', '4', '5')
                    WHEN 'choice' THEN jsonb_typeof(answer) = 'number'
                        AND answer >= '0' AND answer < to_jsonb(jsonb_array_length(q.options))
                END, false)
            ) THEN {tables.refuse(name)} END IF;
        """,
    )


class Survey(models.Model):
    erase_keeps = "the crew's own words"

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, related_name="survey", verbose_name=_("活动")
    )
    title = models.CharField(_("标题"), max_length=120)
    intro = models.TextField(_("开场白"), blank=True)
    opened_at = models.DateTimeField(_("开放时间"), null=True, blank=True)
    closes_at = models.DateTimeField(_("截止时间"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("问卷")
        verbose_name_plural = _("问卷")
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(opened_at__isnull=False),
                name="survey_that_closes_was_opened",
            )
        ]

    def __str__(self):
        return self.title


class SurveyQuestion(models.Model):
    erase_keeps = "the crew's own words"
    table_rules = (tables.HasShape("options", ["string"]),)

    class Kind(models.TextChoices):
        SCALE = "scale", _("1–5 分")
        CHOICE = "choice", _("单选")
        OPEN = "open", _("开放题")

    survey = models.ForeignKey(
        Survey,
        on_delete=models.CASCADE,
        related_name="questions",
        db_index=False,  # survey_position_once begins with it
    )
    position = models.PositiveSmallIntegerField(_("题号"))
    kind = models.CharField(_("题型"), max_length=8, choices=Kind.choices)
    text = models.CharField(_("题目"), max_length=200)
    options = models.JSONField(_("选项"), default=list, blank=True)
    # Counts towards the survey score: usefulness of content, flow, speakers.
    scored = models.BooleanField(_("计入满意度"), default=False)
    required = models.BooleanField(_("必答"), default=True)

    class Meta:
        verbose_name = _("问卷题目")
        verbose_name_plural = _("问卷题目")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "position"], name="survey_position_once"),
            models.CheckConstraint(
                condition=Q(scored=False) | Q(kind="scale"), name="survey_scored_is_a_scale"
            ),
        ]

    def __str__(self):
        return self.text


class SurveyTicket(models.Model):
    """Who was asked and whether they answered: carries no answer and no time of answering, and all
    of a survey are written anew with each answer, so that their order tells none either."""

    survey = models.ForeignKey(
        Survey,
        on_delete=models.CASCADE,
        related_name="tickets",
        db_index=False,  # survey_ticket_once begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    answered = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "participant"], name="survey_ticket_once")
        ]


class SurveyResponseQuerySet(models.QuerySet):
    def in_sight(self):
        """What may be told of: of an open survey the newest multiple of five sheets, else all."""
        now = clock.database_now()
        is_open = Q(survey__opened_at__lte=now, survey__closes_at__gt=now)
        return self.filter(Q(counted=True) | ~is_open)


class SurveyResponse(models.Model):
    """One anonymous sheet of answers: carries no person, and a random key so that the order of
    sheets tells nothing either."""

    erase_keeps = {"id": "random"}
    table_rules = (tables.HasShape("answers", {"*": "integer|string"}), answers_of_the_survey)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="responses")
    answers = models.JSONField()  # {question id: int 1–5 | option index | text}
    # Among the newest multiple of five, which is told of while the survey is open.
    counted = models.BooleanField(default=False, db_default=False)

    objects = SurveyResponseQuerySet.as_manager()


class StreamImport(models.Model):
    erase_keeps = {"file_digest": "a digest", "counts": "counts"}
    erase_empties = ("filename",)
    table_rules = (tables.HasShape("counts", {"*": "number|null"}),)

    class Kind(models.TextChoices):
        VISITS = "visits", _("进出记录")
        CHAT = "chat", _("聊天记录")

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="stream_imports", verbose_name=_("活动")
    )
    kind = models.CharField(_("内容"), max_length=8, choices=Kind.choices)
    filename = models.CharField(_("文件"), max_length=120, blank=True)
    file_digest = Digest(_("文件指纹"))
    # What the reading found: counts only, never names or mobiles.
    counts = models.JSONField(_("数目"), default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("操作人"),
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("直播数据导入")
        verbose_name_plural = _("直播数据导入")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "file_digest"],
                condition=Q(undone_at=None),
                name="stream_file_imported_once",
            )
        ]

    def __str__(self):
        return self.filename or self.get_kind_display()


class StreamUpload(models.Model):
    """A stream file between its dry run and its import. It holds names and mobiles, so it is
    deleted with the import, when anybody of the event is erased, and after a day in any case."""

    erase_keeps = "goes whole: metrics.for_below.forget"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="stream_uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    filename = models.CharField(max_length=120)
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(auto_now_add=True)


class StreamVisit(models.Model):
    """One stay of one viewer; `viewer` tells guests apart, people are named by `participant`."""

    # A guest among guests, and nobody's any more.
    erase_as = {"viewer": lambda _old: secrets.token_hex(32)}

    source = models.ForeignKey(
        StreamImport,
        on_delete=models.CASCADE,
        related_name="visits",
        db_index=False,  # visit_by_viewer begins with it
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, related_name="stream_visits"
    )
    # A keyed digest of the viewer's mobile, e-mail or name: tells guests apart, names nobody.
    viewer = Digest()
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(left_at__gte=F("joined_at")), name="visit_leaves_after_it_joins"
            )
        ]
        indexes = [models.Index(fields=["source", "viewer"], name="visit_by_viewer")]


class ChatLine(models.Model):
    source = models.ForeignKey(StreamImport, on_delete=models.CASCADE, related_name="lines")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, related_name="chat_lines"
    )
    viewer = Digest(blank=True)  # as in StreamVisit
    at = models.DateTimeField()
    text = models.CharField(max_length=500)
    # Brought by another file already: not counted, until that file is undone.
    repeated = models.BooleanField(default=False)


class Target(models.Model):
    """What a metric should reach at this event, and how its definition differs here."""

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="targets",
        db_index=False,  # target_once begins with it
    )
    key = models.SlugField(_("指标"), max_length=40, db_index=False)
    value = models.DecimalField(_("目标值"), max_digits=10, decimal_places=2, null=True, blank=True)
    # See evaluation.DEFINITIONS: {"kinds": […]}, {"ways": […], "uplift_points": 10} …
    definition = models.JSONField(_("口径"), default=dict, blank=True)

    class Meta:
        verbose_name = _("指标目标")
        verbose_name_plural = _("指标目标")
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="target_once")]

    def __str__(self):
        return self.key


class Goal(models.Model):
    """The event's own goals, beside the metrics. `source` says what counts its result; without
    one the organiser types it."""

    erase_keeps = "the crew's own words"

    class Source(models.TextChoices):
        TYPED = "", _("主办方填写")
        OPERATORS = "operators", _("有互动记录的社群运营者")
        MATCHES = "matches", _("双方确认的对接")
        WHITEPAPERS = "whitepapers", _("已发布的白皮书")
        PLANS = "plans", _("已提交的方案")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="goals")
    text = models.CharField(_("目标"), max_length=120)
    target = models.PositiveIntegerField(_("目标值"))
    result = models.PositiveIntegerField(_("结果"), null=True, blank=True)
    source = models.CharField(
        _("结果来自"), max_length=12, choices=Source.choices, default=Source.TYPED, blank=True
    )

    class Meta:
        verbose_name = _("活动目标")
        verbose_name_plural = _("活动目标")
        ordering = ["pk"]

    def __str__(self):
        return self.text


class Evaluation(models.Model):
    """What was computed at one moment, frozen; later ones stand beside it."""

    erase_keeps = "figures, frozen, and the crew's own words"
    table_rules = (
        tables.OnlyGrows(),
        tables.HasShape("metrics", [{"key": "string", "value": "number|null", "*": "any"}]),
        tables.HasShape("goals", [{"text": "string", "*": "any"}]),
    )

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="evaluations", verbose_name=_("活动")
    )
    computed_at = models.DateTimeField(_("计算时间"))
    metrics = models.JSONField(_("指标"))
    # Which facts it saw, so that late data is noticed and differences can be explained.
    facts = models.JSONField(_("当时的情况"), default=dict)
    # What the charts and the list of goals show; counts only, nobody's values.
    charts = models.JSONField(_("图表"), default=dict)
    goals = models.JSONField(_("活动目标"), default=list)

    class Meta:
        verbose_name = _("效果评估")
        verbose_name_plural = _("效果评估")
        ordering = ["-computed_at", "-pk"]

    def __str__(self):
        return f"{self.computed_at:%Y-%m-%d %H:%M} UTC"


class Report(models.Model):
    """The public page: which parts of the evaluation everybody may read, and since when."""

    table_rules = (tables.HasShape("parts", ["string"]),)

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, related_name="report", verbose_name=_("活动")
    )
    intro = models.TextField(_("前言"), blank=True)
    parts = models.JSONField(_("公开的部分"), default=list)  # keys of report.PARTS
    published_at = models.DateTimeField(_("公开时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("公开报告")
        verbose_name_plural = _("公开报告")

    def __str__(self):
        return f"{self.event}"


class FollowUp(models.Model):
    """Thirty days later: the community's active rate now."""

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="follow_up"
    )
    active_rate = models.DecimalField(_("现在的月活率（%）"), max_digits=5, decimal_places=2)
    note = models.CharField(_("有什么变化"), max_length=300, blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active_rate__gte=0, active_rate__lte=100),
                name="follow_up_rate_is_a_percentage",
            )
        ]


class Whitepaper(models.Model):
    erase_keeps = {"sections": "its parts have authors: whitepaper.forget"}
    erase_counts = ("edit_version",)
    erase_waits = True
    table_rules = (
        tables.HasShape(
            "sections", [{"module": "string", "title": "string", "text": "string", "*": "any"}]
        ),
        tables.HasShape("left_out", ["string"]),
    )

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="whitepapers",
        verbose_name=_("活动"),
        db_index=False,  # whitepaper_version_once begins with it
    )
    version = models.PositiveSmallIntegerField(_("版本"))
    title = models.CharField(_("标题"), max_length=120)
    sections = models.JSONField()  # [{"module": key, "title": …, "text": Markdown, …}]
    # Sources of sections that the editor threw out: not pressed on them again.
    left_out = models.JSONField(_("不收入的部分"), default=list, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    edit_version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("白皮书")
        verbose_name_plural = _("白皮书")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["event", "version"], name="whitepaper_version_once")
        ]

    def __str__(self):
        return f"{self.title} v{self.version}"


class WhitepaperClaimQuerySet(models.QuerySet):
    def proven(self):
        """Of who was reached: by the letter to the address, or as the participant whose own page
        they claimed on. metrics/claims.py says the same in SQL."""
        return self.filter(
            Q(proven_at__isnull=False)
            | Q(participant__mobile_proven_at__isnull=False)
            | Q(participant__email_proven_at__isnull=False)
        )


class WhitepaperClaim(models.Model):
    """One claimant of an event's whitepaper, counted once whatever they download, and only once it
    is known that the address is theirs."""

    erase_as = {"wants_news": False}

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="whitepaper_claims")
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Who it is, for telling claimants apart and for "new version" letters; empty once erased.
    email = models.CharField(max_length=254, blank=True)
    wants_news = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)
    # Since when: the link in the letter was opened, or a participant claimed who had been reached.
    proven_at = models.DateTimeField(null=True, blank=True)

    objects = WhitepaperClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("白皮书领取")
        verbose_name_plural = _("白皮书领取")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "email"], condition=~Q(email=""), name="claim_once_per_email"
            )
        ]
