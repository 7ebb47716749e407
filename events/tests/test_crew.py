"""Who works at an event: invited by address, without a look at the accounts of the house."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from events import crew
from events.models import Crew
from events.tests.scenes import a_salon, somebody
from events.tests.scenes import crew as on_crew
from salon import outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message, User

pytestmark = pytest.mark.django_db
ZHOU = {"name": "周以宁", "email": "Zhou@example.com", "role": Crew.Role.HOST}


@pytest.fixture
def salon():
    return a_salon()


@pytest.fixture
def shen(salon):
    return on_crew(salon, "shen", is_staff=True)


@pytest.fixture
def client(client, shen):
    client.force_login(shen)
    return client


@pytest.fixture
def by_mail(settings):
    settings.EMAIL_IS_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def invite(client, salon, **changed):
    return client.post(reverse("crew_invite", args=[salon.slug]), ZHOU | changed)


@pytest.mark.django_db(transaction=True)
def test_somebody_without_an_account_is_invited_sets_a_password_and_is_at_work(by_mail):
    salon = a_salon()
    organiser = Client()
    organiser.force_login(on_crew(salon, "shen", is_staff=True))
    assert invite(organiser, salon).status_code == 302
    outbox.deliver_due()
    (letter,) = [letter for letter in mail.outbox if letter.to == ["Zhou@example.com"]]
    assert "周以宁，您好" in letter.body
    assert "主持人" in letter.body
    kept = Message.objects.get(kind=crew.INVITATION)
    assert kept.event_id == salon.pk
    assert "（已隐去）" in kept.body

    zhou = Client()
    page = zhou.get(re.search(r"/login/new-password/\S+", letter.body)[0])
    password = {"new_password1": "a-fresh-one-42", "new_password2": "a-fresh-one-42"}
    assert zhou.post(page.url, password).url == reverse("login")
    typed = {"username": "zhou@example.com", "password": "a-fresh-one-42"}
    assert zhou.post(reverse("login"), typed).url == reverse("crew_home")
    assert zhou.get(reverse("host", args=[salon.slug])).status_code == 200
    assert zhou.get(reverse("control", args=[salon.slug])).status_code == 403


def test_somebody_with_an_account_is_put_on_the_crew_and_told_so(client, salon, by_mail):
    zhou = somebody("zhou", types_password=True)
    assert invite(client, salon, name="别的名字", role="organiser").status_code == 302
    zhou.refresh_from_db()
    assert (zhou.first_name, zhou.is_staff) == ("", True)
    assert list(salon.crew.filter(user=zhou).values_list("role", flat=True)) == ["organiser"]
    letter = outbox.preview(Message.objects.get(kind=crew.INVITATION))
    assert "用您的账号 zhou 登录" in letter.text
    assert "链接" not in letter.text
    assert AuditEntry.objects.filter(verb="add_crew", event_id=salon.pk).count() == 1


def test_inviting_twice_makes_one_account_and_one_row(client, salon, by_mail):
    for _ in range(2):
        invite(client, salon)
    assert User.objects.filter(email__iexact="zhou@example.com").count() == 1
    assert salon.crew.filter(user__username="zhou@example.com").count() == 1


def test_without_a_mail_server_the_link_is_shown_once_and_only_for_a_new_account(
    client, salon, settings
):
    settings.EMAIL_IS_CONFIGURED = False
    page = invite(client, salon)
    assert page.status_code == 200
    assert re.search(r"/login/new-password/[^<]+", page.text)
    assert page["Cache-Control"].startswith("no-store")
    # Nobody else gets into an account by inviting it once more.
    autumn = a_salon("autumn")
    gu = Client()
    gu.force_login(on_crew(autumn, "gu", is_staff=True))
    again = invite(gu, autumn)
    assert again.status_code == 302
    assert autumn.crew.filter(user__username="zhou@example.com").exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"email": "nobody"},
        {"email": ""},
        {"email": "x" * 100_000},
        {"email": "a" * 200 + "@example.com"},
        {"email": "zhou\x00@example.com"},
        {"name": ""},
        {"name": "周" * 100},
        {"role": "emperor"},
    ],
)
def test_what_is_typed_wrong_is_said_and_invites_nobody(client, salon, changed):
    before = User.objects.count()
    page = client.post(reverse("crew_invite", args=[salon.slug]), ZHOU | changed, follow=True)
    assert page.status_code == 200
    assert 'class="messages' in page.text
    assert User.objects.count() == before
    assert not Message.objects.of_kind(crew.INVITATION).exists()


def test_a_letter_to_somebody_who_was_taken_off_again_is_called_off(client, salon, by_mail):
    invite(client, salon)
    salon.crew.filter(user__username="zhou@example.com").delete()
    assert outbox.preview(Message.objects.get(kind=crew.INVITATION)) is None


def test_an_organiser_writes_to_sixty_strangers_an_hour(salon, shen):
    for number in range(60):
        crew.invite(event=salon, email=f"p{number}@example.com", name="x", role="host", by=shen)
    with pytest.raises(Refused):
        crew.invite(event=salon, email="p61@example.com", name="x", role="host", by=shen)


def test_the_admin_offers_whom_one_has_worked_with_and_nobody_else(client, salon, shen):
    on_crew(a_salon("autumn"), "gu", is_staff=True)
    on_crew(salon, "hejing", Crew.Role.HOST)
    address = reverse("admin:events_event_change", args=[salon.pk])
    page = client.get(address).text
    assert "hejing" in page
    assert "shen" in page
    assert "gu</option>" not in page
    client.force_login(somebody("boss", is_staff=True, is_superuser=True))
    assert "gu</option>" in client.get(address).text
