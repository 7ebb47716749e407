"""The person at one event: answers, status, consents, and the keys to their own page."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event, Gate, Gated, GatedRows
from participants.models import rules
from participants.models.privacy import Notice
from participants.models.screening import Category
from salon import tables
from salon.digests import Digest

# Stands where somebody erased had written something that others answered or counted.
ERASED = "〔已删除〕"


class Channel(models.Model):
    """Where an application came from: a poster, a link, a personal invitation."""

    erase_keeps = "the crew's own words"

    class Kind(models.TextChoices):
        OFFICIAL_ACCOUNT = "official_account", _("公众号内推")
        INVITATION = "invitation", _("定向邀请")
        COMMUNITY = "community", _("社群内报名")

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="channels",
        verbose_name=_("活动"),
        db_index=False,  # channel_code_once begins with it
    )
    kind = models.CharField(_("渠道"), max_length=20, choices=Kind.choices)
    code = models.SlugField(_("渠道码"), max_length=40, db_index=False)
    label = models.CharField(_("名称"), max_length=80)
    inviter = models.CharField(_("邀请人"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("报名渠道")
        verbose_name_plural = _("报名渠道")
        constraints = [models.UniqueConstraint(fields=["event", "code"], name="channel_code_once")]

    def __str__(self):
        return self.label


class ParticipantQuerySet(GatedRows):
    def with_status(self, *statuses):
        return self.filter(status__in=statuses)

    def confirmed(self):
        return self.with_status(Participant.Status.CONFIRMED)

    def holding_a_seat(self):
        return self.with_status(*Participant.SEATED)

    def on_site(self):
        return self.filter(online=False)

    def online(self):
        return self.filter(online=True)

    def checked_in(self):
        # One join, no doubles: at most one check-in per person is in force.
        return self.filter(check_ins__isnull=False, check_ins__voided_at=None)

    def consenting(self, purpose):
        return self.filter(
            Exists(
                Consent.objects.filter(
                    participant=OuterRef("pk"), purpose=purpose, withdrawn_at=None
                )
            )
        )

    def with_contact_of(self, known):
        """Who has the mobile or the e-mail of `known`, proven or not: to be compared."""
        same = Q()
        for contact in ("mobile", "email"):
            if value := getattr(known, contact):
                same |= Q(**{contact: value})
        return self.filter(same) if same else self.none()

    def to_be_invited(self):
        """Whom letters about more than their own event may go to: who agreed to be invited again.

        Before that was asked for, sharing one's contact was taken for it. Those consents, which kept
        no sentence that says otherwise, go on counting until either is withdrawn.
        """
        theirs = Consent.objects.filter(participant=OuterRef("pk"))
        invite = theirs.filter(purpose=Consent.Purpose.INVITE_AGAIN)
        share = theirs.filter(
            purpose=Consent.Purpose.SHARE_CONTACT,
            kept_as=Consent.KeptAs.LABEL_ONLY,
            withdrawn_at=None,
        )
        return self.filter(
            Exists(invite.filter(withdrawn_at=None)) | (Exists(share) & ~Exists(invite))
        )

    def in_doubt(self):
        """Somebody who was sent a link to their contact said that it is not them."""
        return self.exclude(email_doubted_at=None, mobile_doubted_at=None)

    def present(self):
        """Not erased: people one may still show."""
        return self.filter(erased_at=None)

    def set_aside(self):
        """Erased by an organiser, and still to be taken back: out of sight, their words put by."""
        return self.filter(erased_at__isnull=False, blanked_at=None)

    def not_gone(self):
        """Present or set aside: a seat of theirs is taken."""
        return self.filter(blanked_at=None)


class Participant(Gated):
    """One human at one event. At the gate stands how others know them: name and organisation."""

    erase_keeps = {
        "code": "six random signs, once per event",
        "client_id": "a random number of the form that was posted",
        # It keeps that file, imported once more, from bringing them back.
        "source_key": "names a row of a file, and nobody",
    }
    # Somebody else of the same name keeps theirs.
    erase_counts = ("version",)
    erase_own = ("name", "name_before", "pinyin", "mobile", "email")
    table_rules = (
        rules.erased_is_empty,
        rules.within_the_room,
        rules.status_on_record,
        rules.told_why,
    )

    class Status(models.TextChoices):
        SUBMITTED = "submitted", _("待审核")
        PHONE_SCREENING = "phone_screening", _("待电话沟通")
        ACCEPTED = "accepted", _("已通过·待确认")
        CONFIRMED = "confirmed", _("已确认")
        WAITLISTED = "waitlisted", _("候补中")
        OFFERED = "offered", _("已递补·待确认")
        NOT_SELECTED = "not_selected", _("未入选")
        WITHDRAWN = "withdrawn", _("本人取消")
        CANCELLED = "cancelled", _("主办方取消")

    # Statuses that occupy a seat.
    SEATED = (Status.ACCEPTED, Status.OFFERED, Status.CONFIRMED)
    # Statuses of people who have not been told yes or no.
    UNDECIDED = (Status.SUBMITTED, Status.PHONE_SCREENING, Status.WAITLISTED)

    class Industry(models.TextChoices):
        INTERNET = "internet", _("互联网")
        EDUCATION = "education", _("教育")
        CONSUMER = "consumer", _("消费")
        SERVICES = "services", _("服务")
        OTHER = "other", _("其他")

    class Source(models.TextChoices):
        FORM = "form", _("报名表")
        IMPORT = "import", _("导入")
        WALK_IN = "walk_in", _("现场报名")

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("中文")
        ENGLISH = "en", _("英文")

    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="participants",
        verbose_name=_("活动"),
        db_index=False,  # participant_by_status begins with it
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="participants", verbose_name=_("类别")
    )
    channel = models.ForeignKey(
        Channel, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("渠道")
    )
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices, default=Source.FORM)
    name = models.CharField(_("姓名"), max_length=80)
    # What others read while a changed name waits; "" before there was one.
    name_before = models.CharField(
        max_length=80, blank=True, default="", db_default="", editable=False
    )
    # "zhangsan zs": what the desk and the screening page search in.
    # Lists go by it, and come out alike whatever the database's own collation.
    pinyin = models.CharField(max_length=200, blank=True, editable=False, db_collation="C")
    mobile = models.CharField(_("手机"), max_length=20, blank=True)  # E.164
    email = models.CharField(_("邮箱"), max_length=254, blank=True)  # lower case
    # Since when it is known that this contact reaches the person: a link sent there was opened, or
    # somebody of the crew noted it. Until then nobody else is found or changed through it.
    mobile_proven_at = models.DateTimeField(_("手机已核实"), null=True, blank=True, editable=False)
    email_proven_at = models.DateTimeField(_("邮箱已核实"), null=True, blank=True, editable=False)
    # Since when it is in question: whoever was sent a link there said that it is not them.
    mobile_doubted_at = models.DateTimeField(null=True, blank=True, editable=False)
    email_doubted_at = models.DateTimeField(null=True, blank=True, editable=False)
    organisation = models.CharField(_("机构"), max_length=120, blank=True)
    job_title = models.CharField(_("岗位"), max_length=80, blank=True)
    industry = models.CharField(_("行业"), max_length=12, choices=Industry.choices)
    community_size = models.PositiveIntegerField(_("社群规模（人）"), null=True, blank=True)
    active_rate = models.DecimalField(
        _("近6个月平均月活率（%）"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    followers = models.PositiveIntegerField(_("粉丝量"), null=True, blank=True)
    creator_field = models.CharField(_("创作领域"), max_length=80, blank=True)
    can_bring = models.CharField(_("可带来的案例或方法"), max_length=300, blank=True)
    cooperation_need = models.CharField(_("合作需求"), max_length=300, blank=True)
    resource_offer = models.CharField(_("可提供的资源"), max_length=300, blank=True)
    expertise = ArrayField(
        models.CharField(max_length=40), verbose_name=_("擅长领域"), default=list, blank=True
    )
    expectation = models.CharField(_("期望收获"), max_length=500, blank=True)
    online = models.BooleanField(_("线上参加"), default=False)
    status = models.CharField(
        _("状态"), max_length=20, choices=Status.choices, default=Status.SUBMITTED
    )
    # Told to the person: why not selected, or why cancelled.
    told_reason = models.CharField(_("告知本人的理由"), max_length=300, blank=True)
    # Until when an accepted or offered seat is held; none while its holder has not been told.
    confirm_by = models.DateTimeField(_("确认截止"), null=True, blank=True)
    status_changed_at = models.DateTimeField(auto_now_add=True)
    score = models.DecimalField(_("得分"), max_digits=6, decimal_places=2, default=0)
    # Six characters without 0/O/1/I, below the QR code.
    code = models.CharField(_("签到码"), max_length=6)
    # Of the form that was posted: the same post again finds its own row.
    client_id = models.UUIDField(unique=True, null=True, blank=True, editable=False)
    # Of the imported row: the same file again finds its own rows.
    source_key = models.CharField(max_length=120, blank=True, editable=False)
    note = models.TextField(_("内部备注"), blank=True)
    submitted_at = models.DateTimeField(_("报名时间"))
    # From here on nobody sees them any more; the values themselves are gone from `blanked_at` on.
    erased_at = models.DateTimeField(_("抹除时间"), null=True, blank=True)
    blanked_at = models.DateTimeField(_("清空时间"), null=True, blank=True, editable=False)
    # From here on only the credit in the whitepaper stays: name and organisation (keeping.py).
    contact_cleared_at = models.DateTimeField(
        _("联系方式清空时间"), null=True, blank=True, editable=False
    )
    # The language of the page they signed up on: their letters are written in it.
    language = models.CharField(
        _("语言"),
        max_length=10,
        choices=Language.choices,
        default=Language.CHINESE,
        db_default=Language.CHINESE,
        editable=False,
    )
    # From here on no survey asks them, and no letter thirty days later.
    questions_stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        verbose_name = _("参与者")
        verbose_name_plural = _("参与者")
        ordering = ["-submitted_at", "-pk"]
        indexes = [
            models.Index(fields=["event", "status", "category"], name="participant_by_status"),
            models.Index(
                fields=["confirm_by"],
                condition=Q(status__in=["accepted", "offered"]),
                name="participant_by_deadline",
            ),
            models.Index(
                fields=["erased_at"],
                condition=Q(erased_at__isnull=False, blanked_at=None),
                name="participant_set_aside",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event", "code"], name="participant_code_once"),
            models.UniqueConstraint(
                fields=["event", "mobile"],
                condition=~Q(mobile=""),
                name="participant_mobile_once",
            ),
            models.UniqueConstraint(
                fields=["event", "email"], condition=~Q(email=""), name="participant_email_once"
            ),
            models.CheckConstraint(
                condition=~Q(mobile="")
                | ~Q(email="")
                | Q(source="walk_in")
                | Q(erased_at__isnull=False)
                | Q(contact_cleared_at__isnull=False),
                name="participant_can_be_reached",
                violation_error_message=_("手机和邮箱至少填一项。"),
            ),
            models.CheckConstraint(
                condition=Q(active_rate__isnull=True) | Q(active_rate__gte=0, active_rate__lte=100),
                name="participant_active_rate_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(code__regex="^[2-9A-HJ-NP-Z]{6}$"), name="participant_code_can_be_read"
            ),
            models.CheckConstraint(
                condition=Q(blanked_at=None) | Q(erased_at__isnull=False),
                name="participant_blanked_was_erased",
            ),
            models.CheckConstraint(
                condition=Q(name_before="") | Q(gate=Gate.WAITING),
                name="participant_known_as_before_while_waiting",
            ),
        ]

    def __str__(self):
        return self.name or f"#{self.pk}"

    @property
    def shown_name(self):
        """The name as others read it on walls, boards and phones, "" for none. Desk, roster,
        letters to the person and the staff's sheets say `name`."""
        if self.gate == Gate.SHOWN:
            return self.name
        return self.name_before if self.gate == Gate.WAITING else ""

    @property
    def shown_organisation(self):
        return self.organisation if self.gate == Gate.SHOWN else ""

    def settle(self, gate, *, now):
        changed = super().settle(gate, now=now)
        if gate != Gate.WAITING:
            self.name_before = ""
            changed.append("name_before")
        return changed


