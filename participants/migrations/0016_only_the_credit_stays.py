from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0006_gate"),
        ("participants", "0015_contacts_that_change"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="participant",
            name="participant_can_be_reached",
        ),
        migrations.AddField(
            model_name="participant",
            name="contact_cleared_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="联系方式清空时间"
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mobile", ""), _negated=True),
                    models.Q(("email", ""), _negated=True),
                    ("source", "walk_in"),
                    ("erased_at__isnull", False),
                    ("contact_cleared_at__isnull", False),
                    _connector="OR",
                ),
                name="participant_can_be_reached",
                violation_error_message="手机和邮箱至少填一项。",
            ),
        ),
    ]
