"""Which walls are on a screen now, as the screens themselves say.

A wall's page says "here" every ten seconds while its stream stands and it can be seen, and
"gone" when it is closed or covered. So a screen that falls silent without a word has lost its
connection or its power; an open socket would not tell, a pulled cable leaves it open for a
quarter of an hour. Phones say nothing: they cost nothing here.

Kept in Redis, because it may vanish: ten seconds later everything has been said again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing
from django.utils.translation import gettext_lazy as _

from salon import broker, clock, live
from salon.errors import Refused

# Topic of the wall: its name. Its page is at the address "wall_<topic>", in whichever room.
WALLS = {
    "agenda": _("流程墙"),
    "tags": _("签到墙"),
    "box": _("盲盒墙"),
    "icebreaker": _("破冰墙"),
    "pains": _("痛点墙"),
    "danmaku": _("弹幕墙"),
    "plans": _("方案墙"),
}
SILENT = timedelta(seconds=25)  # two words missed, and some for the way
FORGOTTEN = timedelta(hours=1)
MOST_SCREENS = 100  # of one event
BELLS, BELLS_SECONDS = 4, 5  # rings at most; what is not rung for is seen at the page's next look
NAME_LENGTH = 32

_signer = signing.Signer(salt="screen")


def pass_for(event, wall):
    """What a wall's page says "here" with. Only who was let in to the wall has it."""
    return _signer.sign(f"{event.pk}:{wall}")


@dataclass(frozen=True)
class Sighting:
    """One screen: the wall on it, since when it has been there, when it was last heard of."""

    wall: str
    since: datetime
    at: datetime

    @classmethod
    def read(cls, value):
        wall, since, at = value.decode().split()
        return cls(wall, *(datetime.fromtimestamp(float(word), UTC) for word in (since, at)))

    def __str__(self):
        return f"{self.wall} {self.since.timestamp()} {self.at.timestamp()}"


@dataclass(frozen=True)
class Watched:
    """A wall: on how many screens it is now; `lost_at`, when one fell silent that has not been
    replaced, or None."""

    screens: int = 0
    lost_at: datetime | None = None


def here(event, *, screen, pass_):
    """Note that `screen`, a page's random name, shows the wall that `pass_` names.

    Raises Refused("bad_pass"). Without Redis nothing is noted and nothing fails.
    """
    wall, now = _wall_of(event, screen, pass_), clock.now()
    news = []

    def note(redis):
        known = _sightings(redis, event)
        last = known.get(screen)
        fresh = last is None or last.wall != wall or now - last.at > SILENT
        old = [name for name, seen in known.items() if now - seen.at > FORGOTTEN]
        if last is None and len(known) - len(old) >= MOST_SCREENS:
            return
        with redis.pipeline(transaction=False) as pipe:
            if old:
                pipe.hdel(_key(event), *old)
            pipe.hset(_key(event), screen, str(Sighting(wall, now if fresh else last.since, now)))
            pipe.expire(_key(event), FORGOTTEN)
            pipe.execute()
        if fresh and _may_ring(redis, event):
            news.append(screen)

    broker.attempt(note)
    if news:
        live.publish(event, "control")


def gone(event, *, screen, pass_):
    """Forget a screen that took its leave. Raises Refused("bad_pass")."""
    _wall_of(event, screen, pass_)
    news = []

    def forget(redis):
        if redis.hdel(_key(event), screen) and _may_ring(redis, event):
            news.append(screen)

    broker.attempt(forget)
    if news:
        live.publish(event, "control")


def watched(event, *, now):
    """`{wall: Watched}` for every wall that is or was on a screen; None while Redis is away."""
    found = []
    if not broker.attempt(lambda redis: found.extend(_sightings(redis, event).values())):
        return None
    return {wall: tell(found, wall, now=now) for wall in {seen.wall for seen in found}}


def tell(sightings, wall, *, now):
    """What the sightings of an event's screens say about one wall."""
    ours = [seen for seen in sightings if seen.wall == wall and now - seen.at <= FORGOTTEN]
    present = [seen for seen in ours if now - seen.at <= SILENT]
    silent = [seen.at for seen in ours if now - seen.at > SILENT]
    # A computer that was started anew has another name: it stands for the one that fell silent.
    newest = max((seen.since for seen in present), default=None)
    lost = max(silent, default=None)
    replaced = newest is not None and lost is not None and newest > lost
    return Watched(screens=len(present), lost_at=None if replaced else lost)


def _wall_of(event, screen, pass_):
    try:
        event_id, _colon, wall = _signer.unsign(pass_).partition(":")
    except signing.BadSignature:
        wall = event_id = ""
    if event_id != str(event.pk) or not (screen.isalnum() and len(screen) <= NAME_LENGTH):
        raise Refused("bad_pass", _("没看懂这次操作，请刷新后再试。"), status=400)
    return wall


def _sightings(redis, event):
    return {
        name.decode(): Sighting.read(value) for name, value in redis.hgetall(_key(event)).items()
    }


def _key(event):
    return f"salon:screens:{event.pk}"


def _may_ring(redis, event):
    bell = f"{_key(event)}:bell"
    rung = redis.incr(bell)
    if rung == 1:
        redis.expire(bell, BELLS_SECONDS)
    return rung <= BELLS
