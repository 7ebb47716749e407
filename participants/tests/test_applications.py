import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import F

from events.models import Event
from participants import applications, consents, erase
from participants.models import Case, CheckIn, Consent, Participant
from participants.tests import scenes
from salon import clock
from salon.errors import Refused
from salon.models import AuditEntry, Message
from tests.unguarded import without

pytestmark = pytest.mark.django_db


def test_lin_applies_and_is_promised_a_letter():
    event = scenes.a_salon()
    outcome = applications.apply(
        event=event,
        answers=scenes.answers("林知夏", mobile="+86 １３８ 0013 8000", email="Lin@Example.COM"),
        client_id=uuid.uuid4(),
        channel_code="gzh",
    )
    lin = outcome.participant
    assert outcome.kind == "new"
    assert (lin.mobile, lin.email) == ("+8613800138000", "lin@example.com")
    assert lin.pinyin == "linzhixia lzx"
    assert lin.channel.code == "gzh"
    assert lin.status == "submitted"
    assert len(lin.code) == 6
    assert not set(lin.code) & set("01IO")
    assert [point.text for point in lin.pain_points.all()] == ["新人进群三天就不说话了"]
    assert set(lin.consents.values_list("purpose", flat=True)) == {"processing", "wall_name"}
    message = Message.objects.get(person_id=lin.pk)
    assert (message.kind, message.channel, message.state) == ("received", "email", "planned")


def test_the_score_follows_the_criteria_of_the_category():
    event = scenes.a_salon()
    strong = scenes.an_applicant(event, "林知夏", 1, community_size=40000, active_rate=80)
    weak = scenes.an_applicant(event, "周晓", 2, community_size=900, active_rate=None)
    assert strong.score > 100 > weak.score > 0
    assert applications.judge_person(weak).findings[1].state == "unknown"


def test_the_same_post_a_hundred_times_is_one_application_and_one_letter():
    event = scenes.a_salon()
    answers, client_id = scenes.answers("林知夏"), uuid.uuid4()
    kinds = [
        applications.apply(event=event, answers=answers, client_id=client_id).kind
        for _press in range(100)
    ]
    assert kinds == ["new", *["replayed"] * 99]
    assert Participant.objects.count() == Message.objects.exclude(person_id=None).count() == 1


def test_the_same_answers_from_a_reloaded_form_are_still_one_letter():
    event = scenes.a_salon()
    answers = scenes.answers("林知夏")
    for _load in range(5):
        applications.apply(event=event, answers=answers, client_id=uuid.uuid4())
    assert Participant.objects.count() == Message.objects.exclude(person_id=None).count() == 1


def test_a_colleague_signed_up_on_the_same_open_form_is_not_lost():
    event, elsewhere = scenes.a_salon(), scenes.a_salon("autumn")
    form = uuid.uuid4()
    for salon, answers in (
        (event, scenes.answers("林知夏", 1)),
        (event, scenes.answers("周晓", 2)),
        (event, scenes.answers("周晓", 2)),
        (elsewhere, scenes.answers("林知夏", 1)),
        (event, scenes.answers("林知夏", 1)),
    ):
        applications.apply(event=salon, answers=answers, client_id=form)
    signed_up = Participant.objects.values_list("event__slug", "name").order_by("pk")
    assert list(signed_up) == [("spring", "林知夏"), ("spring", "周晓"), ("autumn", "林知夏")]


def test_the_post_of_somebody_erased_brings_nobody_back():
    event, form = scenes.a_salon(), uuid.uuid4()
    lin = applications.apply(
        event=event, answers=scenes.answers("林知夏"), client_id=form
    ).participant
    erase.erase_person(participant=lin, by=lin)
    again = applications.apply(event=event, answers=scenes.answers("林知夏"), client_id=form)
    assert again.kind == "replayed"
    assert Participant.objects.count() == 1


@pytest.mark.parametrize(("field", "channel"), [("mobile", "sms"), ("email", "email")])
def test_applying_again_changes_nothing_and_sends_the_own_link_to_the_contact_that_matched(
    field, channel
):
    event = scenes.a_salon()
    lin = scenes.an_applicant(event, "林知夏", 1)
    only = {"mobile": "", "email": ""} | {field: getattr(lin, field)}
    again = scenes.answers("林知夏", organisation="别处") | only
    outcome = applications.apply(event=event, answers=again, client_id=uuid.uuid4())
    assert outcome.kind == "known"
    lin.refresh_from_db()
    assert (lin.name, lin.organisation) == ("林知夏", "拾光教育")
    assert Participant.objects.count() == 1
    letter = Message.objects.get(kind="link_again")
    assert (letter.person_id, letter.channel) == (lin.pk, channel)
    assert not Case.objects.exists()


