"""Taking in a sheet of applications: looked at first, then taken chunk by chunk, each person once.

importing.py reads the file; here its rows become people. Every chunk is one transaction that
looks again who is known, so a sign-up in the same second, a second worker or a restart in the
middle makes nobody twice.
"""

from collections import defaultdict
from datetime import timedelta
from functools import partial

from celery import current_app
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from participants import cases, codes, erased_contacts
from participants.applications import channel_of, judge_person
from participants.categories import asked_categories
from participants.importing import Problem, read_applications
from participants.models import Case, Consent, ImportFile, PainPoint, Participant
from participants.same_person import Known, compare
from salon import audit, broker, clock
from salon.copying import copy_rows, draw_ids, refresh_statistics
from salon.errors import Refused
from salon.meeting import DEADLOCK, sqlstate
from salon.models import Message
from salon.sheets import open_table
from salon.text import clean_text, pinyin_for_search

CHUNK = 500
KEEP = timedelta(days=1)
# Called alike in a row that was read and in the table.
SAME = (
    *("name", "mobile", "email", "organisation", "job_title", "industry", "community_size"),
    *("active_rate", "followers", "creator_field", "can_bring", "cooperation_need"),
    *("resource_offer", "expertise", "expectation", "source_key"),
)
PERSON = (
    *("id", "event_id", "category_id", "channel_id", "source", "code", "pinyin", "online"),
    *("submitted_at", "status_changed_at", "gate_seen_at", "score"),
    *SAME,
)
WRITTEN = (Participant, PainPoint, Consent, Message)
RECEIPT = (
    *("dedup_key", "person_id", "channel"),
    *("kind", "event_id", "batch", "due_at", "created_at"),
)


# ---- looking -----------------------------------------------------------------------------


def look(*, event, source, name=None):
    """Read a file for this event without writing: an importing.Reading, known people marked.

    `source`: a path, bytes or a binary file. Raises SheetRefused with the sentence.
    """
    table = open_table(source, name=name)
    mobiles, emails, keys = known_people(event)
    reading = read_applications(table, tz=event.zone, known_phones=mobiles, known_emails=emails)
    categories = set(event.categories.values_list("key", flat=True))
    gone = erased_contacts.among(event, contacts_of(row.values for row in reading.rows))
    for row in reading.rows:
        row.known = row.known or row.values.source_key in keys
        row.erased = not row.known and not gone.isdisjoint(contacts_of([row.values]))
        if row.importable and row.values.category not in categories:
            row.problems.append(
                Problem(
                    row.number,
                    reading.headers.get("category", "身份"),
                    "category",
                    _("本场活动没有这个类别。"),
                )
            )
    return reading


def contacts_of(values):
    """The mobiles and e-mails of these ApplicationValues."""
    return {contact for each in values for contact in (each.mobile, each.email) if contact}


def known_people(event, *, among=None):
    """Mobiles, e-mails and source keys of the event's people, three sets without "".

    `among`: only those that these ApplicationValues might meet.
    """
    people = Participant.objects.filter(event=event)
    if among is not None:
        people = people.filter(
            Q(mobile__in={values.mobile for values in among} - {""})
            | Q(email__in={values.email for values in among} - {""})
            | Q(source_key__in={values.source_key for values in among} - {""})
        )
    found = list(people.values_list("mobile", "email", "source_key"))
    mobiles, emails, keys = zip(*found, strict=True) if found else ((), (), ())
    return set(mobiles) - {""}, set(emails) - {""}, set(keys) - {""}


# ---- taking ------------------------------------------------------------------------------


def take(*, event, reading, by):
    """Import every importable row of people not known yet; returns how many. For the command."""
    taker = Taker(event, by, headings=reading.headers)
    rows = reading.importable
    made = sum(taker.take(rows[start : start + CHUNK]) for start in range(0, len(rows), CHUNK))
    refresh_statistics(*WRITTEN)
    return made


