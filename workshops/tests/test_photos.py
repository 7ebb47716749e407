"""Photos of a plan: small, upright, without where and when, and never anything else."""

import contextlib
import io
import os
import random
import subprocess
import sys
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from participants.erase import erase_person
from salon.embedded import CHECKOUT
from salon.errors import Refused
from tests.house import until
from workshops import photos
from workshops.models import PlanPhoto
from workshops.tests import scenes
from workshops.tests.scenes import new_id

pytestmark = pytest.mark.django_db


def picture(size=(3000, 2000), kind="JPEG", **options):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def with_exif(size=(3000, 2000)):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(size, exif=exif)


def kept_bytes(row):
    with row.image.open() as file:
        return file.read()


@pytest.fixture
def group(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    salon = scenes.a_salon()
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    return first


def add(group, data, **given):
    person = scenes.members(group)[0]
    return photos.add_photo(
        group=group, person=person, data=data, **({"client_id": new_id()} | given)
    )


def test_it_becomes_small_and_upright_and_forgets_where_it_was_taken(group):
    kept = kept_bytes(add(group, with_exif()))
    picture = Image.open(io.BytesIO(kept))
    assert picture.size == (1067, 1600)
    assert not picture.getexif()
    assert b"SecretPhone" not in kept


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_pictures_become_jpeg(group, kind):
    kept = kept_bytes(add(group, picture((20, 20), kind)))
    assert Image.open(io.BytesIO(kept)).format == "JPEG"


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\xff\xd8\xff\xe0"],
)
def test_what_is_no_picture_is_refused_with_a_sentence(group, data):
    with pytest.raises(Refused) as refused:
        add(group, data)
    assert refused.value.code == "not_a_picture"
    assert PlanPhoto.objects.count() == 0


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("seed", range(8))
def test_whatever_stands_in_the_exif_the_photo_is_taken(seed):
    dice, sound = random.Random(seed), bytearray(with_exif((40, 30)))
    start, end = sound.index(b"Exif"), sound.index(b"SecretPhone") + 11
    for _mutation in range(150):
        data = sound[:]
        for _byte in range(dice.randint(1, 6)):
            data[dice.randrange(start + 6, end)] = dice.randrange(256)
        small = Image.open(io.BytesIO(photos.shrunk(bytes(data))))
        assert sorted(small.size) == [30, 40], "the pixels are sound, so it is shown"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_damaged_file_is_a_photo_or_a_sentence(kind):
    dice, sound = random.Random(kind), picture((40, 30), kind)
    for _mutation in range(300):
        data = bytearray(sound)
        for _byte in range(dice.randint(1, 8)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        with contextlib.suppress(Refused):
            assert photos.shrunk(bytes(data))


def test_half_a_picture_is_none(group):
    with pytest.raises(Refused):
        add(group, picture()[:2000])


def test_a_picture_of_endless_size_is_not_unpacked(group):
    with pytest.raises(Refused) as refused:
        add(group, picture((20000, 4000), "PNG"))
    assert refused.value.code == "too_large"


MEASURE = """
import os, resource, sys
import django
django.setup()
from salon.errors import Refused
from workshops import photos

photos.shrunk(open(sys.argv[1], "rb").read())  # what is loaded once
for path in sys.argv[2:]:
    data = open(path, "rb").read()
    if not (child := os.fork()):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            photos.shrunk(data)
            told = "taken"
        except Refused as refused:
            told = refused.code
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(told, (peak - before) // 1024, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
TURNED = Image.Exif()
TURNED[0x0112] = 6
# name: (the file, what becomes of it, megabytes of memory at most)
HEAVY = {
    "a phone's fifty megapixels": (
        lambda: picture((8160, 6120), exif=TURNED),
        ("taken", 90),
    ),
    "a progressive picture": (
        lambda: picture((5000, 5000), progressive=True, subsampling=0, exif=TURNED),
        ("taken", 280),
    ),
    "a large drawing": (
        lambda: picture((5000, 4990), "PNG", exif=TURNED),
        ("taken", 280),
    ),
    "a large drawing seen through": (
        lambda: see_through((5000, 4990), "PNG"),
        ("taken", 280),
    ),
    "a large picture of the web": (
        lambda: see_through((4000, 3990), "WEBP", lossless=True, method=0),
        ("taken", 310),
    ),
    "a bomb as PNG": (lambda: see_through((10000, 5900), "PNG"), ("too_large", 5)),
    "a bomb as JPEG": (
        lambda: picture((7600, 7600), progressive=True, exif=TURNED),
        ("too_large", 5),
    ),
    "a bomb as WebP": (
        lambda: picture((16000, 2000), "WEBP", lossless=True, method=0),
        ("too_large", 5),
    ),
}


def see_through(size, kind, **options):
    out = io.BytesIO()
    Image.new("RGBA", size, (200, 10, 10, 90)).save(out, kind, exif=TURNED, **options)
    return out.getvalue()


def test_no_picture_takes_more_memory_than_it_may(tmp_path):
    """Each in a process of its own, where nobody else's memory is counted."""
    files = [tmp_path / "small", *(tmp_path / str(number) for number in range(len(HEAVY)))]
    files[0].write_bytes(picture((40, 30)))
    for file, (make, _told) in zip(files[1:], HEAVY.values(), strict=True):
        file.write_bytes(make())
        assert file.stat().st_size < photos.MOST_BYTES
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "salon.settings"}
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *files],
        env=environment,
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    for name, told, grown in zip(HEAVY, measured[::2], measured[1::2], strict=True):
        _make, (expected, most) = HEAVY[name]
        assert (told, int(grown) <= most) == (expected, True), (name, told, grown)


