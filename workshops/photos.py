"""Photos of a plan: whiteboards and sketches, made small, without what a camera writes into them."""

import contextlib
import io
import math
import threading
import uuid

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from events.gate import BELL, pass_gate
from events.models import Kind
from participants.standing import hold
from salon import audit, limits, live
from salon.errors import Refused
from workshops.models import Membership, Phase, Plan, PlanPhoto
from workshops.phases import is_open
from workshops.plans import require_member

MOST_BYTES = 12 * 1024 * 1024
# A file of a few kilobytes may unpack to gigabytes, so the header's size decides, by what a pixel
# costs its decoder: of a camera's JPEG next to nothing, of a PNG four bytes and their copy, of a
# WebP four times four. None takes more than 280 MB.
MOST_PIXELS = {"JPEG": 60_000_000, "PNG": 25_000_000, "WEBP": 16_000_000}
MOST_PIXELS_PROGRESSIVE = 25_000_000
LONGEST_SIDE = 1600
MOST_PHOTOS = 6
FORMATS = tuple(MOST_PIXELS)
Image.init()  # or `formats` would name plugins that are not loaded yet
# So many are unpacked at once in one process; who comes then waits a moment, and is asked to come
# again: the phone keeps the picture and tries by itself.
AT_ONCE = 2
PATIENCE_SECONDS = 5
_places = threading.BoundedSemaphore(AT_ONCE)


def shrunk(data):
    """JPEG bytes of the picture in `data`: upright, at most LONGEST_SIDE, without any metadata.

    Raises Refused("not_a_picture" | "too_large"), and "busy" when others are unpacked meanwhile.
    """
    if len(data) > MOST_BYTES:
        raise Refused("too_large", _("照片太大了，请选 12 MB 以内的。"), status=400)
    with _a_place():
        try:
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
            # The header says the size before a single pixel is unpacked.
            fits = picture.width * picture.height <= most_pixels(picture)
            jpeg = _as_jpeg(picture) if fits else None
        except Exception as error:
            # The decoder is not ours, and broken files make it raise whatever it likes.
            raise Refused(
                "not_a_picture", _("这个文件不是能打开的照片，请传 JPG、PNG 或 WebP。"), status=400
            ) from error
    if jpeg is None:
        raise Refused("too_large", _("照片尺寸太大了，请缩小后再传。"), status=400)
    return jpeg


@contextlib.contextmanager
def _a_place():
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Refused("busy", _("正在处理别人的照片，请稍等几秒再传一次。"), status=503)
    try:
        yield
    finally:
        _places.release()


def most_pixels(picture: Image.Image) -> int:
    """How many pixels a picture of this kind may have. A progressive JPEG is kept whole before it
    is made small."""
    if picture.info.get("progressive"):
        return MOST_PIXELS_PROGRESSIVE
    return MOST_PIXELS[picture.format]


def _as_jpeg(picture):
    # Small first, as every other step makes a copy; a JPEG is unpacked no larger than needed. What
    # has a palette would lose its shades.
    if picture.format == "JPEG":
        times = max(picture.size) / LONGEST_SIDE
        picture.draft(None, tuple(math.ceil(side / times) for side in picture.size))
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = _upright(picture).convert("RGB")
    # A fresh picture takes pixels over and nothing else.
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _upright(picture):
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        # A tag that cannot be read says nothing of the pixels: better sideways than refused.
        return picture


def add_photo(*, group, person, data, client_id):
    """Add a photo to the plan while the design runs; the same `client_id` again adds nothing.

    Raises Refused: "not_a_picture", "too_large", "foreign", "closed", "too_many", "too_often".
    """
    if known := PlanPhoto.objects.filter(client_id=client_id).first():
        return _same_group(known, group)
    limits.require(f"photo:{person.pk}", times=20, seconds=600)
    jpeg = shrunk(data)
    with transaction.atomic():
        plan = _lock_open(group, person)
        if known := PlanPhoto.objects.filter(client_id=client_id).first():
            return _same_group(known, group)
        if plan.photos.count() >= MOST_PHOTOS:
            raise Refused("too_many", _("最多 6 张，先删掉一张再传。"))
        stand = pass_gate(group.event, Kind.PHOTO)
        photo = PlanPhoto(plan=plan, added_by=person, client_id=client_id, **stand)
        photo.image.save(f"{uuid.uuid4()}.jpg", ContentFile(jpeg), save=False)
        photo.save()
        live.publish(group.event, "plans", "workshop", BELL)
    return photo


def may_see(photo, *, person, roles):
    """Everybody in the house once it is on show; before, its group and the crew."""
    if photo.is_shown or roles:
        return True
    members = Membership.objects.filter(group=photo.plan.group_id, participant=person)
    return person is not None and members.exists()


def remove_photo(*, photo, person):
    """Take a photo out of one's own group's plan, row and file, while the design runs."""
    group = photo.plan.group
    with transaction.atomic():
        _lock_open(group, person)
        _remove(photo, by=person)


def take_down(*, photo, by):
    """An organiser takes a photo away at any time: somebody in it does not want to be shown."""
    with transaction.atomic():
        _remove(photo, by=by)


def forget(person):
    """The photos a person took go whole, files included, within the caller's transaction.

    Those of their group's other people are the group's work and stay; who is in one, nobody here
    can tell, so that is for the organisers (`take_down`).
    """
    for photo in PlanPhoto.objects.filter(added_by=person).select_related("plan__group__event"):
        _remove(photo, by=person)


def _remove(photo, *, by):
    event, name, storage = photo.plan.group.event, photo.image.name, photo.image.storage
    audit.record("remove_photo", photo, by=by, event_id=event.pk)
    photo.delete()
    transaction.on_commit(lambda: storage.delete(name))
    live.publish(event, "plans", "workshop", BELL)


def _lock_open(group, person):
    require_member(group, person)
    hold(person)
    plan = Plan.objects.select_for_update().get(group=group)
    if plan.submitted_at or not is_open(group.event, Phase.Kind.DESIGN):
        raise Refused("closed", _("方案已锁定，不能再改照片。"))
    return plan


def _same_group(photo, group):
    if photo.plan.group_id != group.pk:
        raise Refused("foreign", _("这次提交的编号已被用过，请刷新页面再发。"), status=422)
    return photo
