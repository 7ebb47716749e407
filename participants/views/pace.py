"""How fast the letters of one event go: when the last will be out, and slower than the house's."""

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from events.access import organiser
from salon import clock, pace
from salon.errors import Refused
from salon.models import EventPace, Message


def of_event(event) -> dict:
    """For the messages page: `last_out` (None: nothing waits for its turn) and `per_minute`."""
    slower = EventPace.objects.filter(event_id=event.pk).first()
    return {
        "last_out": pace.last_one_out(Message.objects.of_event(event), clock.now()),
        "per_minute": slower and slower.per_minute,
    }


@organiser
@require_POST
def set_pace(request, slug):
    typed = request.POST.get("per_minute", "").strip()
    if typed and not (typed.isdecimal() and 0 < int(typed[:9]) <= pace.MOST_A_MINUTE):
        messages.error(
            request,
            _("每分钟最多几封，请填 1 到 %(most)s 的整数；不填就按系统的速度发。")
            % {"most": pace.MOST_A_MINUTE},
        )
        return redirect("messages", slug)
    try:
        pace.set_event_pace(
            event=request.event,
            per_minute=int(typed) if typed else None,
            by=request.user,
            was=request.POST.get("seen"),
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("发送速度改好了。"))
    return redirect("messages", slug)