class PainPoint(models.Model):
    """A pain named in the application: the first content of tag card, blind box and pain wall."""

    participant = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="pain_points",
        verbose_name=_("参与者"),
        db_index=False,  # pain_point_position_once begins with it
    )
    position = models.PositiveSmallIntegerField(_("顺序"))
    text = models.CharField(_("痛点"), max_length=200)

    class Meta:
        verbose_name = _("痛点")
        verbose_name_plural = _("痛点")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "position"], name="pain_point_position_once"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1, position__lte=5), name="pain_points_one_to_five"
            ),
        ]

    def __str__(self):
        return self.text


class Consent(models.Model):
    """One purpose, one row, with the wording that was agreed to. Withdrawn is a time, not a
    deletion."""

    erase_keeps = {"wording": "the sentence that everybody agreed to"}
    table_rules = (tables.OnlyGrows(once=("withdrawn_at",)),)

    class Purpose(models.TextChoices):
        PROCESSING = "processing", _("处理个人信息用于本次活动")
        WALL_NAME = "wall_name", _("在签到墙展示姓名")
        PHOTO = "photo", _("现场拍照与录像")
        SHARE_CONTACT = "share_contact", _("互相确认后交换联系方式")
        WHITEPAPER_CREDIT = "whitepaper_credit", _("在白皮书中署名")
        INVITE_AGAIN = "invite_again", _("以后的活动也邀请我")

    class KeptAs(models.TextChoices):
        FULL = "full", _("完整的文字")
        LABEL_ONLY = "label_only", _("只有标题")
        ELSEWHERE = "elsewhere", _("在别的表上同意")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="consents", verbose_name=_("参与者")
    )
    purpose = models.CharField(_("用途"), max_length=20, choices=Purpose.choices)
    # As it was shown, in the language it was shown in; of another form, what its column says.
    wording = models.TextField(_("当时的文字"))
    kept_as = models.CharField(
        _("文字"),
        max_length=10,
        choices=KeptAs.choices,
        default=KeptAs.FULL,
        db_default=KeptAs.FULL,
    )
    # The version of the event's notice that was linked from where they agreed.
    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("个人信息说明")
    )
    given_at = models.DateTimeField(_("同意时间"))
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("同意记录")
        verbose_name_plural = _("同意记录")
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "purpose"],
                condition=Q(withdrawn_at=None),
                name="consent_in_force_once",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("given_at")),
                name="consent_withdrawn_after_it_was_given",
            ),
        ]

    def __str__(self):
        return self.get_purpose_display()


