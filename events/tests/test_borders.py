"""No row of one event points into another, whoever writes it."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps

from events import borders
from events.models import Event
from salon import tables
from tests import filled

# As the owner: a border holds for whoever may write the column at all.
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]


@pytest.fixture(scope="module")
def worlds(as_owner, django_db_blocker):
    """Two salons with a row of everything, for all questions of this file; gone afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield filled.World("here").rows, filled.World("there").rows
        transaction.set_rollback(True)


def reaches_an_event(model, seen=()):
    return model is Event or any(
        key.related_model not in (model, *seen)
        and reaches_an_event(key.related_model, (*seen, model))
        for key in borders.foreign_keys(model)
        if key.related_model in tables.our_models()
    )


def test_every_way_from_a_row_to_an_event_is_guarded():
    """A foreign key between two things of events is the row's home, or guarded, or says that it
    leads beyond; and what reaches an event at all has a home."""
    for model in tables.our_models():
        if model is Event or not reaches_an_event(model):
            continue
        home = borders.home(model)
        assert home is not None, f"{model.__name__} belongs to an event only perhaps"
        guarded = borders.pointing(model)
        for key in borders.foreign_keys(model):
            if key.related_model in tables.our_models() and reaches_an_event(key.related_model):
                beyond = getattr(model, "beyond_its_event", ())
                assert key is home or key in guarded or key.name in beyond, key


POINTING = [(model, key) for model in tables.our_models() for key in borders.pointing(model)]
AT_HOME = [model for model in tables.our_models() if borders.home(model)]


def refused_by(model, key, row, value):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{model._meta.db_table}" SET "{key.column}" = %s WHERE "{model._meta.pk.column}" = %s',
                [value.pk, row.pk],
            )
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return None


@pytest.mark.parametrize(("model", "key"), POINTING, ids=str)
def test_no_row_points_into_another_event(worlds, model, key):
    here, there = worlds
    rule = f"{tables.short(model)}_{key.name}_of_its_event"
    assert refused_by(model, key, here[model], there[key.related_model]) == rule


@pytest.mark.parametrize("model", AT_HOME, ids=str)
def test_no_row_moves_to_another_event(worlds, model):
    here, there = worlds
    key = borders.home(model)
    rule = f"{tables.short(model)}_stays_in_its_event"
    assert refused_by(model, key, here[model], there[key.related_model]) == rule


@isolate_apps("workshops")
def test_a_table_of_tomorrow_is_guarded_too():
    class Wish(models.Model):
        participant = models.ForeignKey(
            apps.get_model("participants.Participant"), models.CASCADE, related_name="+"
        )
        table = models.ForeignKey(
            apps.get_model("workshops.ThemeTable"), models.CASCADE, null=True, related_name="+"
        )

        class Meta:
            app_label = "workshops"
            managed = False

    [rule] = borders.borders(Wish)
    assert rule.columns == ("participant_id", "table_id")
    assert "wish_table_of_its_event" in rule.body
