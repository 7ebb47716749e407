import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0005_admin_labels'),
        ('participants', '0012_second_applications_are_cases'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasedContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=72)),
                ('kept_until', models.DateTimeField()),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='erased_contacts', to='events.event')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event', 'digest'), name='erased_contact_once')],
            },
        ),
    ]
