from django.db import migrations, models

STATES = [
    ("planned", "待发送"),
    ("claimed", "发送中"),
    ("by_hand", "需手动发送"),
    ("handed_over", "已送出"),
    ("not_delivered", "没送到"),
    ("no_channel", "没有通道"),
    ("bounced", "被退回"),
    ("cancelled", "已取消"),
    ("expired", "已过时"),
]
CHANNELS = [("email", "邮件"), ("group_bot", "群机器人"), ("sms", "短信"), ("hand", "手动告知")]


class Migration(migrations.Migration):
    """Nothing is "sent" any more: what the mailbox alone got had no channel."""

    dependencies = [("salon", "0008_sweeps")]

    operations = [
        migrations.RemoveConstraint("message", "message_sent_has_time"),
        migrations.RenameField("message", "handed_over_at", "on_the_wire_at"),
        migrations.RenameField("message", "sent_at", "handed_over_at"),
        migrations.AlterField(
            "message",
            "state",
            models.CharField(
                choices=STATES, default="planned", max_length=14, verbose_name="状态"
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE salon_message
            SET handed_over_at = NULL, on_the_wire_at = NULL, state = 'no_channel'
            WHERE state = 'sent' AND only_in_mailbox;
            UPDATE salon_message SET state = 'handed_over' WHERE state = 'sent';
            UPDATE salon_message SET state = 'not_delivered' WHERE state = 'failed';
            """
        ),
        migrations.RemoveField("message", "only_in_mailbox"),
        migrations.AlterField(
            "message",
            "handed_over_at",
            models.DateTimeField(blank=True, null=True, verbose_name="送出时间"),
        ),
        migrations.AlterField(
            "message",
            "failure",
            models.CharField(blank=True, max_length=500, verbose_name="失败原因"),
        ),
        migrations.AlterField(
            "message",
            "channel",
            models.CharField(
                choices=CHANNELS, default="email", max_length=12, verbose_name="渠道"
            ),
        ),
        migrations.AddField(
            "message",
            "until",
            models.DateTimeField(blank=True, null=True, verbose_name="有效至"),
        ),
        migrations.AddField(
            "message",
            "done_by_id",
            models.BigIntegerField(blank=True, null=True, verbose_name="谁告知的"),
        ),
        migrations.AddConstraint(
            "message",
            models.CheckConstraint(
                condition=models.Q(("state", "handed_over"), _negated=True)
                | models.Q(("handed_over_at__isnull", False)),
                name="message_handed_over_has_time",
            ),
        ),
    ]
