"""A small world with a row in every table of ours, so that a test may ask all of them.

    here = filled.World("here")
    here.rows[Participant].name
    here.another("Participant", code="GHJKLM")

Values follow from the fields; SAID holds what a table's rules want besides. A new model is in the
world without anybody remembering, and whoever gives it a rule of its own says here how it is kept.
"""

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from salon import access, clock, tables
from salon.digests import Digest

# What a row needs beyond the first value that each field would take: {model: f(world) -> fields}.
SAID = {
    "User": lambda w: {"is_active": True, "username": w.name},
    "Event": lambda w: {
        "status": "published",
        "timezone": "Asia/Shanghai",
        "starts_at": w.at,
        "ends_at": w.at + timedelta(hours=4),
        "on_site_capacity": 5,
        "online_capacity": 5,
        "interactive_target_percent": 60,
    },
    "Participant": lambda w: {
        "code": "ABCDEF",
        "mobile": "+8613800000001",
        "email": f"{w.name}@example.com",
        "status": "confirmed",
        "industry": "education",
        "online": False,
        "submitted_at": w.at - timedelta(days=20),
    },
    "AgendaItem": lambda w: {"starts_at": w.at, "ends_at": w.at + timedelta(minutes=30)},
    "SeatRelease": lambda w: {"target": w.another("Category", key="other", position=1)},
    "Match": lambda w: {
        "second": w.another("Participant", code="GHJKLM", mobile="", email="b@x.cn")
    },
    "StreamVisit": lambda w: {"left_at": w.at + timedelta(hours=1)},
    "Consent": lambda w: {"purpose": "wall_name"},
    "InterestGroup": lambda w: {"merged_into": None},
    "PainCard": lambda w: {"merged_into": None},
    "BlindBox": lambda w: {
        "slip_ids": [[w.row("PainCard").pk, None]],
        "seed": "ab" * 16,
        "commitment": "cd" * 32,
    },
    "PainMerge": lambda w: {"before": {}},
    "Evaluation": lambda w: {"metrics": []},
    "Whitepaper": lambda w: {"sections": []},
    "SurveyResponse": lambda w: {"answers": {}},
    "SurveyQuestion": lambda w: {"kind": "scale", "options": []},
    "DeskRequest": lambda w: {"answer": {"result": "unknown", "participant": None, "first": None}},
    "Listing": lambda w: {"offer": "活动场地"},
    "StatusChange": lambda w: {"before": "accepted", "after": "confirmed"},
    "Call": lambda w: {"claim_expires_at": w.at + timedelta(minutes=15), "outcome": ""},
    "Award": lambda w: {"winner": None},
    "Icebreaker": lambda w: {"ends_at": w.at + timedelta(minutes=1)},
    "Case": lambda w: {"made": None},
    "Notice": lambda w: {"text": {"zh-hans": [["谁在处理", "上海社群沙龙"]]}},
    "ContactChange": lambda w: {
        "old": "+8613800000001",
        "new": "+8613800000002",
        "asked_at": w.at,
        "effective_at": w.at,
        "waits_for": "",
    },
    "EventPace": lambda w: {"event_id": w.row("Event").pk},
    "Blueprint": lambda w: {"document": {}},
}


class World:
    """`rows`: {model: its row}, every row of one event."""

    def __init__(self, name):
        self.name, self.rows = name, {}
        self.at = clock.now().replace(microsecond=0)
        self.models = {
            model.__name__: model for model in tables.our_models() if not model._meta.auto_created
        }
        for model in self.models.values():
            self.row(model.__name__)

    def row(self, name):
        model = self.models[name]
        if model not in self.rows:
            self.rows[model] = self.another(name)
        return self.rows[model]

    def another(self, name, **fields):
        """One more row of a model, with these fields."""
        model = self.models[name]
        given = (SAID[name](self) if name in SAID else {}) | fields
        values = {
            field.name: given[field.name] if field.name in given else self.value(field)
            for field in model._meta.local_concrete_fields
            if not isinstance(field, models.AutoField)
        }
        row = model(**values)
        row.save(force_insert=True)
        return row

    def value(self, field):  # noqa: C901, PLR0911, PLR0912  one line for each kind of field
        if isinstance(field, models.ForeignKey):
            there = field.related_model
            if there.__name__ not in self.models or there is field.model:
                return None
            return self.row(there.__name__)
        if field.null:
            return None
        if field.choices:
            return field.choices[0][0]
        if isinstance(field, models.UUIDField):
            return uuid.uuid4()
        if isinstance(field, models.DateTimeField):
            return self.at
        if isinstance(field, models.DateField):
            return self.at.date()
        if isinstance(field, models.BooleanField):
            return False
        if field.has_default():
            return field.get_default()
        if isinstance(field, models.IntegerField | models.DecimalField):
            return 1
        if isinstance(field, Digest):
            return access.digest(self.name)
        if isinstance(field, models.BinaryField):
            return self.name.encode().ljust(32, b".")
        if isinstance(field, ArrayField):
            return []
        if field.blank:
            return ""
        return self.name[: field.max_length]
