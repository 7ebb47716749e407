"""Two organisers, one form: the second is told, and nobody's typing is lost with a page.

Every page of the admin and of those who run an event is opened and its forms are read, so that a
new one is looked at by being there.
"""

import pytest
from django.contrib import admin
from django.urls import reverse

from participants.models import Wording
from salon.models import User
from tests.forms import forms_of
from tests.test_doors import (
    World,
    account,
    addresses,
    guest,
    rows_of,
    salon,
    signed_in,
)

pytestmark = pytest.mark.django_db
DOORS = ("organiser", "host", "floor", "mentor")
# What a form carries that says which state of things it showed.
GUARDS = ("seen", "version", "edit_version", "seen_in")
TOLD = ("刚被改过", "刚保存过", "刚刚保存过", "刚刚在别处改过")
KEEPS_ITSELF = ("data-draft", "data-tap", "hx-post")
# What stands in a field and is nobody's work: (end of the form's address, the field), and why.
SUGGESTED = {
    ("/screening/decide/", "told_reason"): "the sentence most often told, to be changed",
    ("/screening/seats/", "seats"): "one seat, unless more are typed",
    ("/preparation/add/", "days_before"): "a week, unless another number is typed",
    ("/finish/", "notes"): "only the colleague who has the person on the line writes there",
    ("/blueprint/", "name"): "a name for what is saved, to be changed",
    ("/finish/", "told_reason"): "the sentence most often told, to be changed",
}


@pytest.fixture
def world():
    here, there = salon("here"), salon("there")
    made = World(here=here, there=there)
    made.rows = rows_of(here, guest(here, 2))
    for role in DOORS:
        made.clients[role] = account(role, here, role)
        made.clients[f"second {role}"] = account(f"second-{role}", here, role)
    made.clients["superuser"] = signed_in(User.objects.create_superuser("boss"))
    here.blocked_words = ["博彩"]
    here.save()
    Wording.objects.create(event=here, kind="t7", subject="还有一周", body="{称呼}，您好")
    return made


def pages(world):
    """(address, door, its HTML) of every page behind the doors of those who run the event; parts
    of pages are on those pages."""
    for route, door in addresses(*DOORS):
        try:
            address = world.path(route)
        except KeyError:
            continue
        answer = world.clients[door].get(address)
        if answer.streaming:
            list(answer)  # read to the end, which closes its file
        elif answer.status_code == 200 and b"<!doctype html>" in answer.content[:100]:
            yield address, door, answer.content.decode()


def holds_work(form):
    """Something of the house stands in its fields, which sending it would write over."""
    action = form.attrs.get("action", "")
    return any(
        control.value.strip() and (control.is_typed or (control.tag == "select" and control.chosen))
        for control in form.controls
        if not any(action.endswith(end) and control.name == name for end, name in SUGGESTED)
    )


def test_every_form_says_what_it_showed_and_asks_before_what_is_typed_is_lost(world):
    bare, silent, guarded, asking = [], [], set(), []
    for address, _door, page in pages(world):
        for form in filter(lambda each: each.posts, forms_of(page)):
            action = form.attrs.get("action") or address
            if holds_work(form):
                if form.named(*GUARDS):
                    guarded.add(action)
                else:
                    bare.append((address, action, [each.name for each in form.controls]))
            if any(each.is_typed for each in form.controls) and not set(KEEPS_ITSELF) & {
                *form.attrs
            }:
                (asking if "js/unsaved" in page else silent).append(action)
    assert (bare, silent) == ([], []), f"{bare}\n{silent}"
    assert len(guarded) > 10  # not vacuous
    assert len(asking) > 10


KEYS = {"key", "slug", "code", "email", "mobile", "username", "hint"}


def changed(form, word):
    """(control, the form's data with that control changed, the new value): a text or a number that
    takes anything, else a choice; None for a form with nothing of the kind."""
    for control in form.controls:
        longest = int(control.attrs.get("maxlength") or 200)
        picky = {"vDateField", "vTimeField"} & set(control.attrs.get("class", "").split())
        picky |= {control.attrs.get("inputmode")} & {"numeric", "decimal"}
        picky |= {control.name.split("-")[-1]} & KEYS
        if control.kind in {"textarea", "text"} and control.is_typed and longest > 19 and not picky:
            value = control.value.rstrip("\n") + word
            return control, form.data(**{control.name: value}), value
    for control in form.controls:
        if control.kind == "number" or control.attrs.get("inputmode") == "numeric":
            value = str({"甲": 3, "乙": 4}[word])
            return control, form.data(**{control.name: value}), value
    for control in form.controls:
        others = [each for each in control.options if each and each != control.value]
        if control.tag == "select" and len(others) > 1:
            value = others[{"甲": 0, "乙": 1}[word]]
            return control, form.data(**{control.name: value}), value
    return None


def guarded_forms(world):
    for address, door, page in pages(world):
        for number, form in enumerate(forms_of(page)):
            if form.posts and form.named("seen", "version", "edit_version") and holds_work(form):
                yield address, door, number, form


