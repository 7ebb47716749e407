"""Bringing a stream platform's file into the house: looked at first, taken once, undone whole.

Every file keeps all it brought. A chat line that two of them hold counts once: the later one is
`repeated`, and takes the other's place when that file is undone.
"""

import dataclasses
import hashlib
from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from events.models import Event
from metrics.models import ChatLine, StreamImport, StreamUpload, StreamVisit
from metrics.streams import (
    ChatReading,
    Person,
    VisitReading,
    chat_as_json,
    identify,
    merge_viewers,
    read_stream,
    visits_as_json,
)
from participants.models import Participant
from salon import audit, clock
from salon.errors import Refused
from salon.sheets import open_table
from salon.text import national_mobile


@dataclass(frozen=True)
class Look:
    """A file that was read and matched against the event's people; nothing is written yet."""

    reading: VisitReading | ChatReading
    people: list
    viewers: list  # of visits; empty for a chat
    digest: str
    filename: str

    @property
    def kind(self):
        return self.reading.kind

    def as_json(self, *, imported=0):
        """The documented answer of `import_stream` (DESIGN §4)."""
        if self.kind == "visits":
            return visits_as_json(self.reading, self.viewers)
        return chat_as_json(self.reading, self.people, imported=imported)

    def counts(self):
        """What may be kept of the answer: numbers, nobody's name or mobile."""
        answer = self.as_json()
        for name in ("minutes", "imported"):  # by whom; and nothing is written yet
            answer.pop(name, None)
        answer["errors"] = len(answer["errors"])
        return answer


def look(*, event, content, name):
    """Read the bytes of an uploaded file. Raises salon.sheets.SheetRefused with a sentence."""
    window = (event.starts_at, event.ends_at)
    reading = read_stream(open_table(content, name=name), tz=event.zone, window=window)
    people = people_of(event)
    viewers = []
    if reading.kind == "visits":
        viewers = merge_viewers(reading.visits, window=window, people=people)
    return Look(
        reading=reading,
        people=people,
        viewers=viewers,
        digest=hashlib.sha256(content).hexdigest(),
        filename=name[-120:],
    )


def people_of(event):
    """Everybody of the event a viewer may turn out to be."""
    return [
        Person(**known)
        for known in Participant.objects.filter(event=event)
        .present()
        .order_by("pk")
        .values(*(field.name for field in dataclasses.fields(Person)))
    ]


