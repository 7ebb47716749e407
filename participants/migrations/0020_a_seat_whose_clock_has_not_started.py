from django.db import migrations


class Migration(migrations.Migration):
    """A deadline begins with the letter that tells of it. Deadlines that run already run on."""

    dependencies = [("participants", "0019_rules_of_one_row")]

    operations = [
        migrations.RemoveConstraint("participant", "participant_held_seat_has_deadline"),
    ]
