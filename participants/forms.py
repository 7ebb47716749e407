"""The application form and the form of the own answers: two minutes on a phone.

Which of the category's own fields are asked follows from its criteria: an AskedCategory
comes with its rules, the page shows a field when the chosen category looks at it.
"""

import math
import uuid

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from participants import consents
from participants.applications import CATEGORY_FIELDS, MOST_PAIN_POINTS
from participants.categories import asked
from participants.contact_changes import shown_of
from participants.models import Consent, Participant
from participants.names import read_name
from salon import typos
from salon.errors import Refused
from salon.text import (
    LONGEST_EMAIL,
    LONGEST_MOBILE,
    LONGEST_NUMBER,
    clean_text,
    national_mobile,
    normalize_email,
    normalize_mobile,
    parse_count,
    parse_rate,
    person_name,
    rate_text,
)

EXPERTISE = (
    ("社群氛围", _("社群氛围")),
    ("活动策划", _("活动策划")),
    ("内容策划", _("内容策划")),
    ("私域转化", _("私域转化")),
    ("裂变增长", _("裂变增长")),
    ("数据分析", _("数据分析")),
    ("直播", _("直播")),
    ("品牌合作", _("品牌合作")),
)
CONTACTS = ("mobile", "email")
TOO_LONG = _("最多 %(limit_value)d 字，现在有 %(show_value)d 字。")


def say_how_much_too_long(field):
    for validator in field.validators:
        if getattr(validator, "code", "") == "max_length":
            validator.message = TOO_LONG


def refuse_by_length(field, value):
    """What is so long that cleaning cannot help is not cleaned."""
    if isinstance(value, str) and len(value) > 10 * (field.max_length or math.inf):
        told = {"limit_value": field.max_length, "show_value": len(value)}
        raise ValidationError(TOO_LONG, code="max_length", params=told)


class Text(forms.CharField):
    """Text as every screen can hold it; too long is said, not cut. What is written into a
    textarea keeps its lines."""

    def __init__(self, **options):
        super().__init__(**options)
        self.multiline = isinstance(self.widget, forms.Textarea)
        say_how_much_too_long(self)

    def to_python(self, value):
        refuse_by_length(self, value)
        return clean_text(value, multiline=self.multiline)


class ReadAs(forms.CharField):
    """Typed text read by a function of salon.text; `sentence` says what it should look like."""

    def __init__(self, read, sentence, *, max_length, **options):
        self.read, self.sentence = read, sentence
        super().__init__(max_length=max_length, **options)
        say_how_much_too_long(self)

    def clean(self, value):
        refuse_by_length(self, value)
        value = clean_text(value)
        if not value:
            if self.required:
                raise ValidationError(self.error_messages["required"])
            return None
        self.run_validators(value)
        try:
            return self.read(value)
        except ValueError:
            raise ValidationError(self.sentence) from None
        except Refused as refused:
            raise ValidationError(str(refused)) from None


class GrowingList(forms.Widget):
    """Short texts, one to a line; the page adds lines as they are needed."""

    template_name = "participants/widgets/growing_list.html"

    def value_from_datadict(self, data, files, name):
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name)

    def _render(self, template_name, context, renderer=None):
        # Django's own renderer looks into the rooms, not into the house's templates.
        return render_to_string(template_name, context)

    def value_omitted_from_data(self, data, files, name):
        return name not in data

    def id_for_label(self, id_):
        return f"{id_}_1"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, None, attrs)
        texts = [str(text) for text in value or [] if str(text).strip()][:MOST_PAIN_POINTS]
        context["lines"] = texts + [""] * (MOST_PAIN_POINTS - len(texts))
        context["most"] = MOST_PAIN_POINTS
        return context


class ShortTexts(forms.Field):
    widget = GrowingList

    def clean(self, value):
        too_long = ValidationError(_("每条最多 200 字，请拆成几条。"))
        if any(len(str(text)) > 2000 for text in value or []):
            raise too_long
        texts = list(dict.fromkeys(filter(None, (clean_text(text) for text in value or []))))
        if self.required and not texts:
            raise ValidationError(self.error_messages["required"])
        if any(len(text) > 200 for text in texts):
            raise too_long
        return texts[:MOST_PAIN_POINTS]


