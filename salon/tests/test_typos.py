"""What a misspelt address was probably meant to be, and which ones are left alone."""

import pytest

from salon.typos import KNOWN, meant


@pytest.mark.parametrize(
    ("typed", "guess"),
    [
        ("lin@qq.con", "lin@qq.com"),
        ("lin@qq.cm", "lin@qq.com"),
        ("lin@163.cm", "lin@163.com"),
        ("lin@163.con", "lin@163.com"),
        ("lin@gmial.com", "lin@gmail.com"),
        ("lin@gamil.com", "lin@gmail.com"),
        ("lin@gmail.co", "lin@gmail.com"),
        ("lin@gmai.com", "lin@gmail.com"),
        ("lin@gmail.comm", "lin@gmail.com"),
        ("lin@gmial.con", "lin@gmail.com"),
        ("lin@outlok.com", "lin@outlook.com"),
        ("lin@hotmial.com", "lin@hotmail.com"),
        ("lin@foxmial.com", "lin@foxmail.com"),
        ("li5@example.con", "li5@example.com"),
        ("lin@126.cmo", "lin@126.com"),
    ],
)
def test_a_slip_is_asked_about(typed, guess):
    assert meant(typed) == guess


@pytest.mark.parametrize(
    "address",
    [
        *(f"lin@{domain}" for domain in KNOWN),
        *("lin@mail.com", "lin@ymail.com", "lin@188.com", "lin@263.net", "lin@vip.sina.com"),
        *("lin@example.com", "lin@fudan.edu.cn", "lin@company.co", "lin@拾光.中国"),
        *("lin@bytedance.com", "lin@mit.edu", "lin@a.io", "lin@hotmail.co.uk", "lin@straße.de"),
    ],
)
def test_an_address_that_is_somebodys_is_left_alone(address):
    assert meant(address) is None
