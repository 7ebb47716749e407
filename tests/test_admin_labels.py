"""What the admin calls things: Django makes up what nobody wrote, "Client id", "Report object (2)"."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Model
from django.utils import translation

from salon import letter_kinds

ROOMS = {"salon", "events", "participants", "workshops", "metrics"}
PAGES = {
    model: page for model, page in admin.site._registry.items() if model._meta.app_label in ROOMS
}


@pytest.mark.django_db
def test_every_field_in_the_admin_has_a_label_of_its_own(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    made_up = set()
    for page in PAGES.values():
        for shown in (page, *page.get_inline_instances(request)):
            fields = {field.name: field for field in shown.model._meta.fields}
            names = {*flatten(shown.get_fields(request)), *getattr(shown, "list_display", ())}
            made_up |= {
                f"{shown.model._meta.label}.{name}"
                for name in names & fields.keys()
                if fields[name].verbose_name == name.replace("_", " ")
            }
    assert made_up == set()


def test_every_row_in_the_admin_has_a_title():
    assert [model for model in PAGES if model.__str__ is Model.__str__] == []


def test_every_kind_of_letter_has_a_name_for_people():
    kinds = letter_kinds.KINDS.values()
    house = {kind.key: kind.label for kind in kinds if not kind.key.startswith("test_")}
    assert len(house) > 20
    assert [kind for kind, name in house.items() if not name] == []
    with translation.override("en"):
        assert [str(name) for name in house.values() if not str(name).isascii()] == []
