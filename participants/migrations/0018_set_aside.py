import django.db.models.deletion
from django.db import migrations, models


def those_erased_so_far_are_blank(apps, schema_editor):
    people = apps.get_model("participants", "Participant").objects
    people.filter(erased_at__isnull=False, blanked_at=None).update(blanked_at=models.F("erased_at"))


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0006_gate'),
        ('participants', '0017_a_key_that_outlived_its_contact'),
    ]

    operations = [
        migrations.CreateModel(
            name='SetAside',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.JSONField(default=dict)),
            ],
        ),
        migrations.AddIndex(
            model_name='participant',
            index=models.Index(condition=models.Q(('blanked_at', None), ('erased_at__isnull', False)), fields=['erased_at'], name='participant_set_aside'),
        ),
        migrations.AddField(
            model_name='setaside',
            name='participant',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='set_aside', to='participants.participant'),
        ),
        migrations.RunPython(those_erased_so_far_are_blank, migrations.RunPython.noop),
    ]
