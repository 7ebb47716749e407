"""One wording, two faces: what a mail reader shows is made from the letter's text."""

import pytest

from salon.channels import Letter
from salon.letter_face import Day, Face, as_data, page_of, parts_of
from salon.outbox import deliver_due
from salon.tests.letters import LINK, planned

TEXT = (
    "林知夏，您好：\n\n您已通过。\n地点：徐汇滨江 <二楼>，见 https://example.com/map?a=1&b=2。\n\n"
    "您的个人页面：\n{{link}}\n\n这封信由活动主办方发出。"
)


def page(text=TEXT, *, link=LINK, **face):
    letter = Letter(
        to="lin@example.com", subject="您已通过：春季沙龙", text=text, face=Face(**face)
    )
    return page_of(letter, secrets={"link": link}, picture=lambda name: f"cid:{name}")


def test_every_word_of_the_text_stands_on_the_page_in_order():
    html = page(title="春季沙龙")
    place = 0
    for words in (
        "林知夏，您好：",
        "您已通过。",
        "地点：徐汇滨江 &lt;二楼&gt;",
        "您的个人页面：",
        "主办方发出",
    ):
        place = html.index(words, place)


def test_the_line_with_the_key_is_the_one_button():
    parts = parts_of(TEXT, {"link": LINK})
    assert [part.button for part in parts] == ["", "", LINK, ""]
    html = page(button="去确认参加")
    assert html.count("去确认参加</a>") == 1
    assert f'href="{LINK}"' in html


def test_an_address_in_a_sentence_becomes_a_link_and_leaves_the_full_stop_outside():
    assert 'href="https://example.com/map?a=1&amp;b=2"' in page()
    assert "b=2</a>。" in page()


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "javascript:alert(1)",
        'https://x.example/"onmouseover="alert(1)',
        "{{ settings.SECRET_KEY }}{% include 'x' %}",
    ],
)
def test_what_a_guest_is_called_is_text_on_the_page(payload):
    html = page(f"{payload}，您好：\n\n{payload}\n\n点这里：\n{{{{link}}}}", title=payload)
    for tag in ("<script", "<img", 'onmouseover="alert', 'href="javascript'):
        assert tag not in html


def test_a_key_is_escaped_in_the_page_as_anything_else():
    html = page(link='https://salon.example/l/a"><b>')
    assert "<b>" not in html
    assert "a&quot;&gt;&lt;b&gt;" in html


def test_the_day_stands_in_a_block_and_the_page_reads_without_pictures():
    day = Day(number="19", month="12月", weekday="星期六", time="13:30", place="西岸")
    html = page(day=day, shown="7K3MPQ.png", caption="签到码 7K3MPQ")
    for words in ("19", "12月", "星期六 13:30", "西岸", "签到码 7K3MPQ", 'alt="签到二维码"'):
        assert words in html
    assert html.count("<img") == 1
    for fetched in ("<link", "<script", "url(", 'src="http'):
        assert fetched not in html  # nothing is fetched from anywhere


def test_a_letter_that_went_shows_its_button_and_opens_nothing():
    html = page(TEXT.replace("{{link}}", "（个人链接）"), button="去确认参加")
    assert 'href="#"' in html
    assert LINK not in html


def test_an_english_letter_says_so_and_has_english_words_around_it():
    html = page("Dear Lin,\n\nOpen:\n{{link}}", language="en", button="Confirm")
    assert '<html lang="en">' in html
    assert "按钮" not in html


def test_the_picture_of_a_preview_is_in_the_page_itself():
    letter = Letter(
        to="",
        subject="",
        text="",
        attachments=(("a.png", b"png", "image/png"),),
        face=Face(shown="a.png"),
    )
    assert as_data(letter)("a.png") == "data:image/png;base64,cG5n"


@pytest.mark.django_db
def test_a_mail_has_both_faces_with_the_same_key_and_the_house_keeps_neither(noon, post):
    message = planned("test_invitation")
    deliver_due()
    (mail,) = post.to("lin@example.com")
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert LINK in text
    assert f'href="{LINK}"' in html
    message.refresh_from_db()
    assert LINK not in message.body