def test_asking_again_and_again_fills_nobodys_mailbox(travel):
    event = scenes.a_salon()
    lin = scenes.an_applicant(event, "林知夏", 1)

    def ask(number):
        applications.apply(
            event=event,
            answers=scenes.answers("林知夏", 100 + number, mobile="", email=lin.email),
            client_id=uuid.uuid4(),
        )

    for number in range(20):
        ask(number)
    # The window may turn once while this runs.
    assert Message.objects.filter(kind="link_again").count() <= 2
    for hours in range(1, 20):
        travel(clock.now() + timedelta(hours=1))
        ask(hours)
    assert Message.objects.filter(kind="link_again").count() <= 2 + applications.LINKS_A_DAY


def test_without_mobile_and_email_nobody_can_be_reached():
    with pytest.raises(Refused) as refused:
        applications.apply(
            event=scenes.a_salon(),
            answers=scenes.answers("林知夏", mobile="", email=" "),
            client_id=uuid.uuid4(),
        )
    assert refused.value.code == "phone"


def test_without_consent_to_processing_nothing_is_kept():
    with pytest.raises(Refused) as refused:
        applications.apply(
            event=scenes.a_salon(),
            answers=scenes.answers("林知夏", consents=["wall_name"]),
            client_id=uuid.uuid4(),
        )
    assert refused.value.code == "consent"
    assert not Participant.objects.exists()


def test_after_the_closing_date_one_joins_the_waiting_list():
    event = scenes.a_salon()
    event.registration_opens_at = event.starts_at - 60 * (event.ends_at - event.starts_at)
    event.registration_closes_at = event.created_at
    event.registration_opens_at = None
    event.save()
    assert applications.registration(event).state == "closed"
    assert scenes.an_applicant(event).status == "waitlisted"


def test_a_full_room_means_the_waiting_list_while_the_other_room_is_open():
    event = scenes.a_salon(on_site_capacity=0)
    assert scenes.an_applicant(event, "林知夏", 1).status == "waitlisted"
    assert scenes.an_applicant(event, "周晓", 2, online=True).status == "submitted"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"registration_opens_at": F("starts_at")}, "not_yet"),
        ({"starts_at": F("created_at")}, "over"),
    ],
)
def test_an_event_that_takes_nobody_says_why(change, state):
    event = scenes.a_salon()
    type(event).objects.filter(pk=event.pk).update(**change)
    event.refresh_from_db()
    assert applications.registration(event).state == state
    with pytest.raises(Refused) as refused:
        scenes.an_applicant(event)
    assert refused.value.code == "closed"
    assert str(refused.value)


@pytest.mark.parametrize(
    ("ends", "word"), [(timedelta(hours=1), "签到台"), (-timedelta(hours=1), "结束")]
)
def test_only_while_an_event_runs_does_its_form_send_people_to_the_desk(ends, word):
    event = scenes.a_salon()
    now = applications.registration(event).now
    type(event).objects.filter(pk=event.pk).update(
        starts_at=now - timedelta(hours=3), ends_at=now + ends
    )
    event.refresh_from_db()
    why = str(applications.why_not_open(event, applications.registration(event)))
    assert word in why
    assert ("签到台" in why) == (word == "签到台")


def test_one_device_may_sign_up_a_team_but_not_a_city():
    event = scenes.a_salon()

    def sign_up(number):
        return applications.apply(
            event=event,
            answers=scenes.answers("同事", number),
            client_id=uuid.uuid4(),
            device="the phone in the office",
        )

    for number in range(30):
        sign_up(number)
    with pytest.raises(Refused) as refused:
        sign_up(31)
    assert refused.value.code == "too_often"
    # Whoever is among the thirty gets the usual answer, however often they press.
    assert sign_up(29).kind in ("replayed", "known")


def test_a_post_whose_answer_was_lost_is_answered_after_the_doors_have_closed_too():
    event = scenes.a_salon()
    answers, client_id = scenes.answers("林知夏"), uuid.uuid4()
    applications.apply(event=event, answers=answers, client_id=client_id)
    type(event).objects.filter(pk=event.pk).update(status="cancelled")
    event.refresh_from_db()
    again = applications.apply(event=event, answers=answers, client_id=client_id)
    assert again.kind == "replayed"
    with pytest.raises(Refused) as refused:
        applications.apply(event=event, answers=scenes.answers("周晓", 2), client_id=uuid.uuid4())
    assert refused.value.code == "closed"


def test_signing_up_costs_no_more_than_its_budget(django_assert_max_num_queries):
    event = scenes.a_salon()
    answers = scenes.answers("林知夏")
    # Seven of its own, and the savepoint (two) that a test inside a transaction adds; the first at an
    # event publishes the notice it agrees to.
    for person, most in ((answers, 9 + 2), (scenes.answers("周晓", 2), 9)):
        with django_assert_max_num_queries(most):
            applications.apply(
                event=event, answers=person, client_id=uuid.uuid4(), channel_code="gzh", device="d"
            )