class Taker:
    """Writes rows of one event as people, in bulk; keeps what every chunk needs. `headings` of the
    columns, because that is what people agreed to: another form than ours."""

    def __init__(self, event, by, *, headings):
        self.event, self.by = event, by
        self.agreed = {
            purpose: _("在别的表上同意：%(heading)s") % {"heading": heading}
            for purpose, heading in headings.items()
        }
        self.categories = {category.key: category for category in asked_categories(event)}
        self.channels = {
            channel.kind: channel for channel in event.channels.filter(inviter="").order_by("-pk")
        }
        self.batch = f"import:{event.pk}:{clock.now():%Y%m%d%H%M%S}"

    def take(self, rows):
        """One chunk in one transaction; how many people it made."""
        for _attempt in range(5):
            try:
                with transaction.atomic():
                    return self._write(rows)
            except IntegrityError:
                continue  # somebody signed up, or a code was drawn, at this very moment
            except OperationalError as error:
                if sqlstate(error) != DEADLOCK:  # with another file of the same people
                    raise
        raise Refused("busy", _("导入时一直有人在改同一批报名，请稍后再试。"), status=503)

    def _write(self, rows):
        now = clock.now()
        every = [row.values for row in rows]
        mobiles, emails, keys = known_people(self.event, among=every)
        # After the people: whoever is erased between the two statements is found by one of them.
        gone = erased_contacts.among(self.event, contacts_of(every))
        news = [
            values
            for values in every
            if values.source_key not in keys and gone.isdisjoint(contacts_of([values]))
        ]
        fresh = [
            values for values in news if values.mobile not in mobiles and values.email not in emails
        ]
        self._keep_apart(news, now)
        if not fresh:
            return 0
        # Two files of the same people wait for each other in one order.
        fresh.sort(key=lambda values: (values.mobile, values.email))
        ids = draw_ids(Participant, len(fresh))
        people = list(zip(ids, fresh, strict=True))
        copy_rows(Participant, PERSON, (self._person(pk, values, now) for pk, values in people))
        copy_rows(
            PainPoint,
            ("participant_id", "position", "text"),
            (
                (pk, position, text)
                for pk, values in people
                for position, text in enumerate(values.pain_points, 1)
            ),
        )
        elsewhere = Consent.KeptAs.ELSEWHERE.value
        copy_rows(
            Consent,
            ("participant_id", "purpose", "wording", "kept_as", "given_at"),
            (
                (pk, purpose, self.agreed[purpose], elsewhere, _submitted_at(values, now))
                for pk, values in people
                for purpose, said in values.consents.items()
                if said
            ),
        )
        # With the personal link, and held: they applied elsewhere and know us not.
        same = ("received", self.event.pk, self.batch, now, now)
        copy_rows(
            Message,
            RECEIPT,
            ((f"received:{pk}", pk, channel_of(values), *same) for pk, values in people),
        )
        audit.record("import_applications", self.event, by=self.by, event_id=self.event.pk)
        return len(people)

    def _keep_apart(self, rows, now):
        """Of these ApplicationValues those under a contact that somebody else seems to have: a case
        for an organiser, not a person and not nothing."""
        directory = defaultdict(list)
        for person in _with_contacts_of(self.event, rows):
            for contact in filter(None, (person.mobile, person.email)):
                directory[contact].append(person)
        for values in rows:
            people = {*directory[values.mobile], *directory[values.email]}
            comer = Known.of(values)
            if not people or not all(compare(Known.of(one), comer).differs for one in people):
                continue
            person, likeness = cases.whose(people, comer)
            row = {name: getattr(values, name) for name in SAME} | {"online": not values.on_site}
            cases.open_case(
                event=self.event,
                person=person,
                likeness=likeness,
                answers=cases.as_answers(
                    row,
                    category=values.category,
                    pains=values.pain_points,
                    consents=self._agreed_to(values, now),
                ),
                channel=self.channels.get(values.channel_kind),
                source=Case.Source.IMPORT,
                submitted_at=_submitted_at(values, now),
            )

    def _agreed_to(self, values, now):
        """Unsaved Consents of one row."""
        return [
            Consent(
                purpose=purpose,
                wording=self.agreed[purpose],
                kept_as=Consent.KeptAs.ELSEWHERE,
                given_at=_submitted_at(values, now),
            )
            for purpose, said in values.consents.items()
            if said
        ]

    def _person(self, pk, values, now):
        """The values of one row, in the order of PERSON."""
        category = self.categories[values.category]
        channel = self.channels.get(values.channel_kind)
        return (
            pk,
            self.event.pk,
            category.pk,
            channel.pk if channel else None,
            Participant.Source.IMPORT.value,
            codes.random_code(),
            pinyin_for_search(values.name),
            not values.on_site,
            _submitted_at(values, now),
            now,
            now,  # an organiser brought them in
            judge_person(values, rules=category.rules, pain_points=values.pain_points).score,
            *(getattr(values, name) for name in SAME),
        )


