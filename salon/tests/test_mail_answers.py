"""What servers mean: sentences as QQ, 网易 and the rest of the world really say them."""

from datetime import timedelta

import pytest

from salon import mail_answers
from salon.mail_answers import AGAIN, DATA, DOMAIN, OURS, RECIPIENT, SENDER, UNKNOWN

NOBODY_THERE = [
    (RECIPIENT, 550, "Mailbox not found. http://service.mail.qq.com/cgi-bin/help?id=20022"),
    (DATA, 550, "The recipient may contain a non-existent account, please check the address."),
    (RECIPIENT, 550, "Invalid User"),
    (RECIPIENT, 550, "User not found: lin@163.com"),
    (RECIPIENT, 550, "5.1.1 <lin@salon.cn>: Recipient address rejected: User unknown in table"),
    (RECIPIENT, 550, "5.1.1 <lin@x.cn>: Recipient address rejected: User unknown in relay table"),
    (RECIPIENT, 550, "no such user here"),
    (RECIPIENT, 550, "5.1.1 The email account that you tried to reach does not exist. Please try\n"
     "5.1.1 double-checking the recipient's email address for typos or unnecessary spaces."),
    (DATA, 554, "delivery error: dd This user doesn't have a yahoo.com account"),
    (RECIPIENT, 551, "User not local"),
    (RECIPIENT, 553, "5.1.3 Bad recipient address syntax"),
    (RECIPIENT, 501, "Bad address syntax"),
    (RECIPIENT, 550, "5.1.10 Recipient address has a null MX"),
    (RECIPIENT, 559, "Invalid rcptto"),
    (RECIPIENT, 550, "收件人不存在"),
]  # fmt: skip
WE_ARE_REFUSED = [
    (SENDER, 501, "mail from address must be same as authorization user"),
    (SENDER, 553, "Mail from must equal authorized user"),
    (SENDER, 553, "5.7.1 <salon@x.cn>: Sender address rejected: not owned by user salon"),
    (RECIPIENT, 550, "5.1.8 <salon@x.cn>: Sender address rejected: Domain not found"),
    (SENDER, 550, "MI:IMF 163 smtp12"),
    (SENDER, 553, "host denies the sender"),
    (SENDER, 550, "not welcome"),
]
FOR_LATER = [
    (RECIPIENT, 550, "Connection frequency limited"),
    (SENDER, 550, "Sender frequency limited"),
    (SENDER, 550, "Domain frequency limited"),
    (DATA, 550, "Ip frequency limited [abc 10.1.2.3]. http://service.mail.qq.com/"),
    (RECIPIENT, 550, "Mailbox unavailable or access denied"),
    (RECIPIENT, 550, "Mailbox unavailable"),
    (DATA, 550, "Mail content denied. http://service.mail.qq.com/cgi-bin/help?no=1000726"),
    (DATA, 550, "Suspected bounce attacks"),
    (DATA, 554, "5.7.0 quota exceeded. Try again later"),
    (DATA, 554, "DT:SPM 163 smtp7,PsCowECpyUiK"),
    (DATA, 554, "DT:SUM 163 smtp7"),
    (SENDER, 554, "MI:SFQ 163 smtp9"),
    (SENDER, 550, "MI:STC 163 smtp9"),
    (SENDER, 554, "MI:SPB 163 smtp9"),
    (SENDER, 550, "MI:SPF 163 smtp9"),
    (RECIPIENT, 550, "RP:QRC 163 smtp9"),
    (RECIPIENT, 550, "RP:TRC 163 smtp9"),
    (RECIPIENT, 421, "HL:REP 163 smtp9"),
    (RECIPIENT, 421, "HL:ICC 163 smtp9"),
    (RECIPIENT, 554, "HL:IHU 163 smtp9"),
    (SENDER, 554, "IP in blacklist"),
    (RECIPIENT, 450, "4.2.0 Greylisted, please come back in 300 seconds"),
    (RECIPIENT, 451, "4.7.1 Please try again later"),
    (DATA, 451, "DT:SPM,please try again"),
    (RECIPIENT, 452, "mailbox full"),
    (RECIPIENT, 552, "5.2.2 Over quota"),
    (DATA, 552, "too many same size mails"),
    (RECIPIENT, 550, "5.2.1 The user you are trying to contact is receiving mail at a rate that"),
    (RECIPIENT, 550, "5.1.1 Recipient temporarily unavailable"),
    (RECIPIENT, 554, "5.7.1 Service unavailable; Client host [10.0.0.1] blocked using zen"),
    (RECIPIENT, 554, "5.7.1 <lin@x.cn>: Relay access denied"),
    (DATA, 554, "Reject by behaviour spam"),
    (SENDER, 530, "5.7.0 Authentication required"),
    (DATA, 550, "5.7.26 This mail is unauthenticated: SPF and DKIM did not pass"),
    (RECIPIENT, 550, "发信频率过高"),
    (RECIPIENT, 554, "no reason"),
    (DATA, 599, ""),
]


