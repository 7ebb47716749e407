"""The personal link: a key in a letter, exchanged for a signed cookie, gone from the address.

Opening the link changes nothing on the server, so a mail scanner may open it a hundred times; what
the person posts behind it shows that it reached them. `request.person`, its `link` (the key behind
the cookie) and `request.event` are set by the door, and `request.opened_anew`: whether a post would
show something new.
"""

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from events.access import desk_of, find_event, require_in_sight, roles_of
from events.models import Crew, DeskPass, Event
from participants import contacts, guests
from participants.keys import find_link, issue_link, switched_off  # noqa: F401  met here, too
from participants.models import Category, Participant, PersonalLink
from salon import by_hand, clock
from salon.access import door
from salon.errors import Refused
from salon.models import User

_signer = signing.TimestampSigner(salt="person")
KEEP_SECONDS = 180 * 24 * 3600


def set_person_cookie(response, link):
    response.set_cookie(
        person_cookie(link.participant.event.slug),
        _signer.sign(str(link.pk)),
        max_age=KEEP_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def person_cookie(slug):
    return f"me-{slug}"


# ---- somebody else's link in a browser that is somebody's already -------------------------

_swap_signer = signing.TimestampSigner(salt="swap")
SWAP_SECONDS = 600


def set_swap_cookie(response, link):
    """Keep the link that was opened until the question is answered who this browser is; like the
    link itself it leaves the address."""
    slug = link.participant.event.slug
    response.set_cookie(
        swap_cookie(slug),
        _swap_signer.sign(str(link.pk)),
        max_age=SWAP_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        path=reverse("me_swap", args=[slug]),
    )


def swap_cookie(slug):
    return f"swap-{slug}"


def swap_link(request, slug):
    """The living link of the event that waits for an answer, its participant loaded; or None."""
    try:
        pk = int(_swap_signer.unsign(request.COOKIES.get(swap_cookie(slug), ""), SWAP_SECONDS))
    except (signing.BadSignature, ValueError):
        return None
    return (
        PersonalLink.objects.living()
        .select_related("participant__event")
        .filter(pk=pk, participant__event__slug=slug, participant__erased_at=None)
        .first()
    )


# By hand, because it stands before every tap of every phone: composed by the ORM it takes a third
# of a post's time.
_MODELS = (Participant, Event, Category, PersonalLink)
_PERSON = f"""
    SELECT {by_hand.columns(*_MODELS)}
    FROM participants_personallink
    JOIN participants_participant
        ON participants_participant.id = participants_personallink.participant_id
    JOIN events_event ON events_event.id = participants_participant.event_id
    JOIN participants_category ON participants_category.id = participants_participant.category_id
    WHERE participants_personallink.id = %s AND revoked_at IS NULL AND events_event.slug = %s
        AND participants_participant.erased_at IS NULL
"""  # noqa: S608  names of our own columns


def _key_of(request, slug):
    """The number of the link that the cookie was exchanged for; None without a good one."""
    try:
        return int(_signer.unsign(request.COOKIES.get(person_cookie(slug), ""), KEEP_SECONDS))
    except (signing.BadSignature, ValueError):
        return None


def person_of(request, slug):
    """The participant of this request with event, category and the `link` behind the cookie, in
    one statement; or None."""
    pk = _key_of(request, slug)
    found = None if pk is None else by_hand.first(_PERSON, [pk, slug], *_MODELS)
    if found is None:
        return None
    person, person.event, person.category, person.link = found
    return person


def _person(request, slug, **kwargs):
    request.person = person_of(request, slug)
    request.event = request.person.event if request.person else find_event(slug)
    require_in_sight(request, request.event)
    if request.person is None:
        raise _no_way_in(request, slug)
    if request.method == "POST":
        contacts.prove_by_key(request.person)
    request.opened_anew = bool(contacts.to_prove(request.person))
    return None


def _guest(request, slug, **kwargs):
    """Who came or will come: others are told why this page is not theirs."""
    _person(request, slug)
    if not guests.is_guest(request.person):
        raise guests.turned_away(request.person)
    return None


def _no_way_in(request, slug):
    theirs = PersonalLink.objects.filter(
        pk=_key_of(request, slug),
        participant__event__slug=slug,
        participant__erased_at=None,
    )
    if theirs.exclude(revoked_at=None).exists():
        return switched_off(slug, status=403)
    return Refused(
        "no_personal_link",
        _(
            "请用您收到的个人链接打开这一页。链接丢了？在报名页再填一次手机或邮箱，我们会重新发给您。"
        ),
        status=403,
        title=_("这一页要用您的链接打开"),
        onward=(_("去报名页"), reverse("apply", args=[slug])),
    )


def _in_the_house(request, slug, **kwargs):
    """Crew of any role, a desk, or a guest: who may look at the walls. `request.person` is the
    guest, else None."""
    person = person_of(request, slug)
    request.person = person if person and guests.is_guest(person) else None
    found = request.person or desk_of(request, slug)
    request.event = person.event if person else found.event if found else find_event(slug)
    if request.person:
        require_in_sight(request, request.event)
        return None
    if found or roles_of(request.user, request.event):
        return None
    require_in_sight(request, request.event)
    if person:
        raise guests.turned_away(person)
    raise Refused(
        "not_in_the_house",
        _("这一页只给本场的参与者和工作人员看。请先登录，或打开签到台链接。"),
        status=403,
    )


def who_may_stay(viewers):
    """Those of the `(slug, key)` who watch the walls that may go on watching; three statements for
    all of them. A key is "participant:12", "deskpass:3" or "user:1"."""
    keys = {}
    for slug, key in viewers:
        kind, _colon, pk = key.partition(":")
        keys.setdefault(kind, {}).setdefault(int(pk), []).append((slug, key))
    people = guests.guests(Participant.objects.filter(pk__in=keys.get("participant", ())))
    desks = DeskPass.objects.filter(
        pk__in=keys.get("deskpass", ()), revoked_at=None, expires_at__gt=clock.database_now()
    )
    users = User.objects.filter(is_active=True, pk__in=keys.get("user", ()))
    crew = Crew.objects.filter(user__in=users).values_list("user", "event__slug")
    theirs = {
        "participant": set(people.values_list("pk", "event__slug")),
        "deskpass": set(desks.values_list("pk", "event__slug")),
        "user": set(crew),
    }
    bosses = set(users.filter(is_superuser=True).values_list("pk", flat=True))
    return {
        (slug, key)
        for kind, found in keys.items()
        for pk, asked in found.items()
        for slug, key in asked
        if (pk, slug) in theirs.get(kind, ()) or (kind == "user" and pk in bosses)
    }


person = door("person", _person)
guest = door("guest", _guest)
in_the_house = door("in_the_house", _in_the_house)
