"""A hundred and fifty phones post pains and solutions at once, against the bare guarded update."""

import itertools
import uuid
from urllib.parse import urlencode

from django.core import signing
from django.middleware.csrf import _get_new_csrf_string

from benchmarks.bench import Row
from benchmarks.load import load, request
from participants.access import person_cookie
from participants.models import PersonalLink
from workshops.models import PainCard
from workshops.tests import scenes

PHONES = 150
POSTS = 900


def run(bench):
    salon, phones = _room()
    posts = (_post(salon, phone) for phone in itertools.islice(itertools.cycle(phones), POSTS))
    pains, bare = bench.beside_bare(posts, connections=32)
    with bench.serve() as port:
        phone = phones[0]
        path = f"/e/{salon.slug}/me/pains/"
        reads = (request("GET", path, headers=phone) for _each in range(400))
        page = load(port, reads, connections=8)
    posted = PainCard.objects.filter(event=salon).count()
    if set(pains.statuses) != {302} or posted < pains.requests:
        raise RuntimeError(f"pains answered {dict(pains.statuses)}, {posted} on the wall")
    yield Row(
        "150 phones post a pain card at once",
        f"{pains.per_second:.0f}/s, p95 {pains.p95_ms:.0f} ms",
        f"bare view {bare.per_second:.0f}/s",
        ratio=pains.per_second / bare.per_second,
    )
    yield Row(
        "the pain wall with all of them on a phone",
        f"{page.per_second:.0f}/s, p95 {page.p95_ms:.0f} ms",
    )


def _room():
    salon = scenes.a_salon("bench-workshop")
    signer = signing.TimestampSigner(salt="person")
    phones = []
    for person in scenes.people(salon, PHONES):
        link = PersonalLink.objects.create(participant=person, token_digest=uuid.uuid4().hex)
        token = _get_new_csrf_string()
        cookie = f"{person_cookie(salon.slug)}={signer.sign(str(link.pk))}; csrftoken={token}"
        phones.append({"Cookie": cookie, "X-CSRFToken": token})
    return salon, phones


def _post(salon, phone):
    form = urlencode({"client_id": str(uuid.uuid4()), "text": f"没人打卡 {uuid.uuid4()}"})
    return request(
        "POST",
        f"/e/{salon.slug}/me/pains/",
        headers=phone | {"Content-Type": "application/x-www-form-urlencoded"},
        body=form.encode(),
    )
