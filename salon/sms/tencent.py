"""腾讯云短信 (sms 2021-01-11, SendSms), signed by TC3-HMAC-SHA256."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.conf import settings

from salon import clock
from salon.sms import by_template, filled_in, gateway

ENDPOINT = "https://sms.tencentcloudapi.com"
ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json"

MEANINGS = (
    (
        gateway.NUMBER,
        (
            *(
                "InvalidParameterValue.IncorrectPhoneNumber",
                "FailedOperation.PhoneNumberInBlacklist",
            ),
            *("UnsupportedOperation.", "FailedOperation.PhoneNumberOnBlacklist"),
        ),
    ),
    (
        gateway.TEMPLATE,
        (
            *(
                "FailedOperation.Template",
                "FailedOperation.Signature",
                "InvalidParameterValue.Template",
            ),
            *("InvalidParameterValue.ContentLengthLimit", "InvalidParameterValue.ProhibitedUseUrl"),
            *("FailedOperation.ContainSensitiveWord", "FailedOperation.MissingTemplate"),
            *("FailedOperation.ParametersOtherError", "FailedOperation.NotEnterpriseCertification"),
        ),
    ),
    (gateway.TOO_OFTEN, ("LimitExceeded.PhoneNumber", "LimitExceeded.DeliveryFrequencyLimit")),
    (
        gateway.ACCOUNT,
        (
            *(
                "FailedOperation.InsufficientBalance",
                "LimitExceeded.AppDaily",
                "LimitExceeded.Daily",
            ),
            *("LimitExceeded.AppMainland", "LimitExceeded.AppCountry", "AuthFailure."),
            *(
                "UnauthorizedOperation.",
                "InvalidParameterValue.SdkAppIdNotExist",
                "IpNotInWhitelist",
            ),
        ),
    ),
)


@by_template
def send(kind, values, mobile, reference):
    template, gaps = filled_in(kind, values)
    body = json.dumps(
        {
            "PhoneNumberSet": [mobile],
            "SmsSdkAppId": settings.SMS_APP_ID,
            "SignName": settings.SMS_SIGN_NAME,
            "TemplateId": template,
            "TemplateParamSet": list(gaps.values()),
            "SessionContext": reference,
        },
        ensure_ascii=False,
    ).encode()
    url = settings.SMS_ENDPOINT or ENDPOINT
    host = urlsplit(url).netloc
    stamp = int(clock.now().timestamp())
    headers = {
        "Host": host,
        "Content-Type": CONTENT_TYPE,
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": settings.SMS_REGION,
        "X-TC-Timestamp": str(stamp),
        "Authorization": authorization(
            body, host, stamp, key_id=settings.SMS_KEY_ID, key_secret=settings.SMS_KEY_SECRET
        ),
    }
    said = gateway.ask(url, headers=headers, body=body)
    code, words = _code_and_words(said)
    if code != "Ok":
        raise gateway.refused(gateway.meaning_of(code, MEANINGS), code, words, mobile)


def _code_and_words(said):
    """Of the request as a whole where that was refused, else of its one message."""
    answer = said.get("Response", said)
    statuses = answer.get("SendStatusSet") if isinstance(answer, dict) else None
    found = answer.get("Error") if isinstance(answer, dict) else None
    if found is None and isinstance(statuses, list) and statuses:
        found = statuses[0]
    if not isinstance(found, dict):
        found = said
    return str(found.get("Code", "?")), str(found.get("Message", ""))


def authorization(body: bytes, host: str, stamp: int, *, key_id: str, key_secret: str) -> str:
    """The header that signs a POST of this body to `host` at `stamp`, seconds since 1970."""
    day = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    request = "\n".join(
        [
            *("POST", "/", "", f"content-type:{CONTENT_TYPE}\nhost:{host}\n", "content-type;host"),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{day}/sms/tc3_request"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{key_secret}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return (
        f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders=content-type;host, "
        f"Signature={signature}"
    )
