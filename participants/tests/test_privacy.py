"""What people are told about their information, what they agree to, and under which words."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import translation

from participants import consents, import_runs, notices
from participants.models import Consent, Notice, PrivacyTerms
from participants.tests import scenes
from participants.tests.pages import address, as_person, filled
from salon import outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db
DAYS = {"not_selected_days": 90, "texts_days": 365, "answers_days": 365, "contact_days": 365}
WORDS = {
    "handler": "上海拾光教育科技有限公司",
    "contact": "privacy@shiguang.example",
    "purpose": "办好这场沙龙。",
    "recipients": "邮件服务商。",
}


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def publish(event, by, **changed):
    seen = notices.terms_of(event).version
    return notices.save_terms(event=event, values=WORDS | DAYS | changed, seen=seen, by=by)


def read(client, *version):
    name = "privacy_version" if version else "privacy"
    return client.get(address(name, *version)).content.decode()


# ---- the notice ---------------------------------------------------------------------------


def test_the_page_says_who_why_for_whom_and_how_long(client, event, chen):
    publish(event, chen, contact_days=400)
    page = read(client)
    for word in (*WORDS.values(), "400 天", "90 天", "删除全部信息"):
        assert word in page


def test_without_words_of_its_own_an_event_speaks_in_the_houses(client, event, settings):
    settings.HANDLER, settings.HANDLER_CONTACT = "拾光教育", "hello@shiguang.example"
    page = read(client)
    assert "拾光教育" in page
    assert "hello@shiguang.example" in page
    assert str(notices.PURPOSE) in page


def test_looking_at_the_page_publishes_nothing(client, event):
    read(client)
    assert not Notice.objects.exists()


def test_the_first_application_publishes_what_it_agreed_to(client, event):
    client.post(address("apply"), filled())
    notice = Notice.objects.get()
    assert notice.version == 1
    assert set(Consent.objects.values_list("notice", flat=True)) == {notice.pk}
    assert notice.text["zh-hans"][0][0] == "谁在处理您的信息"
    assert notice.text["en"][0][0] != notice.text["zh-hans"][0][0]


def test_a_change_is_a_new_version_and_the_old_one_stays_readable(client, event, chen):
    client.post(address("apply"), filled())
    second = publish(event, chen)
    assert second.version == 2
    assert WORDS["handler"] in read(client)
    old = read(client, 1)
    assert WORDS["handler"] not in old
    assert "这是以前的一版" in old
    assert client.get(address("privacy_version", 3)).status_code == 404
    assert publish(event, chen) is None, "nothing changed, nothing published"


def test_what_was_published_cannot_be_rewritten(event, chen):
    notices.first(event)
    for change in (
        lambda: Notice.objects.update(text={}),
        lambda: Notice.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_two_first_applications_publish_one_version(event):
    first = notices.first(event)
    assert notices.first(event).pk == first.pk


def test_two_organisers_do_not_overwrite_each_other(event, chen):
    seen = notices.terms_of(event).version
    publish(event, chen)
    with pytest.raises(Refused) as refused:
        notices.save_terms(event=event, values=WORDS | DAYS, seen=seen, by=chen)
    assert refused.value.code == "edited_elsewhere"


def test_gu_writes_the_terms_in_the_browser(client, event, chen):
    client.force_login(chen, "django.contrib.auth.backends.ModelBackend")
    page = client.get(address("privacy_edit"))
    form = {"version": notices.terms_of(event).version, **WORDS, **DAYS}
    client.post(address("privacy_edit"), form | {"texts_days": 30})
    terms = PrivacyTerms.objects.get(event=event)
    assert (terms.handler, terms.texts_days) == (WORDS["handler"], 30)
    assert page.status_code == 200
    again = client.post(address("privacy_edit"), form | {"contact_days": 10, "version": 2})
    assert "要留得最久" in again.content.decode()
    stale = client.post(address("privacy_edit"), form)
    assert "刚被改过" in stale.content.decode()
    for junk in ("", "0", "99999999999", "三十"):
        answer = client.post(address("privacy_edit"), form | {"version": 2, "texts_days": junk})
        assert answer.status_code == 200
        assert PrivacyTerms.objects.get(event=event).texts_days == 30


def test_form_footer_and_letters_lead_to_the_notice(client, event):
    lin = scenes.an_applicant(event)
    to_it = address("privacy")
    for page in (address("event"), address("apply"), address("whitepaper")):
        assert f'href="{to_it}"' in client.get(page).content.decode(), page
    assert f'href="{to_it}"' in as_person(client, lin).get(address("me")).content.decode()
    [message] = Message.objects.of_person(lin.pk)
    assert notices.link(event) in outbox.preview(message).text


def test_the_houses_numbers_stand_below_every_page(client, event, settings):
    assert "沪ICP备" not in client.get("/").content.decode()
    settings.ICP_NUMBER = "沪ICP备20260001号-1"
    settings.PUBLIC_SECURITY_NUMBER = "沪公网安备 31010402000001号"
    page = client.get("/").content.decode()
    assert "沪ICP备20260001号-1" in page
    assert "webSearch?code=31010402000001" in page


# ---- what was agreed to -------------------------------------------------------------------


def test_the_whole_sentence_is_kept_in_the_language_it_was_shown_in(client, event):
    client.post(address("apply"), filled())
    with translation.override("en"):
        lin = scenes.an_applicant(event, "Lin", 7)
        assert lin.consents.get(purpose="wall_name").wording.endswith("Privacy notice, version 1")
    kept = Consent.objects.exclude(participant=lin).get(purpose="wall_name")
    for word in ("在签到墙展示姓名", "签到墙、方案墙和供需板", "小组页", "第 1 版"):
        assert word in kept.wording
    assert kept.kept_as == "full"


def test_every_purpose_has_its_sentence_and_is_asked():
    assert list(consents.SENTENCES) == list(Consent.Purpose)


def test_no_box_is_ticked_beforehand_and_each_is_its_own(client, event):
    page = client.get(address("apply")).content.decode()
    boxes = [line for line in page.split("<input") if 'name="consents"' in line]
    assert len(boxes) == len(Consent.Purpose)
    assert not [box for box in boxes if "checked" in box.split(">")[0]]


def test_it_is_kept_under_the_version_that_the_form_showed(client, event, chen):
    scenes.an_applicant(event, "周晓", 3)
    form = client.get(address("apply")).context["form"]
    publish(event, chen)
    client.post(address("apply"), filled(notice=form["notice"].value()))
    assert Consent.objects.filter(participant__name="林知夏", notice__version=1).exists()


@pytest.mark.parametrize("junk", ["", "0", "-1", "99", "９９", "x" * 100_000, "9" * 100_000])
def test_junk_for_a_version_means_the_newest(client, event, junk):
    scenes.an_applicant(event, "周晓", 3)
    client.post(address("apply"), filled(notice=junk))
    assert Consent.objects.filter(participant__name="林知夏", notice__version=1).count() == 2


def test_given_later_it_is_kept_as_whole(event):
    lin = scenes.an_applicant(event)
    consents.set_consent(participant=lin, purpose="invite_again", given=True, by=lin)
    given = lin.consents.get(purpose="invite_again")
    assert given.wording.startswith("以后的活动也邀请我\n有新一期活动")
    assert (given.kept_as, given.notice.version) == ("full", 1)


def test_an_import_keeps_what_the_other_form_asked(event, chen):
    header = "姓名,手机,身份,是否同意我们处理您的个人信息,是否同意拍照,后续活动是否愿意接收邀请"
    row = "林知夏,13800138000,社群核心运营者,同意,否,愿意"
    reading = import_runs.look(event=event, source=f"{header}\n{row}\n".encode(), name="a.csv")
    assert import_runs.take(event=event, reading=reading, by=chen) == 1
    kept = {c.purpose: c for c in Consent.objects.all()}
    assert set(kept) == {"processing", "invite_again"}
    assert kept["processing"].wording == "在别的表上同意：是否同意我们处理您的个人信息"
    assert kept["invite_again"].wording.endswith("后续活动是否愿意接收邀请")
    assert {c.kept_as for c in kept.values()} == {"elsewhere"}
    assert {c.notice for c in kept.values()} == {None}


@pytest.mark.parametrize(
    ("heading", "asks"),
    [
        ("同意以后的活动再邀请", True),
        ("下一期是否愿意收到通知", True),
        ("是否愿意接收今后活动的邀请", True),
        ("同意处理个人信息，用于本次及后续活动通知", False),
        ("邀请人", False),
        ("您从哪个渠道收到邀请", False),
    ],
)
def test_a_consent_bundled_with_another_is_none_of_its_own(event, heading, asks):
    header = f"姓名,手机,身份,同意处理个人信息,{heading}"
    reading = import_runs.look(
        event=event, source=f"{header}\n林知夏,13800138000,core,是,是\n".encode(), name="a.csv"
    )
    assert (reading.rows[0].values.consents["invite_again"] is True) == asks
