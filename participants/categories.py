"""What each category of an event is asked, and judged by."""

from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection

from participants.criteria import Criterion


@dataclass(frozen=True)
class AskedCategory:
    """A category as the form and the judge need it, with its rules in order."""

    pk: int
    key: str
    name: str
    rules: list[Criterion] = field(default_factory=list)

    @cached_property
    def fields(self):
        """Names of the answers that its rules look at."""
        return {name for rule in self.rules for name in rule.fields}


_RULE = ("field", "operator", "label", "weight", "threshold", "unit")
_ASK = f"""
    SELECT category.id, key, name, {", ".join(_RULE)}
    FROM participants_category AS category
    LEFT JOIN participants_criterion AS rule ON rule.category_id = category.id
    WHERE event_id = %s
    ORDER BY category.position, category.id, rule.position, rule.id
"""  # noqa: S608


def asked_categories(event):
    """The event's categories in order; one statement, for every sign-up asks."""
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [event.pk])
        rows = cursor.fetchall()
    found = {}
    for pk, key, name, *rule in rows:
        category = found.setdefault(pk, AskedCategory(pk, key, name))
        if rule[0] is not None:
            category.rules.append(Criterion(*rule))
    return list(found.values())


def asked(category):
    """One row of Category as an AskedCategory."""
    return AskedCategory(category.pk, category.key, category.name, rules_of(category))


def rules_of(category):
    """A row's criteria as what `criteria.judge` takes."""
    return [Criterion(*(getattr(rule, name) for name in _RULE)) for rule in category.criteria.all()]
