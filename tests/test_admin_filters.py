"""A filter never shows more than its address says: what it cannot apply leaves nothing."""

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.db.models import BooleanField
from django.test import RequestFactory
from django.urls import reverse

from participants.models import Participant
from salon.admin_lists import StrictList
from salon.models import User
from tests.test_doors import account, guest, rows_of, salon

pytestmark = pytest.mark.django_db
SENTENCE = "这样筛选，一条也看不到"


@pytest.fixture
def two_salons():
    here, there = salon("here"), salon("there")
    rows_of(here, guest(here, 2))
    guest(there, 3)
    return here, there


def lookups_of(page, request):
    """The name of every parameter that a filter of the page reads, with a value that no row has."""
    for each in page.get_list_filter(request):
        if isinstance(each, type):
            yield each.parameter_name, "nobody-knows-this"
            continue
        path = each if isinstance(each, str) else each[0]
        field = get_fields_from_path(page.model, path)[-1]
        if field.is_relation:
            yield f"{path}__{field.target_field.name}__exact", "999999"
        elif isinstance(field, BooleanField):
            yield f"{path}__exact", "2"
        else:
            yield f"{path}__exact", "nobody-knows-this"
            yield path, "nobody-knows-this"


def test_every_list_of_the_admin_is_a_strict_one():
    loose = [
        page.model._meta.label
        for page in admin.site._registry.values()
        if not issubclass(page.get_changelist(None), StrictList)
    ]
    assert loose == []


def test_no_filter_of_any_list_shows_rows_for_a_value_that_none_has(two_salons):
    """As a superuser, who sees both salons, and as an organiser, whose filters have one choice."""
    here, _there = two_salons
    account_of(here)
    User.objects.create_superuser("boss")
    asked = 0
    for user in User.objects.filter(username__in=["boss", "gu"]):
        for page in admin.site._registry.values():
            for name, unknown in lookups_of(page, asking(user)):
                asked += 1
                rows = rows_of_list(page, asking(user, {name: unknown}))
                assert rows == 0, (user, page.model._meta.label, name)
    assert asked > 60


def asking(user, given=None):
    request = RequestFactory().get("/", given)
    request.user = user
    return request


def rows_of_list(page, request):
    """How many rows the list would have; what it cannot read leads to `?e=1`, which shows none."""
    try:
        return page.get_changelist_instance(request).result_count
    except IncorrectLookupParameters:
        return 0


@pytest.mark.parametrize("value", ["", "abc", "0", "-1", "99999999999999999999", ["", "abc"]])
def test_nor_does_one_that_cannot_be_read(two_salons, value):
    gu, people = account_of(two_salons[0]), reverse("admin:participants_participant_changelist")
    for name in (
        "event__id__exact",
        "category__event__id__exact",
        "category__name",
        "online__exact",
    ):
        answer = gu.get(people, {name: value}, follow=True)
        if not (name == "online__exact" and value == "0"):
            assert rows_in(answer) == 0, (name, value)


def rows_in(answer):
    assert answer.status_code in {200, 400}
    return answer.context["cl"].result_count if answer.status_code == 200 else 0


def account_of(event):
    return account("gu", event, "organiser")


def test_a_filter_with_one_choice_is_applied_and_a_foreign_one_shows_nobody(two_salons):
    here, there = two_salons
    gu, people = account_of(here), reverse("admin:participants_participant_changelist")
    own = gu.get(people, {"event__id__exact": here.pk})
    assert own.context["cl"].result_count == here.participants.count()
    foreign = gu.get(people, {"event__id__exact": there.pk})
    assert foreign.context["cl"].result_count == 0
    both = gu.get(people, {"event__id__exact": [here.pk, there.pk]})
    assert both.context["cl"].result_count == here.participants.count()


def test_select_all_behind_a_dropped_filter_reaches_nobody(two_salons):
    here, there = two_salons
    gu, people = account_of(here), reverse("admin:participants_participant_changelist")
    before = list(Participant.objects.order_by("pk").values("pk", "status", "erased_at", "version"))
    pks = list(here.participants.values_list("pk", flat=True))
    for query in (f"event__id__exact={there.pk}", "event__id__exact=abc", "e=1"):
        for action in ("withdraw", "confirm", "erase", "not_selected"):
            data = {"action": action, "_selected_action": pks, "select_across": 1, "sure": "yes"}
            gu.post(f"{people}?{query}", data)
    after = list(Participant.objects.order_by("pk").values("pk", "status", "erased_at", "version"))
    assert after == before


def test_the_empty_list_says_why_and_leads_to_all(two_salons):
    gu = account_of(two_salons[0])
    people = reverse("admin:participants_participant_changelist")
    page = gu.get(people, {"event__id__exact": "abc"}, follow=True).text
    assert SENTENCE in page
    assert f'href="{people}"' in page
    assert SENTENCE not in gu.get(people, {"q": "谁也不叫这个"}).text
