
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('participants', '0006_fewer_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='participant',
            name='blanked_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='清空时间'),
        ),
        migrations.AddField(
            model_name='participant',
            name='email_proven_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='邮箱已核实'),
        ),
        migrations.AddField(
            model_name='participant',
            name='mobile_proven_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='手机已核实'),
        ),
        migrations.AddField(
            model_name='personallink',
            name='channel',
            field=models.CharField(choices=[('email', '邮件'), ('sms', '短信'), ('handed_over', '工作人员转交'), ('shown', '签到台出示'), ('typed', '签到码进入'), ('own_page', '本人页面')], default='email', max_length=12, verbose_name='渠道'),
        ),
        migrations.AddField(
            model_name='personallink',
            name='message_id',
            field=models.BigIntegerField(blank=True, null=True),
        ),
    ]
