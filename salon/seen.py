"""What a form showed when it was opened, and a word to whoever would save over a change since.

A page posts back `seen`, the stamp of the values that stood on it (`{% seen role.people %}`); the
verb takes its lock, stamps what stands there now, and refuses where the two differ. Nothing is
counted up, so whatever changes a row, a press, a task or another page, it is noticed.
"""

import hashlib
import json

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from salon.errors import Refused

FIELD = "seen"
STALE = _(
    "您打开之后，这里刚被改过，没有覆盖。您的改动还在这一页，请对照后再保存；再保存就以您的为准。"
)


class _AsKept(DjangoJSONEncoder):
    def default(self, value):
        try:
            return super().default(value)
        except TypeError:
            return str(value)


def stamp(*shown) -> str:
    """A digest of values as the database keeps them: texts, numbers, times, rows, lists of those."""
    kept = json.dumps(shown, cls=_AsKept, sort_keys=True)
    return hashlib.sha256(kept.encode()).hexdigest()[:16]


LOOK_AGAIN = _("这里刚被改过，没有覆盖。请看一眼现在的，再改一次。")


def require_unchanged(seen: str | None, *shown, told=STALE) -> None:
    """Raises Refused("stale") unless `seen` is the stamp of what is there now; `told` is the
    sentence, LOOK_AGAIN where the page does not keep what was typed. None is a caller that showed
    nobody anything: a command, a blueprint, a script."""
    if seen is not None and seen != stamp(*shown):
        raise Refused("stale", told)


def compared_with(form: forms.Form, now, *, name: str = FIELD) -> None:
    """The form as typed, on top of what a colleague has saved meanwhile: sent again, it replaces
    what its reader was told to look at."""
    form.data = form.data.copy()
    form.data[form.add_prefix(name)] = now


class SeenForm(forms.ModelForm):
    """The form of a page of the admin; `page` is its ModelAdmin, `request` whose page it is."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    page = request = None
    is_stale = False

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.initial[FIELD] = self._stamp()

    def _stamp(self):
        return stamp(*self.page.shown(self.request, self.instance, self.fields))

    def clean(self):
        # The admin's transaction is open: whoever is changing the row has finished when this
        # answers, and what is written back with the form is what they left.
        try:
            self.page.lock(self.instance)
        except Refused as refused:
            raise ValidationError(str(refused)) from None
        except self.instance.DoesNotExist:
            raise ValidationError(_("这一条已经不在了，请刷新后再看。")) from None
        now = self._stamp()
        if self.data.get(self.add_prefix(FIELD), now) != now:
            self.is_stale = True
            compared_with(self, now)
            raise ValidationError(STALE, code="stale")
        return super().clean()


class SeenPages:
    """For a ModelAdmin: each page that changes a row notices a colleague's change of the same row
    and of the rows below it."""

    def shown(self, request, row, fields) -> list:
        """The values that the page of `row` with these form fields shows and would write."""
        found = [getattr(row, "version", None), model_to_dict(row, fields)]
        for inline in self.get_inline_instances(request, row):
            formset = inline.get_formset(request, row)
            if names := set(formset.form.base_fields) - {"id", formset.fk.name}:
                below = inline.model._default_manager.filter(**{formset.fk.name: row})
                found += [[each.pk, model_to_dict(each, names)] for each in below.order_by("pk")]
        return found

    def lock(self, row) -> None:
        """Take the row, and read it again as it is then."""
        rows = type(row)._base_manager.select_for_update(no_key=True)
        row.refresh_from_db(from_queryset=rows)

    def get_form(self, request, obj=None, change=False, **options):
        form = super().get_form(request, obj, change=change, **options)
        if obj is None or not form.base_fields:
            return form
        guarded = {"page": self, "request": request}
        return type(form)(form.__name__, (SeenForm, form), guarded)

    def get_fields(self, request, obj=None):
        # The page's template shows it, wherever a page says which fields it has.
        return [name for name in super().get_fields(request, obj) if name != FIELD]
