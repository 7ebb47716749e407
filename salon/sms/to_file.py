"""The provider for rehearsals: one JSON object a line, appended to SMS_FILE."""

import json

from django.conf import settings


def send(kind, values, mobile, reference):
    line = {"kind": kind, "values": dict(values), "mobile": mobile, "reference": reference}
    with open(settings.SMS_FILE, "a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
