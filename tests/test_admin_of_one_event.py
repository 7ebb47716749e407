"""In the admin an organiser meets nothing of another organiser's event, in lists, filters or forms."""

import pytest
from django.contrib import admin
from django.db import models
from django.urls import reverse

from events.admin import OfEvent
from events.models import Gate, PrepMember, Series
from participants.models import Participant
from tests.test_doors import account, guest, rows_of, salon

pytestmark = pytest.mark.django_db
THEIRS = "别家"


def pages_of_rows():
    """Every admin whose rows belong to an event."""
    return [page for page in admin.site._registry.values() if isinstance(page, OfEvent)]


def words_of(model):
    return [
        field.attname
        for field in model._meta.concrete_fields
        if type(field) in (models.CharField, models.TextField)
        and not field.choices
        and not field.unique
        and field.name != "mobile"  # the table takes numbers alone
        and (field.max_length or 100) >= 10
    ]


def name_everything(event):
    """Write a word into every text of every row of the event, to know them by."""
    models_of_event = {page.model: page.event_path for page in pages_of_rows()}
    for model, path in {
        **models_of_event,
        PrepMember: "group__event",
        Participant: "event",
    }.items():
        own = {"pk": event.pk} if path == "pk" else {path: event}
        for row in model._default_manager.filter(**own):
            fresh = dict.fromkeys(words_of(model), f"{THEIRS}{row.pk}")
            if "name_before" in fresh:  # which a person has only while the new one waits
                fresh["gate"] = Gate.WAITING
            model._default_manager.filter(pk=row.pk).update(**fresh)


@pytest.fixture
def two_salons():
    here, there = salon("here"), salon("there")
    for number, event in ((2, here), (3, there)):
        rows_of(event, guest(event, number))
        Series.objects.filter(slug="all").update(slug=f"series-{number}")
    name_everything(there)
    return here, there


def test_gu_sees_nothing_of_the_salon_next_door(two_salons):
    here, _there = two_salons
    gu = account("organiser", here, "organiser")
    seen = []
    for page in pages_of_rows():
        name = f"admin:{page.model._meta.app_label}_{page.model._meta.model_name}"
        addresses = [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        path = page.event_path
        own = {"pk": here.pk} if path == "pk" else {path: here}
        addresses += [
            reverse(f"{name}_change", args=[pk])
            for pk in page.model._default_manager.filter(**own).values_list("pk", flat=True)[:2]
        ]
        for address in addresses:
            answer = gu.get(address)
            assert answer.status_code in (200, 302, 403), address
            if THEIRS in answer.content.decode():
                seen.append(address)
    assert seen == []
