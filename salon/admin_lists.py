"""What every list of the admin keeps to: an address that asks for less never shows more.

Django forgets a filter that has nothing to choose from, and after one that it cannot read it shows
the whole list. Either way "select all" would reach people whom the address has left out.
"""

from django.contrib import admin
from django.contrib.admin.utils import lookup_spawns_duplicates, prepare_lookup_value
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import FieldDoesNotExist

from salon.seen import SeenPages


class StrictList(ChangeList):
    """`not_understood`: a filter of the address could not be applied, and so there are no rows."""

    not_understood = False

    def get_filters(self, request):
        specs, has_filters, lookups, doubles, active = super().get_filters(request)
        shown = {name for spec in specs for name in spec.expected_parameters()}
        days = f"{self.date_hierarchy}__" if self.date_hierarchy else None
        for name, values in self.get_filters_params().items():
            if name in lookups or name in shown or (days and name.startswith(days)):
                continue
            # Taken by a filter with nothing to choose from: its lookup is applied as a plain one.
            try:
                doubles |= lookup_spawns_duplicates(self.lookup_opts, name)
                lookups[name] = prepare_lookup_value(name, values)
            except FieldDoesNotExist:
                self.not_understood = True
        self.not_understood |= ERROR_FLAG in request.GET or any(map(_asks_for_the_unknown, specs))
        return specs, has_filters, lookups, doubles, active

    def get_queryset(self, request, exclude_parameters=None):
        rows = super().get_queryset(request, exclude_parameters)
        return rows.none() if self.not_understood else rows


def _asks_for_the_unknown(spec):
    """A filter of our own may take a word that it does not know for no word at all."""
    if not isinstance(spec, admin.SimpleListFilter) or spec.value() is None:
        return False
    return str(spec.value()) not in {str(choice) for choice, _label in spec.lookup_choices}


class HouseAdmin(SeenPages, admin.ModelAdmin):
    """What every page of the admin descends from."""

    def get_changelist(self, request, **options):
        return StrictList