def _name(value):
    """As the sentence of the field says it; what else is wrong with a name says itself."""
    name = person_name(value)
    if not name or len(name) > 80:
        raise ValueError("not a name")
    return read_name(name)


class Heading:
    """A crispy layout object: the title of a section, with a note."""

    def __init__(self, title, note=""):
        self.title, self.note = title, note

    def render(self, form, context, template_pack=None, **kwargs):
        return render_to_string(
            "participants/widgets/heading.html", {"title": self.title, "note": self.note}
        )


class EmailGuess:
    """A crispy layout object: one tap that takes the address which was probably meant."""

    def render(self, form, context, template_pack=None, **kwargs):
        typed, guess = form.guess or ("", "")
        words = {"typed": typed, "guess": guess}
        return render_to_string("participants/widgets/email_guess.html", words)


def _typed(**hints):
    """A line of text; with the hints phones offer the right keyboard and what they know already."""
    return forms.TextInput(attrs=hints)


class AnswersForm(forms.Form):
    """What a person says about themselves; `answers()` is what applications.apply and edit take.
    `guess` is the address that was typed and the one that was probably meant, once it is asked."""

    guess = None

    name = ReadAs(
        _name,
        _("请写姓名，最多 80 字。"),
        max_length=80,
        label=_("姓名"),
        widget=_typed(autocomplete="name"),
        error_messages={"required": _("请写姓名。")},
    )
    mobile = ReadAs(
        normalize_mobile,
        _("手机号码不对，请检查位数（大陆手机 11 位）。"),
        max_length=LONGEST_MOBILE,
        label=_("手机"),
        required=False,
        widget=_typed(autocomplete="tel", inputmode="tel"),
    )
    email = ReadAs(
        normalize_email,
        _("邮箱地址不对，请检查一下。"),
        max_length=LONGEST_EMAIL,
        label=_("邮箱"),
        required=False,
        widget=_typed(autocomplete="email", inputmode="email"),
        help_text=_("手机和邮箱至少填一项；专属链接和提醒优先发到邮箱。"),
    )
    organisation = Text(
        label=_("机构"),
        max_length=120,
        required=False,
        widget=_typed(autocomplete="organization"),
    )
    job_title = Text(
        label=_("岗位"),
        max_length=80,
        required=False,
        widget=_typed(autocomplete="organization-title"),
    )
    industry = forms.ChoiceField(
        label=_("行业"),
        choices=[("", _("请选择")), *Participant.Industry.choices],
        error_messages={"required": _("请选择行业。")},
    )
    community_size = ReadAs(
        parse_count,
        _("请写一个数字，例如 5000 或 1.2万。"),
        max_length=LONGEST_NUMBER,
        label=_("社群规模（人）"),
        required=False,
        help_text=_("您管理的社群一共多少人，例如 5000 或 1.2万。"),
    )
    active_rate = ReadAs(
        parse_rate,
        _("请写 0 到 100 之间的百分比，例如 45。"),
        max_length=LONGEST_NUMBER,
        label=_("近6个月平均月活率（%）"),
        required=False,
        widget=_typed(inputmode="decimal"),
        help_text=_("每月说过话的人占多少，大概就行，例如 45。"),
    )
    followers = ReadAs(
        parse_count,
        _("请写一个数字，例如 120000 或 12万。"),
        max_length=LONGEST_NUMBER,
        label=_("粉丝量"),
        required=False,
        help_text=_("所有平台加起来，例如 12万。"),
    )
    creator_field = Text(label=_("创作领域"), max_length=80, required=False)
    can_bring = Text(
        label=_("可以带来的案例或方法"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    cooperation_need = Text(
        label=_("合作需求"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    resource_offer = Text(
        label=_("可以提供的资源"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    expertise = forms.MultipleChoiceField(
        label=_("擅长什么"),
        choices=EXPERTISE,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("可以多选。"),
    )
    pain_points = ShortTexts(
        label=_("眼下最头疼的事"),
        help_text=_("1 到 5 条，一句话一条。现场的讨论就从这里开始。"),
        error_messages={"required": _("请至少写一条痛点，一句话就行。")},
    )
    expectation = Text(
        label=_("想带走什么"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args, categories, **options):
        super().__init__(*args, **options)
        self.categories = categories
        known = {value for value, _label in EXPERTISE}
        own = [word for word in self.initial.get("expertise") or [] if word not in known]
        if own:
            self.fields["expertise"].choices = [*EXPERTISE, *((word, word) for word in own)]

    @cached_property
    def helper(self):
        """What crispy lays the form out by; built only when the form is shown."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # the page's form tag brings it
        helper.layout = Layout(*self.sections())
        return helper

    def sections(self):
        return [*self.person_section(), *self.work_section(), *self.wish_section()]

    def person_section(self):
        return [Heading(_("怎么称呼和联系您")), "name", "mobile", "email", EmailGuess()]

    def work_section(self):
        return [
            Heading(_("您在做什么")),
            "organisation",
            "job_title",
            "industry",
            *(self._only_for(name) for name in CATEGORY_FIELDS),
            Field("expertise", template="participants/widgets/tags.html"),
        ]

    def wish_section(self):
        return [
            Heading(_("为什么来")),
            Field("pain_points", template="participants/widgets/growing_field.html"),
            "expectation",
        ]

    def _only_for(self, name):
        keys = [c.key for c in self.categories if name in c.fields]
        return Div(name, data_for=" ".join(keys)) if keys else HTML("")

    def clean_email(self):
        """Asks about an address that looks misspelt; the one that is asked about may be taken
        (`email_take`) or kept, by sending it again (`email_kept`)."""
        typed = self.cleaned_data["email"]
        guess = typos.meant(typed) if typed else None
        if guess and self.data.get("email_take") == guess:
            self.data = self.data.copy()
            self.data["email"] = guess
            return guess
        if guess is None or typed in (self.data.get("email_kept"), self.initial.get("email")):
            return typed
        self.guess = typed, guess
        raise ValidationError(_("是不是 %(guess)s？") % {"guess": guess}, code="typo")

    def clean(self):
        cleaned = super().clean()
        reached = cleaned.get("mobile") or cleaned.get("email")
        if not (reached or self.errors.get("mobile") or self.errors.get("email")):
            self.add_error("mobile", _("手机和邮箱至少填一项，我们才能联系到您。"))
        return cleaned

    def answers(self):
        """The cleaned answers; a field that the chosen category is not asked stays as it was."""
        answers = dict(self.cleaned_data)
        for name in ("mobile", "email"):
            answers[name] = answers[name] or ""
        return answers


class ConsentBoxes(forms.CheckboxSelectMultiple):
    """Each box with the sentence that says what ticking it means."""

    def create_option(self, name, value, *args, **options):
        option = super().create_option(name, value, *args, **options)
        option["asked"] = next(each for each in consents.asked() if each.purpose == value)
        return option


class ApplicationForm(AnswersForm):
    """The whole application, with category, room, consents, the post's own number and a trap."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)
    website = forms.CharField(required=False, label=_("网站（请留空）"))
    category = forms.ChoiceField(
        label=_("您是"),
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择您的身份。")},
    )
    online = forms.TypedChoiceField(
        label=_("怎么参加"),
        choices=[("0", _("到现场")), ("1", _("在线上"))],
        coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
        initial="0",
        error_messages={"required": _("请选择到现场还是在线上。")},
    )
    consents = forms.MultipleChoiceField(
        label=_("授权"),
        choices=Consent.Purpose.choices,
        widget=ConsentBoxes,
        required=False,
    )
    # The version of the notice that this page links to.
    notice = forms.CharField(required=False, widget=forms.HiddenInput)

    # As the page asks, so that what is missing is listed from the top down.
    field_order = ("client_id", "website", "category", *AnswersForm.base_fields)

    def __init__(self, *args, categories, **options):
        options.setdefault("initial", {}).setdefault("client_id", uuid.uuid4())
        super().__init__(*args, categories=categories, **options)
        self.fields["category"].choices = [(c.key, c.name) for c in categories]

    def sections(self):
        return [
            "client_id",
            "notice",
            Div(Field("website", autocomplete="off", tabindex="-1"), css_class="honey"),
            Field("category", template="participants/widgets/choices.html"),
            *self.person_section(),
            *self.work_section(),
            *self.wish_section(),
            Field("online", template="participants/widgets/choices.html"),
            Heading(_("授权"), _("每一项都可以单独决定，以后随时能改。")),
            Field("consents", template="participants/widgets/consents.html"),
        ]

    def clean_consents(self):
        ticked = self.cleaned_data["consents"]
        if Consent.Purpose.PROCESSING not in ticked:
            raise ValidationError(_("需要您同意处理个人信息，才能受理报名。"))
        return ticked

    def clean_notice(self):
        text = clean_text(self.cleaned_data["notice"], max_length=5)
        return int(text) if text.isdecimal() else None

    def clean_category(self):
        key = self.cleaned_data["category"]
        return next(category for category in self.categories if category.key == key)

    @property
    def is_a_trap_sprung(self):
        """A script filled the field that people do not see."""
        return bool(self.data.get("website", "").strip())

    def answers(self):
        answers = super().answers()
        for name in CATEGORY_FIELDS:
            if name not in answers["category"].fields:
                answers[name] = (
                    None if name in ("community_size", "active_rate", "followers") else ""
                )
        return answers


class OwnAnswersForm(AnswersForm):
    """The person's later edits; `version` tells an edit made elsewhere meanwhile. Without
    `shows_contacts` mobile and e-mail are neither shown nor changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, person, shows_contacts=True, **options):
        self.person = person
        pains = [point.text for point in person.pain_points.all()]
        fields = [*AnswersForm.base_fields, "version"]
        initial = {name: getattr(person, name) for name in fields if name != "pain_points"}
        shown = shown_of(person)
        initial |= {
            "pain_points": pains,
            "mobile": national_mobile(shown["mobile"]),
            "email": shown["email"],
            "active_rate": rate_text(person.active_rate),
        }
        super().__init__(*args, categories=[asked(person.category)], initial=initial, **options)
        if not shows_contacts:
            for name in CONTACTS:
                del self.fields[name]

    def sections(self):
        return ["version", *super().sections()]

    def person_section(self):
        if "mobile" in self.fields:
            return super().person_section()
        way = {"key_url": reverse("me_key", args=[self.person.event.slug])}
        asks = render_to_string("participants/_contacts_ask.html", way)
        return [Heading(_("怎么称呼您")), "name", HTML(asks)]

    def clean(self):
        shown = shown_of(self.person)
        self.cleaned_data |= {name: shown[name] for name in CONTACTS if name not in self.fields}
        return super().clean()

    def answers(self):
        answers = super().answers()
        for name in CATEGORY_FIELDS:
            if name not in self.categories[0].fields:
                answers[name] = getattr(self.person, name)
        answers["expertise"] = self._in_their_order(answers["expertise"])
        return answers

    def at_variance(self):
        """[(label, text)] of what is kept now where something else is filled in."""
        kept = {name: getattr(self.person, name) for name in self.fields if name != "pain_points"}
        kept["pain_points"] = [point.text for point in self.person.pain_points.all()]
        kept |= {name: value for name, value in shown_of(self.person).items() if name in kept}
        answers = self.answers()
        return [
            (self.fields[name].label, in_words(name, kept[name]))
            for name in AnswersForm.base_fields
            if name in self.fields and answers[name] != kept[name]
        ]

    def _in_their_order(self, chosen):
        """The boxes come in the form's order; what was chosen before keeps its own."""
        before = self.person.expertise
        return [word for word in before if word in chosen] + [
            word for word in chosen if word not in before
        ]


def in_words(name, value):
    if name == "active_rate":
        return rate_text(value)
    if name == "mobile":
        return national_mobile(value)
    if name == "industry":
        return Participant.Industry(value).label
    if isinstance(value, list):
        return "\n".join(value)
    return "" if value is None else str(value)