def test_lin_changes_her_organisation_and_stays_confirmed():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    changed = applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", organisation="新的机构"),
        version=lin.version,
        by=lin,
    )
    lin.refresh_from_db()
    assert changed == {"organisation"}
    assert (lin.organisation, lin.status) == ("新的机构", "confirmed")


def test_changing_a_criteria_field_after_acceptance_goes_back_to_review():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", community_size=300),
        version=lin.version,
        by=lin,
    )
    lin.refresh_from_db()
    assert lin.status == "submitted"
    assert lin.status_changes.first().before == "confirmed"
    assert not Message.objects.open().filter(person_id=lin.pk, kind="t7").exists()


def test_once_it_has_begun_a_change_of_answers_costs_nobody_the_seat():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    Event.objects.filter(pk=event.pk).update(starts_at=clock.now() - timedelta(minutes=5))
    changed = applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", community_size=800),
        version=lin.version,
        by=lin,
    )
    lin.refresh_from_db()
    assert changed == {"community_size"}
    assert (lin.status, lin.community_size) == ("confirmed", 800)


def test_a_guest_inside_before_it_begins_is_not_sent_back_to_review():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    now = clock.now()
    CheckIn.objects.create(event=event, participant=lin, method="code", at=now, received_at=now)
    applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", pain_points=["活动做完就散"]),
        version=lin.version,
        by=lin,
    )
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_going_back_to_review_leaves_the_link_she_has_just_asked_for():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    applications.send_link_again(participant=lin, now=clock.now())
    applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", community_size=300),
        version=lin.version,
        by=lin,
    )
    waiting = Message.objects.open().filter(person_id=lin.pk)
    assert set(waiting.values_list("kind", flat=True)) == {"received", "link_again"}


def test_the_second_of_two_editors_is_told():
    event = scenes.a_salon()
    lin = scenes.an_applicant(event)

    def edit(organisation):
        answers = scenes.answers("林知夏", organisation=organisation)
        applications.edit(participant=lin, answers=answers, version=1, by=lin)

    edit("甲")
    with pytest.raises(Refused) as refused:
        edit("乙")
    assert refused.value.code == "edited_elsewhere"
    lin.refresh_from_db()
    assert lin.organisation == "甲"


def test_a_consent_is_withdrawn_as_easily_as_given():
    lin = scenes.an_applicant(scenes.a_salon())
    consents.set_consent(participant=lin, purpose="photo", given=True, by=lin)
    consents.set_consent(participant=lin, purpose="wall_name", given=False, by=lin)
    in_force = Consent.objects.filter(participant=lin, withdrawn_at=None)
    assert set(in_force.values_list("purpose", flat=True)) == {"processing", "photo"}
    assert Consent.objects.filter(participant=lin).count() == 3


def test_the_audit_names_fields_and_no_values():
    event = scenes.a_salon()
    lin = scenes.an_applicant(event)
    applications.edit(
        participant=lin, answers=scenes.answers("林秘密", 7), version=lin.version, by=lin
    )
    entry = AuditEntry.objects.get(verb="edit_answers")
    assert set(entry.fields) == {"name", "mobile", "email"}
    assert "林" not in str(AuditEntry.objects.values())


HOSTILE = [
    "\x00林",
    "\ud800知夏",
    "林\u202e知夏",
    "👩‍👩‍👧‍👦林",
    "夏" * 10_000,
    "<script>alert(1)</script>",
    '=HYPERLINK("x")',
    "م" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_is_stored_or_refused_with_a_sentence(name):
    event = scenes.a_salon()
    person = scenes.an_applicant(event, name, organisation=name, pain_points=[name])
    person.refresh_from_db()
    assert 0 < len(person.name) <= 80
    assert not set(person.name + person.organisation) & set("\x00\ud800\u202e")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_posts_at_once_are_one_application_and_one_letter():
    event = scenes.a_salon()
    answers, client_id = scenes.answers("林知夏"), uuid.uuid4()
    kinds = at_once(
        20,
        lambda _n: [
            applications.apply(event=event, answers=answers, client_id=client_id).kind
            for _press in range(5)
        ],
    )
    flat = [kind for group in kinds for kind in group]
    assert sorted(flat) == ["new", *["replayed"] * 99]
    assert Participant.objects.count() == Message.objects.exclude(person_id=None).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_unique_columns_the_same_race_makes_doubles():
    event = scenes.a_salon()
    with without("participant_mobile_once"), without("participant_email_once"):
        at_once(
            16,
            lambda n: applications.apply(
                event=event, answers=scenes.answers("林知夏"), client_id=uuid.uuid4()
            ),
        )
        assert Participant.objects.count() > 1


def at_once(count, do):
    """Run `do(n)` in `count` threads that start together; results in order of n."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number):
        try:
            connection.ensure_connection()
            barrier.wait()
            results[number] = do(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