def _with_contacts_of(event, rows):
    """People of the event with a mobile or e-mail of these rows."""
    return (
        Participant.objects.present()
        .filter(event=event)
        .filter(
            Q(mobile__in={values.mobile for values in rows} - {""})
            | Q(email__in={values.email for values in rows} - {""})
        )
    )


def _submitted_at(values, now):
    return min(values.submitted_at or now, now)


# ---- a file from the admin ---------------------------------------------------------------


def upload(*, event, file, by):
    """Keep an uploaded file with what looking at it found; nothing is imported yet.

    Raises SheetRefused when the file cannot be taken at all.
    """
    content = file.read()
    name = clean_text(file.name, max_length=120)
    reading = look(event=event, source=content, name=name)
    with transaction.atomic():
        kept = ImportFile.objects.create(
            event=event, by=by, filename=name, content=content, report=reading.as_json()
        )
        audit.record("upload_import", kept, by=by, event_id=event.pk)
    return kept


def start(*, file, by):
    """Have the worker import an uploaded file. Pressing twice is pressing once."""
    with transaction.atomic():
        file = ImportFile.objects.select_for_update().get(pk=file.pk)
        if file.state in (ImportFile.State.RUNNING, ImportFile.State.DONE):
            return file
        if not file.content:
            raise Refused("emptied", _("这份文件已经清掉了，请重新上传。"))
        file.state, file.done = ImportFile.State.RUNNING, 0
        file.report["imported"] = 0
        file.save(update_fields=["state", "done", "report"])
        audit.record("start_import", file, by=by, event_id=file.event_id)
        transaction.on_commit(partial(_ring, file.pk), robust=True)
    return file


def _ring(pk):
    broker.attempt(lambda redis: current_app.send_task("participants.tasks.import_file", args=[pk]))


def run(file_id):
    """Import a started file to its end. May be called by two workers at once, or again."""
    file = ImportFile.objects.select_related("event", "by").get(pk=file_id)
    if file.state != ImportFile.State.RUNNING:
        return
    try:
        reading = look(event=file.event, source=bytes(file.content), name=file.filename)
        taker = Taker(file.event, file.by, headings=reading.headers)
        rows = reading.importable
        while _next_chunk(file_id, taker, rows):
            pass
        refresh_statistics(*WRITTEN)
    except Refused as refused:
        _end(file_id, ImportFile.State.FAILED, failure=str(refused)[:200])
    else:
        _end(file_id, ImportFile.State.DONE)


def _next_chunk(file_id, taker, rows):
    with transaction.atomic():
        file = ImportFile.objects.select_for_update().get(pk=file_id)
        if file.state != ImportFile.State.RUNNING or file.done >= len(rows):
            return False
        chunk = rows[file.done : file.done + CHUNK]
        file.report["imported"] = file.report.get("imported", 0) + taker.take(chunk)
        file.done += len(chunk)
        file.save(update_fields=["report", "done"])
    return True


def _end(file_id, state, *, failure=""):
    ImportFile.objects.filter(pk=file_id, state=ImportFile.State.RUNNING).update(
        state=state, failure=failure, content=b""
    )


def sweep():
    """Go on with imports whose bell was lost, and empty files that nobody imported in a day."""
    for pk in ImportFile.objects.filter(state=ImportFile.State.RUNNING).values_list(
        "pk", flat=True
    ):
        run(pk)
    ImportFile.objects.filter(
        Q(uploaded_at__lt=clock.database_now() - KEEP), state=ImportFile.State.READ
    ).exclude(content=b"").update(content=b"")