def test_the_second_of_two_organisers_is_told_on_every_page(world):
    silent, tried = [], set()
    for address, behind, number, shown in list(guarded_forms(world)):
        action = shown.attrs.get("action") or address
        # Each kind of form once: the rows of a list have one each.
        kind = "".join(c for c in action if not c.isdigit())
        if kind in tried:
            continue
        door = behind if behind in DOORS else "organiser"
        # Two pages may show one thing: as it stands after the forms before this one.
        form = forms_of(world.clients[door].get(address).content.decode())[number]
        if (first := changed(form, "甲")) is None:
            continue
        tried.add(kind)
        control, data, value = first
        one = world.clients[door].post(action, data, follow=True)
        _control, others, _value = changed(form, "乙")
        two = world.clients[f"second {door}"].post(action, others, follow=True)
        said = two.content.decode()
        if one.status_code != 200 or not any(word in said for word in TOLD):
            silent.append((action, one.status_code, "not told", two.status_code))
            continue
        fresh = forms_of(world.clients[door].get(address).content.decode())[number]
        kept = next(each for each in fresh.controls if each.name == control.name)
        if kept.value.rstrip("\n") != value:
            silent.append((action, "overwritten", kept.value, value))
    assert silent == [], silent
    assert len(tried) > 8, tried


# --- the admin --------------------------------------------------------------------------------


def admin_pages(world):
    """(model's name, its change page, who opens it, its HTML) of a row of each kind that can be
    changed."""
    for page in admin.site._registry.values():
        name = f"{page.model._meta.app_label}_{page.model._meta.model_name}"
        rows, path = page.model._default_manager.all(), getattr(page, "event_path", None)
        if path:
            rows = rows.filter(**{path: world.here.pk})
        row = rows.order_by("pk").first()
        if row is None:
            continue
        address = reverse(f"admin:{name}_change", args=[row.pk])
        who = "organiser" if path else "superuser"
        answer = world.clients[who].get(address)
        if answer.status_code != 200:
            continue
        html = answer.content.decode()
        shown = [each for each in main_form(html).controls if each.kind not in {"hidden", "submit"}]
        if shown:
            yield name, address, who, html


def main_form(page):
    return next(
        form
        for form in forms_of(page)
        if form.attrs.get("id", "").endswith("_form") and form.attrs["id"] != "logout-form"
    )


def test_every_page_of_the_admin_says_what_it_showed_and_asks_before_it_is_lost(world):
    found = list(admin_pages(world))
    names = {name for name, *_rest in found}
    bare = [name for name, _a, _w, page in found if not main_form(page).named("seen")]
    silent = [name for name, _a, _w, page in found if "js/unsaved" not in page]
    assert (bare, silent) == ([], []), f"{bare} {silent}"
    for expected in (
        *("events_event", "events_prepgroup", "events_milestone", "events_material"),
        *("events_riskplan", "events_series", "participants_category", "participants_channel"),
        *("participants_participant", "participants_wording", "workshops_award"),
        *("workshops_phase", "workshops_taskelement", "workshops_themetable", "salon_user"),
    ):
        assert expected in names


def refusals(answer):
    form = answer.context["adminform"].form
    below = [each.formset.errors for each in answer.context["inline_admin_formsets"]]
    return dict(form.errors), below


def test_the_second_of_two_is_told_on_every_page_of_the_admin(world):
    silent = []
    for name, address, who, page in admin_pages(world):
        form = main_form(page)
        if (found := changed(form, "甲")) is None:
            silent.append((name, "nothing to change"))
            continue
        control, first, value = found
        _control, second, other = changed(form, "乙")
        client = world.clients[who]
        one = client.post(address, first)
        if one.status_code != 302:
            silent.append((name, "first was refused", refusals(one)))
            continue
        answer = client.post(address, second)
        if answer.status_code != 200 or "刚被改过" not in answer.content.decode():
            silent.append((name, "second was not told", answer.status_code))
            continue
        now = main_form(client.get(address).content.decode()).named(control.name).value
        if now != value:
            silent.append((name, "overwritten", now))
        # What was typed stays on the page; saved again after the word, it stands.
        again = main_form(answer.content.decode())
        if again.named(control.name).value != other:
            silent.append((name, "typed text was lost"))
        elif client.post(address, again.data()).status_code != 302:
            silent.append((name, "cannot be saved after the word"))
    assert silent == [], silent


def test_a_threshold_that_a_colleague_raised_is_not_put_back_by_a_page_opened_before(world):
    category = world.here.categories.filter(criteria__threshold__isnull=False).first()
    address = reverse("admin:participants_category_change", args=[category.pk])
    gu, shen = world.clients["organiser"], world.clients["second organiser"]
    opened = main_form(shen.get(address).content.decode())
    field = next(
        control.name
        for control in opened.controls
        if control.name.endswith("-threshold") and control.value
    )
    mine = main_form(gu.get(address).content.decode())
    assert gu.post(address, mine.data(**{field: "6000"})).status_code == 302
    answer = shen.post(address, opened.data())
    assert "刚被改过" in answer.content.decode()
    assert category.criteria.filter(threshold=6000).exists()