@pytest.mark.parametrize(("stage", "code", "text"), NOBODY_THERE)
def test_an_address_that_nobody_has_is_final(stage, code, text):
    meaning = mail_answers.meaning_of(stage, code, text)
    assert (meaning.kind, meaning.is_final) == (UNKNOWN, True)


@pytest.mark.parametrize(("stage", "code", "text"), WE_ARE_REFUSED)
def test_an_address_of_ours_that_is_refused_is_final_and_not_the_readers_fault(stage, code, text):
    meaning = mail_answers.meaning_of(stage, code, text)
    assert (meaning.kind, meaning.is_final) == (OURS, True)


@pytest.mark.parametrize(("stage", "code", "text"), FOR_LATER)
def test_whatever_else_a_server_says_is_tried_again(stage, code, text):
    meaning = mail_answers.meaning_of(stage, code, text)
    assert (meaning.kind, meaning.is_final) == (AGAIN, False)


@pytest.mark.parametrize(
    ("code", "text", "least", "stops"),
    [
        (550, "Connection frequency limited", timedelta(minutes=10), DOMAIN),
        (554, "MI:SFQ 163", timedelta(minutes=10), DOMAIN),
        (450, "4.2.0 Greylisted", timedelta(minutes=5), ""),
        (451, "local error", timedelta(0), ""),
        (552, "mailbox is full", timedelta(hours=1), ""),
        (550, "Mail content denied", timedelta(hours=1), ""),
    ],
)
def test_how_long_it_waits_and_what_waits_with_it(code, text, least, stops):
    meaning = mail_answers.meaning_of(RECIPIENT, code, text)
    assert (meaning.pause, meaning.stops) == (least, stops)


@pytest.mark.parametrize("stage", [mail_answers.GREETING, mail_answers.LOGIN])
@pytest.mark.parametrize(
    ("code", "text"), [(421, "HL:ICC"), (554, "IP in blacklist"), (535, "no such user")]
)
def test_a_server_that_does_not_let_us_in_says_nothing_of_a_reader(stage, code, text):
    meaning = mail_answers.meaning_of(stage, code, text)
    assert (meaning.kind, meaning.stops) == (AGAIN, mail_answers.SERVER)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<Lin.Zhixia@QQ.com>: user unknown", "550 <…>: user unknown"),
        ("5.1.1 lin.zhixia not found here", "550 5.1.1 … not found here"),
        ("mailbox=lin.zhixia@qq.com, +86 138 0013 8000", "550 mailbox=…, …"),
        ("a\r\nb\x00c", "550 a bc"),
        ("", "550"),
    ],
)
def test_the_words_that_are_kept_name_nobody(said, kept):
    assert mail_answers.words_of(550, said, "lin.zhixia@qq.com") == kept


def test_words_are_kept_short_and_read_in_two_encodings():
    assert len(mail_answers.words_of(550, "很长" * 5000)) == mail_answers.MOST_CHARACTERS
    assert mail_answers.decoded("频率".encode("gb18030")) == "频率"
    assert mail_answers.decoded("频率".encode()) == "频率"


def test_an_endless_answer_costs_no_more_than_its_beginning():
    for text in ("a" * 1_000_000, "sender " * 100_000, "@" * 1_000_000, "mailbox full" * 99_999):
        mail_answers.meaning_of(DATA, 550, text)
        mail_answers.words_of(550, text, "lin@qq.com")