def test_few_pictures_are_unpacked_at_once_and_who_waits_too_long_comes_again(monkeypatch):
    inside, most, opened = [], [], threading.Event()

    def unpack(picture):
        inside.append(picture)
        most.append(len(inside))
        assert opened.wait(10)
        inside.remove(picture)
        return b"jpeg"

    monkeypatch.setattr(photos, "_as_jpeg", unpack)
    monkeypatch.setattr(photos, "PATIENCE_SECONDS", 0.3)
    said = []

    def upload():
        try:
            said.append(photos.shrunk(picture((9, 9))))
        except Refused as refused:
            said.append((refused.code, refused.status))

    phones = [threading.Thread(target=upload) for _phone in range(6)]
    for phone in phones:
        phone.start()
    until(lambda: len(said) == 4, what="the patience of four")
    opened.set()
    for phone in phones:
        phone.join()
    assert max(most) == photos.AT_ONCE
    assert said.count(("busy", 503)) == 4
    assert said.count(b"jpeg") == 2
    assert photos.shrunk(picture((9, 9))) == b"jpeg", "a place that was given back is free"


def test_the_same_press_twice_is_one_photo_and_seven_are_too_many(group):
    press = new_id()
    for _twice in range(2):
        add(group, picture((9, 9)), client_id=press)
    assert PlanPhoto.objects.count() == 1
    for _more in range(5):
        add(group, picture((9, 9)))
    with pytest.raises(Refused) as refused:
        add(group, picture((9, 9)))
    assert refused.value.code == "too_many"


def test_after_zero_no_photo_comes_or_goes(group):
    row = add(group, picture((9, 9)))
    scenes.end(group.event, scenes.DESIGN)
    with pytest.raises(Refused):
        add(group, picture((9, 9)))
    with pytest.raises(Refused):
        photos.remove_photo(photo=row, person=scenes.members(group)[0])


def test_a_phone_uploads_and_removes_and_strangers_see_nothing(
    client, group, django_capture_on_commit_callbacks
):
    salon, lin = group.event, scenes.members(group)[0]
    phone = scenes.phone_of(client, lin)
    url = reverse("me_group_photo", args=[salon.slug])
    upload = SimpleUploadedFile("IMG.jpg", picture((40, 30)), "image/jpeg")
    form = {"group": group.pk, "client_id": str(new_id()), "photo": upload}
    assert phone.post(url, form).status_code == 302
    row = PlanPhoto.objects.get()
    show = reverse("plan_photo", args=[salon.slug, row.pk])
    answer = phone.get(show)
    assert answer["Content-Type"] == "image/jpeg"
    cookies = client.cookies.copy()
    client.cookies.clear()
    assert client.get(show).status_code == 403
    client.cookies = cookies
    path = row.image.path
    with django_capture_on_commit_callbacks(execute=True):
        phone.post(reverse("me_group_photo_remove", args=[salon.slug, row.pk]))
    assert not PlanPhoto.objects.exists()
    with pytest.raises(FileNotFoundError), open(path):
        pass


def test_nobody_removes_another_groups_photo(client, group):
    row = add(group, picture((9, 9)))
    stranger = scenes.members(group.event.work_groups.last())[0]
    phone = scenes.phone_of(client, stranger)
    phone.post(reverse("me_group_photo_remove", args=[group.event.slug, row.pk]))
    assert PlanPhoto.objects.count() == 1


# --- what goes with a person ----------------------------------------------------------------------


def files_below(root):
    return sorted(path.name for path in root.rglob("*.jpg"))


def in_the_file(row):
    return row.image.name.rsplit("/", 1)[1]


@pytest.mark.django_db(transaction=True)
def test_erased_lins_photos_go_with_their_files_and_her_groups_stay(group, tmp_path, client):
    lin, mate = scenes.members(group)[:2]
    hers, his = (
        photos.add_photo(group=group, person=person, data=picture(), client_id=new_id())
        for person in (lin, mate)
    )
    assert files_below(tmp_path) == sorted([in_the_file(hers), in_the_file(his)])
    page = scenes.phone_of(client, lin).get(reverse("me_erase", args=[group.event.slug])).text
    assert "您传的方案照片也一起删掉" in page
    erase_person(participant=lin, by=lin)
    assert list(PlanPhoto.objects.all()) == [his]
    assert files_below(tmp_path) == [in_the_file(his)]


@pytest.mark.django_db(transaction=True)
def test_an_organiser_takes_down_a_photo_somebody_is_in(group, tmp_path, client):
    chen = scenes.an_organiser(group.event)
    stranger = scenes.an_organiser(scenes.a_salon("winter"), "wu")
    row = add(group, picture())
    address = reverse("admin:workshops_planphoto_delete", args=[row.pk])
    client.force_login(stranger, "django.contrib.auth.backends.ModelBackend")
    client.post(address, {"post": "yes"})
    assert PlanPhoto.objects.exists()
    client.force_login(chen, "django.contrib.auth.backends.ModelBackend")
    assert "方案照片" in client.get(reverse("admin:workshops_planphoto_changelist")).text
    client.post(address, {"post": "yes"})
    assert not PlanPhoto.objects.exists()
    assert files_below(tmp_path) == []
