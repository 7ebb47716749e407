"""What PostgreSQL keeps beyond Meta.constraints: "Python may forget, the table may not."

Most rules follow from the models by themselves (from_models.py): whoever adds a column with choices,
a range or a JSON default has its rule with the next `migrate`. Others a model declares:

    class Evaluation(models.Model):
        table_rules = (tables.OnlyGrows(), tables.HasShape("metrics", [{"key": "string", …}]))

`migrate` compares with the catalogue and puts, replaces and removes (installing.py). A rule that
Django can write as a constraint of one row stands in Meta.constraints, where forms hear of it too.
"""

from salon.tables.from_models import E164, derived, our_models, parents_first, rules_of, short
from salon.tables.history import OnlyGrows
from salon.tables.installing import Broken, install, is_current, lay_aside, wanted
from salon.tables.reporting import view, views
from salon.tables.rules import Check, Trigger, changed, literal, refuse
from salon.tables.shapes import HasShape

__all__ = [
    "E164",
    "Broken",
    "Check",
    "HasShape",
    "OnlyGrows",
    "Trigger",
    "changed",
    "derived",
    "install",
    "is_current",
    "lay_aside",
    "literal",
    "our_models",
    "parents_first",
    "refuse",
    "rules_of",
    "short",
    "view",
    "views",
    "wanted",
]
