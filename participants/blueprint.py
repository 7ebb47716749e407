"""The people's part of a salon: categories with shares and criteria, channels, wordings, and what
they are told about their information."""

from participants import notices
from participants.models import Category, Channel, Criterion, PrivacyTerms, Wording


def _criterion(field, operator, label, weight, *, threshold=None, unit=""):
    return {
        "field": field,
        "operator": operator,
        "label": label,
        "weight": weight,
        "threshold": threshold,
        "unit": unit,
    }


# SALON §3. The weights of a category add up to 100.
DEFAULT = {
    "categories": [
        {
            "key": "core",
            "name": "核心运营者",
            "share_percent": "70",
            "criteria": [
                _criterion("community_size", "gte", "社群规模", 40, threshold="5000", unit="人"),
                _criterion("active_rate", "gte", "近6个月平均月活率", 40, threshold="40", unit="%"),
                _criterion("pain_points", "min_count", "痛点", 20, threshold="1", unit="条"),
            ],
        },
        {
            "key": "brand",
            "name": "品牌方代表",
            "share_percent": "10",
            "criteria": [
                _criterion("cooperation_need", "present", "合作需求", 50),
                _criterion("resource_offer", "present", "可提供的资源", 50),
            ],
        },
        {
            "key": "creator",
            "name": "内容创作者",
            "share_percent": "20",
            "criteria": [
                _criterion("followers", "gte", "粉丝量", 40, threshold="100000", unit="人"),
                _criterion("creator_field", "present", "创作领域", 30),
                _criterion("can_bring", "present", "可带来的案例或方法", 30),
            ],
        },
    ],
    "channels": [
        {"kind": "official_account", "code": "gzh", "label": "公众号内推"},
        {"kind": "invitation", "code": "yaoqing", "label": "定向邀请"},
        {"kind": "community", "code": "shequn", "label": "社群内报名"},
    ],
    "wordings": [],
    "privacy": {
        "handler": "",
        "contact": "",
        "purpose": "",
        "recipients": "",
        "not_selected_days": 90,
        "texts_days": 365,
        "answers_days": 365,
        "contact_days": 365,
    },
}


def build(event, part, *, now):
    """Create the event's categories, criteria, channels and wordings from such a part."""
    for position, category in enumerate(part["categories"]):
        row = Category.objects.create(
            event=event,
            key=category["key"],
            name=category["name"],
            share_percent=category["share_percent"],
            position=position,
        )
        Criterion.objects.bulk_create(
            Criterion(category=row, position=place, **criterion)
            for place, criterion in enumerate(category["criteria"])
        )
    Channel.objects.bulk_create(Channel(event=event, **channel) for channel in part["channels"])
    Wording.objects.bulk_create(Wording(event=event, **wording) for wording in part["wordings"])
    if terms := part.get("privacy"):  # older documents have none
        PrivacyTerms.objects.create(event=event, **terms)


def record(event):
    """The inverse of `build`. Personal invitations name an inviter and stay behind."""
    terms = notices.terms_of(event)
    return {
        "categories": [
            {
                "key": category.key,
                "name": category.name,
                "share_percent": str(category.share_percent),
                "criteria": [
                    _criterion(
                        rule.field,
                        rule.operator,
                        rule.label,
                        rule.weight,
                        threshold=None if rule.threshold is None else str(rule.threshold),
                        unit=rule.unit,
                    )
                    for rule in category.criteria.all()
                ],
            }
            for category in event.categories.prefetch_related("criteria")
        ],
        "channels": list(event.channels.filter(inviter="").values("kind", "code", "label")),
        "wordings": list(event.wordings.values("kind", "subject", "body")),
        "privacy": {name: getattr(terms, name) for name in (*notices.TEXTS, *notices.DAYS)},
    }
