"""The community of a series: everybody sees its salons, those who took part its board."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.models import Series
from metrics import going_on
from participants.access import person_of
from salon.access import public


@public
@never_cache
@require_safe
def series(request, slug):
    found = get_object_or_404(Series, slug=slug)
    salons, is_alumna = going_on.salons_of(
        found, person_of=lambda event: person_of(request, event.slug)
    )
    return render(
        request,
        "metrics/series.html",
        {"series": found, "salons": salons, "is_alumna": is_alumna},
    )
