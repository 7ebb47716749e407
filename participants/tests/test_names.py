"""What may be called a name: it stands in letters and on walls, and carries no address there."""

import io
import uuid

import pytest

from participants import applications, import_runs, walkins
from participants.models import Participant
from participants.names import read_name
from participants.tests import scenes
from participants.tests.pages import address, as_person, filled
from salon.errors import Refused
from salon.sheets import write_table
from salon.text import holds_an_address

ADDRESSES = [
    "恭喜中奖请点 https://evil.example/hb 领红包",
    "www.evil.example",
    "ＷＷＷ．evil",
    "evil.com",
    "红包evil.com领取",
    "evil.COM/hb",
    "evil．cn",
    "evil。net",
    "请加 me@evil.example",
    "找我＠微信",
    "红包.中国",
    "shop.vip",
    "a.xyz b",
    "ftp://x",
    "白菜价.shop",
]
NAMES = [
    *("J.R. Smith", "Dr.Li", "St.John", "买买提·吐尔逊", "J. R. R. Tolkien", "Li. Na", "O’Brien"),
    *(
        "Mr.Wang",
        "Anne-Marie St. Cnut",
        "Dr. Comstock",
        "M.Netto",
        "A.Organ",
        "诺.中国平",
        "王.小明",
    ),
    *("Topper", "欧阳娜娜", "Jean-Luc Vip", "Ms.Orgill", "com", "D.Coma", "Ni. Net", "曾国.藩"),
]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_name_that_carries_an_address_is_refused(name):
    assert holds_an_address(name)
    with pytest.raises(Refused) as refused:
        read_name(name)
    assert refused.value.code == "name"


@pytest.mark.parametrize("name", NAMES)
def test_a_dot_in_a_name_is_a_dot_in_a_name(name):
    assert read_name(name) == name


@pytest.mark.django_db
def test_no_door_lets_an_address_in_as_a_name(client):
    event = scenes.a_salon()
    advert = "中奖点 https://evil.example 领取"
    page = client.post(address("apply"), filled(name=advert))
    assert "姓名里不要写网址或邮箱" in page.content.decode()
    with pytest.raises(Refused):
        applications.apply(event=event, answers=scenes.answers(advert), client_id=uuid.uuid4())
    with pytest.raises(Refused) as refused:
        walkins.details_of(event, {"name": advert})
    assert (refused.value.code, refused.value.status) == ("name", 400)
    sheet = io.BytesIO()
    row = {
        "姓名": advert,
        "手机": "13800138000",
        "身份": "社群核心运营者",
        "同意处理个人信息": "是",
    }
    write_table(sheet, sheets=[("报名表", list(row), [list(row.values())], None)])
    reading = import_runs.look(event=event, source=sheet.getvalue())
    assert [problem.code for problem in reading.problems] == ["name"]
    assert not Participant.objects.exists()


@pytest.mark.django_db
def test_lin_cannot_become_an_advertisement_later(client):
    lin = scenes.an_applicant(scenes.a_salon())
    as_person(client, lin)
    page = client.post(address("me_edit"), filled(version=lin.version, name="evil.com"))
    assert "姓名里不要写网址或邮箱" in page.content.decode()
    lin.refresh_from_db()
    assert lin.name == "林知夏"
