"""How long people are kept stands with what they are told (participants.PrivacyTerms). Salons of
before keep the days they had: no update clears anybody sooner."""

from django.db import migrations

NOT_SELECTED, OTHERS, LONGEST = 90, 730, 3650


def carry(apps, schema_editor):
    terms = apps.get_model("participants", "PrivacyTerms")
    events = apps.get_model("events", "Event").objects
    kept = {row.event_id: row for row in apps.get_model("metrics", "Retention").objects.all()}
    for event_id in events.filter(privacy=None).values_list("pk", flat=True):
        row = kept.get(event_id)
        others = min(max(row.others_days if row else OTHERS, 1), LONGEST)
        not_selected = min(max(row.not_selected_days if row else NOT_SELECTED, 1), others)
        terms.objects.create(
            event_id=event_id,
            not_selected_days=not_selected,
            texts_days=others,
            answers_days=others,
            contact_days=others,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("metrics", "0007_repeated_chat_lines"),
        ("participants", "0010_the_full_sentence_and_the_notice"),
    ]

    operations = [
        migrations.RunPython(carry, migrations.RunPython.noop),
        migrations.DeleteModel(name="Retention"),
    ]
