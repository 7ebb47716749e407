"""阿里云短信 (dysmsapi 2017-05-25, SendSms), signed by ACS3-HMAC-SHA256."""

import hashlib
import hmac
import json
import secrets
from urllib.parse import quote, urlsplit

from django.conf import settings

from salon import clock
from salon.sms import by_template, filled_in, gateway

ENDPOINT = "https://dysmsapi.aliyuncs.com"
ALGORITHM = "ACS3-HMAC-SHA256"

MEANINGS = (
    (
        gateway.NUMBER,
        ("isv.MOBILE_NUMBER_ILLEGAL", "isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "MOBILE_NOT_ON_SERVICE"),
    ),
    (
        gateway.TEMPLATE,
        (
            *("isv.SMS_TEMPLATE", "isv.SMS_SIGN", "isv.SIGN_", "isv.TEMPLATE_", "isv.SMS_TEST_"),
            *("isv.INVALID_PARAMETERS", "isv.INVALID_JSON_PARAM", "isv.PARAM_", "isv.SMS_CONTENT_"),
            *("isv.BLACK_KEY_CONTROL_LIMIT", "isv.EXTEND_CODE_ERROR"),
        ),
    ),
    (gateway.TOO_OFTEN, ("isv.BUSINESS_LIMIT_CONTROL",)),
    (
        gateway.ACCOUNT,
        (
            *("isv.OUT_OF_SERVICE", "isv.AMOUNT_NOT_ENOUGH", "isv.DAY_LIMIT", "isv.MONTH_LIMIT"),
            *("isv.PRODUCT_UN", "isv.ACCOUNT_", "isv.DENY_IP_RANGE", "isp.RAM_PERMISSION_DENY"),
            *("InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden", "InvalidTimeStamp"),
        ),
    ),
)


@by_template
def send(kind, values, mobile, reference):
    template, gaps = filled_in(kind, values)
    query = {
        # A number at home stands without its country, another without its plus.
        "PhoneNumbers": mobile.removeprefix("+86").removeprefix("+"),
        "SignName": settings.SMS_SIGN_NAME,
        "TemplateCode": template,
        "TemplateParam": json.dumps(gaps, ensure_ascii=False, separators=(",", ":")),
        "OutId": reference,
    }
    url = settings.SMS_ENDPOINT or ENDPOINT
    headers = {
        "host": urlsplit(url).netloc,
        "x-acs-action": "SendSms",
        "x-acs-version": "2017-05-25",
        "x-acs-date": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": secrets.token_hex(16),
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    headers["Authorization"] = authorization(
        query, headers, key_id=settings.SMS_KEY_ID, key_secret=settings.SMS_KEY_SECRET
    )
    said = gateway.ask(f"{url}/?{canonical(query)}", headers=headers)
    code = str(said.get("Code", "?"))
    if code != "OK":
        meaning = gateway.meaning_of(code, MEANINGS)
        raise gateway.refused(meaning, code, str(said.get("Message", "")), mobile)


def canonical(query: dict[str, str]) -> str:
    """The query as it is signed and as it goes: sorted, encoded by RFC 3986."""
    return "&".join(f"{quote(name, '')}={quote(query[name], '')}" for name in sorted(query))


def authorization(
    query: dict[str, str], headers: dict[str, str], *, key_id: str, key_secret: str
) -> str:
    """The header that signs a POST of this query with these headers and no body."""
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    signed = ";".join(names)
    request = "\n".join(
        ["POST", "/", canonical(query), lines, signed, headers["x-acs-content-sha256"]]
    )
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(key_secret.encode(), to_sign.encode(), "sha256").hex()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}"