def commit(*, event, look, by=None):
    """Take what the look found: `(import, new rows)`. The same file again writes nothing.

    Chat lines that another file has brought already are not new; overlapping visits need no such
    care, they are merged when they are counted.
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        known = StreamImport.objects.filter(
            event=event, file_digest=look.digest, undone_at=None
        ).first()
        if known is not None:
            return known, 0
        _recognise(event, look.people)
        source = StreamImport.objects.create(
            event=event,
            kind=look.kind,
            filename=look.filename,
            file_digest=look.digest,
            counts=look.counts(),
            by=by,
        )
        write = _write_visits if look.kind == "visits" else _write_chat
        rows = write(source, look)
        audit.record("import_stream", source, by=by)
    return source, rows


def undo(*, source, by):
    """Take an import back, whole; its rows go, the record of it stays. Again is harmless."""
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=source.event_id)
        source = StreamImport.objects.select_for_update().get(pk=source.pk)
        if source.undone_at is not None:
            return source
        source.visits.all().delete()
        counted = Counter(map(_said, source.lines.filter(repeated=False)))
        source.lines.all().delete()
        _take_the_place_of(counted, source.event)
        source.undone_at = clock.now()
        source.save(update_fields=["undone_at"])
        audit.record("undo_import_stream", source, by=by, fields=["undone_at"])
    return source


def viewer_digest(event, participant_id, key):
    """A keyed digest: the same viewer of the same event, and no way back to a mobile or name."""
    who = f"person:{participant_id}" if participant_id else f"guest:{key}"
    return salted_hmac(f"stream viewer {event.pk}", who, algorithm="sha256").hexdigest()


def _recognise(event, people):
    """Guests of earlier files who stand on the list by now, signed up late or at the door, are that
    person there, too: in the next file they are, and would be two viewers who said it twice."""
    namesakes = Counter(person.name for person in people)
    known = {}
    for person in people:
        name = person.name if namesakes[person.name] == 1 else ""
        for key in filter(None, (name, person.email, national_mobile(person.mobile))):
            known[viewer_digest(event, None, key)] = person.id
    for model in (StreamVisit, ChatLine):
        guests = model.objects.filter(source__event=event, participant=None)
        for viewer in known.keys() & set(guests.values_list("viewer", flat=True)):
            guests.filter(viewer=viewer).update(
                participant=known[viewer], viewer=viewer_digest(event, known[viewer], None)
            )


def _write_visits(source, look):
    visits = StreamVisit.objects.bulk_create(
        (
            StreamVisit(
                source=source,
                participant_id=viewer.participant_id,
                viewer=digest,
                joined_at=visit.joined_at,
                left_at=visit.left_at,
            )
            for viewer, digest in _with_digests(source.event, look.viewers)
            for visit in viewer.visits
        ),
        batch_size=2000,
    )
    return len(visits)


def _with_digests(event, viewers):
    for viewer in viewers:
        yield viewer, viewer_digest(event, viewer.participant_id, viewer.key)


def _write_chat(source, look):
    lines = []
    for line, who in zip(
        look.reading.lines, identify(look.reading.lines, look.people), strict=True
    ):
        person = who if isinstance(who, Person) else None
        lines.append(
            ChatLine(
                source=source,
                participant_id=person.id if person else None,
                viewer=viewer_digest(source.event, person and person.id, who),
                at=line.at,
                text=line.text,
            )
        )
    there = Counter(map(_said, _lines_of(source.event).filter(repeated=False)))
    for line in lines:
        line.repeated = _one_less(there, line)
    ChatLine.objects.bulk_create(lines, batch_size=2000)
    return sum(not line.repeated for line in lines)


def _take_the_place_of(gone, event):
    """Of the lines that counted and are `gone`, those that another file holds count from there."""
    heirs = [
        line.pk
        for line in _lines_of(event).filter(repeated=True).order_by("pk")
        if _one_less(gone, line)
    ]
    ChatLine.objects.filter(pk__in=heirs).update(repeated=False)


def _lines_of(event):
    return ChatLine.objects.filter(source__event=event)


def _said(line):
    """What one line is known by in two files; whom an erased one was said by still tells them
    apart."""
    return line.participant_id, line.viewer, line.at, line.text


def _one_less(counter, line):
    """Take one such line from the counter; whether there was one."""
    said = _said(line)
    found = counter[said] > 0
    counter[said] -= found
    return found


# --- between the dry run and the import, in the browser -------------------------------------------


def keep_upload(*, event, content, name, by):
    """Keep a file that was looked at, until it is imported or a day has passed."""
    with transaction.atomic():
        StreamUpload.objects.filter(event=event, by=by).delete()
        return StreamUpload.objects.create(
            event=event, by=by, content=content, filename=name[-120:]
        )


def commit_upload(*, upload, by):
    """Import a kept file: `(import, rows written)`; the file itself goes."""
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=upload.event_id)
        upload = StreamUpload.objects.select_for_update().filter(pk=upload.pk).first()
        if upload is None:
            raise Refused("gone", _("这份文件已经导入或过期，请重新上传。"), status=410)
        found = look(event=upload.event, content=bytes(upload.content), name=upload.filename)
        answer = commit(event=upload.event, look=found, by=by)
        upload.delete()
    return answer


def viewers_shown(look):
    """[(name or key, minutes, visits, matched)] of a look's viewers, the longest first."""
    names = {person.id: person.name for person in look.people}
    return sorted(
        (
            (
                names.get(viewer.participant_id, viewer.key),
                viewer.minutes,
                len(viewer.visits),
                viewer.participant_id is not None,
            )
            for viewer in look.viewers
        ),
        key=lambda row: (-row[1], row[0]),
    )
