"""People and desks for the tests of the door: plain functions, rows through the ORM."""

import uuid
from datetime import timedelta

from events.access import desk_cookie, issue_desk_pass, open_desk
from events.models import Event
from participants import codes
from participants.models import Category, Consent, PainPoint, Participant
from salon import clock
from salon.text import pinyin_of


def make_salon(slug="spring", **fields):
    """An event whose doors are open now, with its three categories."""
    now = clock.now()
    start = fields.pop("starts_at", now - timedelta(minutes=10))
    event = Event.objects.create(
        **{
            "slug": slug,
            "title": "春季沙龙",
            "venue": "西岸艺术中心",
            "starts_at": start,
            "ends_at": start + timedelta(hours=4, minutes=30),
            "status": Event.Status.PUBLISHED,
        }
        | fields
    )
    for position, (key, name, share) in enumerate(
        [("operator", "核心运营者", 70), ("brand", "品牌方代表", 10), ("creator", "内容创作者", 20)]
    ):
        Category.objects.create(
            event=event, key=key, name=name, share_percent=share, position=position
        )
    return event


def make_person(event, name="张三", *, category="operator", pains=(), consents=(), **fields):
    now = clock.now()
    person = Participant.objects.create(
        **{
            "event": event,
            "category": event.categories.get(key=category),
            "name": name,
            "pinyin": " ".join(pinyin_of(name)),
            "email": f"{uuid.uuid4().hex[:12]}@example.com",
            "industry": "education",
            "status": "confirmed",
            "code": codes.new_code(event),
            "submitted_at": now,
            "confirm_by": now + timedelta(hours=1),
            "told_reason": "名额有限" if fields.get("status") == "not_selected" else "",
        }
        | fields
    )
    for position, text in enumerate(pains, 1):
        PainPoint.objects.create(participant=person, position=position, text=text)
    for purpose in consents:
        Consent.objects.create(participant=person, purpose=purpose, wording="同意", given_at=now)
    return person


class Tablet:
    """A desk's device: posts JSON with the desk's cookie, as a checker from outside does."""

    def __init__(self, client, event, desk="一号台"):
        self.event = event
        self.desk_pass, self.token, self.pin = issue_desk_pass(event=event, desk=desk, by=None)
        self.client = client
        self.cookie = open_desk(desk_pass=self.desk_pass, pin=self.pin)
        client.cookies[desk_cookie(event.slug)] = self.cookie

    def url(self, path):
        return f"/e/{self.event.slug}/desk/api/{path}"

    def post(self, path, body, **headers):
        return self.client.post(
            self.url(path), body, content_type="application/json", headers=headers
        )

    def scan(self, person=None, *, code=None, **fields):
        """Scan a code or pick a person; the response's JSON."""
        whom = {"code": code} if person is None else {"participant": person.pk}
        return self.post("check-ins", scan_body(**whom, **fields)).json()


def scan_body(**fields):
    return {
        "client_id": str(uuid.uuid4()),
        "scanned_at": clock.now().isoformat(),
        "method": "search",
    } | fields