class PersonalLinkQuerySet(models.QuerySet):
    def living(self):
        return self.filter(revoked_at=None)


class PersonalLink(models.Model):
    """A key to one person's page; only its digest is kept. Each letter carries a key of its own."""

    erase_keeps = {"token_digest": "opens nothing; the row goes with the person"}

    class Channel(models.TextChoices):
        EMAIL = "email", _("邮件")
        SMS = "sms", _("短信")
        HANDED_OVER = "handed_over", _("工作人员转交")
        SHOWN = "shown", _("签到台出示")  # the QR of somebody who was only looked up
        TYPED = "typed", _("签到码进入")
        OWN_PAGE = "own_page", _("本人页面")

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="links")
    token_digest = Digest(unique=True)
    # Which way the key went, and in which message: a key dies with the contact it was sent to.
    channel = models.CharField(
        _("渠道"), max_length=12, choices=Channel.choices, default=Channel.EMAIL
    )
    message_id = models.BigIntegerField(null=True, blank=True)
    # Since when a contact of theirs is another: of what came after it the key shows nothing.
    contact_gone_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PersonalLinkQuerySet.as_manager()

    def __str__(self):
        return f"#{self.pk}"


class Wording(models.Model):
    """The organiser's own wording of one kind of letter at one event."""

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="wordings",
        verbose_name=_("活动"),
        db_index=False,  # wording_once begins with it
    )
    kind = models.CharField(_("信件"), max_length=40)
    subject = models.CharField(_("标题"), max_length=200)
    body = models.TextField(_("正文"))

    class Meta:
        verbose_name = _("信件文字")
        verbose_name_plural = _("信件文字")
        constraints = [models.UniqueConstraint(fields=["event", "kind"], name="wording_once")]

    def __str__(self):
        return self.kind
