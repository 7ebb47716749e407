"""SMS by template: what a gateway hears, how it is signed, what its refusals mean."""

import contextlib
import http.server
import json
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from alibabacloud_openapi_util.client import Client as AliyunsOwn
from tencentcloud.common import credential
from tencentcloud.common.abstract_client import AbstractClient
from tencentcloud.common.http.request import RequestInternal
from tencentcloud.common.profile.client_profile import ClientProfile

from salon import outbox
from salon.channels import Letter
from salon.sms import aliyun, tencent
from salon.tests.letters import LINK, NOON, planned

pytestmark = pytest.mark.django_db
MOBILE = "+8613800138000"
TEMPLATES = {
    "test_by_template": {"id": "SMS_100", "values": {"name": "称呼", "key": "个人链接:尾"}}
}


@outbox.letter("test_by_template")
def by_template(message):
    return Letter(
        to=message.context["to"],
        subject="通过",
        text="请打开 {{link}}。",
        values={
            "称呼": "林知夏 & “朋友”",
            "个人链接": "{{link}}",
            "流程": lambda: pytest.fail("nobody asked for this"),
        },
        secret={"link": lambda: LINK},
    )


class Gateway(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append(
            SimpleNamespace(path=self.path, headers=dict(self.headers), body=body)
        )
        status, answer = self.server.says
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def gateway(settings, noon):
    """`gateway(provider, says=…)`: a gateway on loopback, set up for that provider."""
    with contextlib.ExitStack() as open_ones:

        def build(provider, says, status=200):
            server = http.server.HTTPServer(("127.0.0.1", 0), Gateway)
            server.heard, server.says = [], (status, says)
            thread = threading.Thread(target=server.serve_forever, args=[0.05])
            thread.start()
            open_ones.callback(server.server_close)
            open_ones.callback(thread.join)
            open_ones.callback(server.shutdown)
            settings.SMS_PROVIDER, settings.SMS_TEMPLATES = provider, TEMPLATES
            settings.SMS_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
            settings.SMS_KEY_ID, settings.SMS_KEY_SECRET = "LTAI-our-id", "our-secret"
            settings.SMS_SIGN_NAME, settings.SMS_APP_ID = "沙龙", "1400006666"
            settings.SMS_REGION = "ap-guangzhou"
            return server

        yield build


ALIYUN_OK = {"Code": "OK", "Message": "OK", "BizId": "9"}
TENCENT_OK = {"Response": {"SendStatusSet": [{"Code": "Ok", "Message": "send success"}]}}


def to_lin(**fields):
    return planned("test_by_template", channel="sms", to=MOBILE, **fields)


# --- what they hear -------------------------------------------------------------------------------


def test_aliyun_hears_a_template_with_named_gaps_and_its_own_signature(gateway):
    server = gateway("aliyun", ALIYUN_OK)
    message = to_lin()
    assert outbox.deliver_due() == {"handed_over": 1}
    (heard,) = server.heard
    headers = {name.lower(): value for name, value in heard.headers.items()}
    query = dict(parse_qsl(urlsplit(heard.path).query))
    assert query == {
        "PhoneNumbers": "13800138000",
        "SignName": "沙龙",
        "TemplateCode": "SMS_100",
        "TemplateParam": '{"name":"林知夏 & “朋友”","key":"' + "k" * 27 + '"}',
        "OutId": str(message.pk),
    }
    assert (headers["x-acs-action"], headers["x-acs-version"]) == ("SendSms", "2017-05-25")
    assert headers["x-acs-date"] == "2026-12-12T04:00:00Z"
    signed = {name: headers[name] for name in headers if name.startswith("x-acs-")}
    request = SimpleNamespace(
        method="POST", pathname="/", query=query, headers=signed | {"host": headers["host"]}
    )
    assert headers["authorization"] == AliyunsOwn.get_authorization(
        request,
        "ACS3-HMAC-SHA256",
        headers["x-acs-content-sha256"],
        "LTAI-our-id",
        "our-secret",
    )


def test_tencent_hears_a_template_with_its_gaps_in_order_and_its_own_signature(gateway):
    server = gateway("tencent", TENCENT_OK)
    message = to_lin()
    assert outbox.deliver_due() == {"handed_over": 1}
    (heard,) = server.heard
    assert json.loads(heard.body) == {
        "PhoneNumberSet": [MOBILE],
        "SmsSdkAppId": "1400006666",
        "SignName": "沙龙",
        "TemplateId": "SMS_100",
        "TemplateParamSet": ["林知夏 & “朋友”", "k" * 27],
        "SessionContext": str(message.pk),
    }
    headers = {name.lower(): value for name, value in heard.headers.items()}
    assert (headers["x-tc-action"], headers["x-tc-version"]) == ("SendSms", "2021-01-11")
    assert headers["x-tc-region"] == "ap-guangzhou"
    stamp = int(NOON.timestamp())
    assert headers["x-tc-timestamp"] == str(stamp)
    assert headers["authorization"] == tencents_own(heard.body, headers["host"], stamp)


def tencents_own(body, host, stamp):
    """The header as the vendor's own package signs it."""
    client = AbstractClient(
        credential.Credential("LTAI-our-id", "our-secret"), "ap-guangzhou", ClientProfile()
    )
    client._service = "sms"
    request = RequestInternal(host, "POST", "/", {}, body)
    request.header = {
        "Content-Type": "application/json",
        "Host": host,
        "X-TC-Timestamp": str(stamp),
    }
    day = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    signature = client._get_tc3_signature({}, request, day, "sms", "our-secret")
    return (
        f"TC3-HMAC-SHA256 Credential=LTAI-our-id/{day}/sms/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signature}"
    )


@pytest.mark.parametrize("text", ["", "~*+ %/'", "林知夏", "👩‍👩‍👧", "a=b&c=d", "\t"])
def test_signatures_are_the_vendors_own_whatever_is_signed(text):
    query = {"b": text, "a": "1", "Z": text * 3}
    headers = {"host": "x.cn", "x-acs-date": "2026-12-12T04:00:00Z", "x-acs-content-sha256": "e3"}
    request = SimpleNamespace(method="POST", pathname="/", query=query, headers=headers)
    assert aliyun.authorization(
        query, headers, key_id="id", key_secret=text
    ) == AliyunsOwn.get_authorization(request, "ACS3-HMAC-SHA256", "e3", "id", text)
    body, stamp = text.encode(), 1_797_048_000
    assert tencent.authorization(
        body, "sms.x.cn", stamp, key_id="LTAI-our-id", key_secret="our-secret"
    ) == tencents_own(body, "sms.x.cn", stamp)


def test_a_number_abroad_keeps_its_country(gateway):
    server = gateway("aliyun", ALIYUN_OK)
    planned("test_by_template", channel="sms", to="+85261234567")
    assert outbox.deliver_due() == {"handed_over": 1}
    assert "PhoneNumbers=85261234567" in server.heard[0].path


# --- what they answer -----------------------------------------------------------------------------

NOT_AT_ALL, AT_ITS_TIME = "not_delivered", "planned"
REFUSALS = [
    ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", NOT_AT_ALL, None),
    ("aliyun", "isv.SMS_TEMPLATE_ILLEGAL", NOT_AT_ALL, None),
    ("aliyun", "isv.SMS_SIGNATURE_ILLEGAL", NOT_AT_ALL, None),
    ("aliyun", "isv.TEMPLATE_MISSING_PARAMETERS", NOT_AT_ALL, None),
    ("aliyun", "isv.PARAM_NOT_SUPPORT_URL", NOT_AT_ALL, None),
    ("aliyun", "isv.BUSINESS_LIMIT_CONTROL", AT_ITS_TIME, timedelta(minutes=2)),
    ("aliyun", "isv.OUT_OF_SERVICE", AT_ITS_TIME, timedelta(minutes=30)),
    ("aliyun", "isv.AMOUNT_NOT_ENOUGH", AT_ITS_TIME, timedelta(minutes=30)),
    ("aliyun", "isv.DAY_LIMIT_CONTROL", AT_ITS_TIME, timedelta(minutes=30)),
    ("aliyun", "SignatureDoesNotMatch", AT_ITS_TIME, timedelta(minutes=30)),
    ("aliyun", "isp.SYSTEM_ERROR", AT_ITS_TIME, timedelta(minutes=1)),
    ("aliyun", "Throttling.User", AT_ITS_TIME, timedelta(minutes=1)),
    ("tencent", "InvalidParameterValue.IncorrectPhoneNumber", NOT_AT_ALL, None),
    ("tencent", "FailedOperation.PhoneNumberInBlacklist", NOT_AT_ALL, None),
    ("tencent", "FailedOperation.TemplateIncorrectOrUnapproved", NOT_AT_ALL, None),
    ("tencent", "FailedOperation.SignatureIncorrectOrUnapproved", NOT_AT_ALL, None),
    ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", AT_ITS_TIME, timedelta(minutes=2)),
    ("tencent", "LimitExceeded.PhoneNumberOneHourLimit", AT_ITS_TIME, timedelta(hours=1)),
    ("tencent", "LimitExceeded.PhoneNumberDailyLimit", AT_ITS_TIME, timedelta(hours=12)),
    (
        *("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", AT_ITS_TIME),
        timedelta(minutes=30),
    ),
    ("tencent", "AuthFailure.SignatureFailure", AT_ITS_TIME, timedelta(minutes=30)),
    ("tencent", "InternalError.Timeout", AT_ITS_TIME, timedelta(minutes=1)),
]


@pytest.mark.parametrize(("provider", "code", "state", "least"), REFUSALS)
def test_what_a_refusal_means(gateway, provider, code, state, least):
    status = {"Code": code, "Message": "number 13800138000 refused"}
    says = status if provider == "aliyun" else {"Response": {"SendStatusSet": [status]}}
    gateway(provider, says)
    message = to_lin()
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.state == state
    assert message.next_try_at == (least and NOON + least)
    assert code in message.failure
    assert "138" not in message.failure


def test_a_limit_of_the_day_that_only_the_words_name_waits_half_a_day(gateway):
    words = "触发天级流控Permits:10"
    gateway("aliyun", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": words})
    message = to_lin()
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.next_try_at == NOON + timedelta(hours=12)


def test_a_request_that_tencent_refuses_as_a_whole(gateway):
    error = {"Code": "AuthFailure.SignatureExpire", "Message": "expired"}
    gateway("tencent", {"Response": {"Error": error, "RequestId": "x"}})
    message = to_lin()
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.failure == (
        "短信账户要处理一下（余额、限额或密钥）：AuthFailure.SignatureExpire expired"
    )


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
@pytest.mark.parametrize(
    ("status", "says"),
    [(200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, {"Response": 3}), (502, b"<html>"),
     (503, {"Code": "ServiceUnavailable"}), (200, {"Response": {"SendStatusSet": []}}),
     (200, {"Response": {"Error": "no"}}), (200, {"Response": {"SendStatusSet": ["x"]}})],
)  # fmt: skip
def test_an_answer_that_is_none_is_asked_again(gateway, provider, status, says):
    gateway(provider, says, status)
    message = to_lin()
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.state == "planned"
    assert message.failure.startswith("短信服务")


def test_a_gateway_that_is_away_is_asked_again_later(gateway, settings):
    gateway("aliyun", ALIYUN_OK)
    settings.SMS_ENDPOINT = "http://127.0.0.1:1"
    message = to_lin()
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上短信服务。"


# --- how it is set up -----------------------------------------------------------------------------


def test_a_kind_without_a_template_has_no_channel_and_says_so(gateway, settings):
    server = gateway("aliyun", ALIYUN_OK)
    settings.SMS_TEMPLATES = {}
    message = to_lin()
    assert outbox.deliver_due() == {"no_channel": 1}
    message.refresh_from_db()
    assert (message.state, server.heard) == ("no_channel", [])


def test_a_template_that_asks_for_what_a_kind_does_not_have_fails_with_its_name(gateway, settings):
    gateway("aliyun", ALIYUN_OK)
    settings.SMS_TEMPLATES = {"test_by_template": {"id": "1", "values": {"seat": "座位"}}}
    message = to_lin()
    assert outbox.deliver_due() == {"not_delivered": 1}
    message.refresh_from_db()
    assert message.failure == "短信模板要的“座位”，这类通知里没有。"


def test_a_rehearsal_writes_every_value_to_its_file(noon, settings, tmp_path):
    settings.SMS_PROVIDER, settings.SMS_FILE = "file", str(tmp_path / "sms.jsonl")
    message = planned(channel="sms", to=MOBILE, context={"text": "明天 13:30 见。"})
    planned(channel="sms", to="lin@example.com")
    assert outbox.deliver_due() == {"handed_over": 1, "not_delivered": 1}
    (line,) = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "kind": "test_plain",
        "values": {"标题": "提醒", "正文": "明天 13:30 见。"},
        "mobile": MOBILE,
        "reference": str(message.pk),
    }


def test_a_rehearsal_that_cannot_write_is_tried_again_later(noon, settings, tmp_path):
    settings.SMS_PROVIDER = "file"
    settings.SMS_FILE = str(tmp_path / "no such directory" / "sms.jsonl")
    message = planned(channel="sms", to=MOBILE)
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上短信服务。"
