import datetime
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


# What old rows may hold against the rules, put right where that is safe.
MEND = """
-- The trigger of what was published is a rule of its model now, and comes with the others.
DROP TRIGGER IF EXISTS participants_notice_stays ON participants_notice;
DROP FUNCTION IF EXISTS participants_notice_stays();
UPDATE participants_call SET claim_expires_at = claimed_at + interval '15 minutes'
    WHERE claim_expires_at <= claimed_at;
UPDATE participants_call SET finished_at = claimed_at
    WHERE finished_at < claimed_at OR (outcome <> '' AND finished_at IS NULL);
UPDATE participants_checkin SET at = received_at WHERE at > received_at;
UPDATE participants_checkin SET voided_at = at WHERE voided_at < at;
UPDATE participants_consent SET withdrawn_at = given_at WHERE withdrawn_at < given_at;
UPDATE participants_participant SET blanked_at = erased_at
    WHERE erased_at IS NOT NULL AND blanked_at IS NULL AND name = '';
UPDATE participants_participant SET erased_at = blanked_at
    WHERE blanked_at IS NOT NULL AND erased_at IS NULL;
"""


# What people read who stand so still: an undone decision finds it here.
KEEP_THE_WORDS = """
UPDATE participants_statuschange c SET told_reason = p.told_reason
FROM participants_participant p
WHERE c.participant_id = p.id AND c.after = p.status AND p.told_reason <> ''
    AND c.id = (SELECT max(id) FROM participants_statuschange WHERE participant_id = p.id);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_rules_of_one_row'),
        ('participants', '0018_set_aside'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AddField(
            model_name='statuschange',
            name='told_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=300, verbose_name='告知本人的理由'),
        ),
        migrations.AlterField(
            model_name='consent',
            name='participant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='participants.participant', verbose_name='参与者'),
        ),
        migrations.AlterField(
            model_name='seatrelease',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seat_releases', to='events.event', verbose_name='活动'),
        ),
        migrations.AlterField(
            model_name='seatrelease',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.category', verbose_name='让出类别'),
        ),
        migrations.AlterField(
            model_name='seatrelease',
            name='target',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.category', verbose_name='接收类别'),
        ),
        migrations.AlterField(
            model_name='statuschange',
            name='participant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='status_changes', to='participants.participant'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.CheckConstraint(condition=models.Q(('claim_expires_at__gt', models.F('claimed_at'))), name='call_claim_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at', None), ('finished_at__gte', models.F('claimed_at')), _connector='OR'), name='call_finished_after_it_was_claimed'),
        ),
        migrations.AddConstraint(
            model_name='call',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), ('finished_at__isnull', False), _connector='OR'), name='call_with_an_outcome_is_finished'),
        ),
        migrations.AddConstraint(
            model_name='checkin',
            constraint=models.CheckConstraint(condition=models.Q(('at__gte', django.db.models.expressions.CombinedExpression(models.F('received_at'), '-', models.Value(datetime.timedelta(days=31)))), ('at__lte', models.F('received_at'))), name='check_in_before_it_was_received'),
        ),
        migrations.AddConstraint(
            model_name='checkin',
            constraint=models.CheckConstraint(condition=models.Q(('voided_at', None), ('voided_at__gte', models.F('at')), _connector='OR'), name='check_in_voided_after_it_happened'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_at', None), ('withdrawn_at__gte', models.F('given_at')), _connector='OR'), name='consent_withdrawn_after_it_was_given'),
        ),
        migrations.AddConstraint(
            model_name='interestgroup',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='interest_group_not_merged_into_itself'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[2-9A-HJ-NP-Z]{6}$')), name='participant_code_can_be_read'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('blanked_at', None), ('erased_at__isnull', False), _connector='OR'), name='participant_blanked_was_erased'),
        ),
        migrations.AddConstraint(
            model_name='screeningbatch',
            constraint=models.CheckConstraint(condition=models.Q(('released_at', None), ('undone_at', None), _connector='OR'), name='screening_batch_released_or_undone'),
        ),
        migrations.AlterField(
            model_name='contactchange',
            name='told',
            field=models.CharField(blank=True, choices=[('mobile', '手机'), ('email', '邮箱')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='contactchange',
            constraint=models.CheckConstraint(condition=models.Q(('effective_at', None), ('effective_at__gte', models.F('asked_at')), _connector='OR'), name='contact_change_in_force_after_it_was_asked'),
        ),
        migrations.AddConstraint(
            model_name='contactchange',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('asked_at')), _connector='OR'), name='contact_change_ended_after_it_was_asked'),
        ),
        migrations.AddConstraint(
            model_name='contactchange',
            constraint=models.CheckConstraint(condition=models.Q(('taken_back_at', None), ('taken_back_at__gte', models.F('effective_at')), _connector='OR'), name='contact_change_taken_back_after_it_came'),
        ),
        migrations.AddConstraint(
            model_name='contactchange',
            constraint=models.CheckConstraint(condition=models.Q(('waits_for', ''), models.Q(('effective_at__isnull', False), ('waits_since__gte', models.F('effective_at')), ('waits_since__isnull', False)), _connector='OR'), name='contact_change_waits_since_it_came'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(('name_before', ''), ('gate', 'waiting'), _connector='OR'), name='participant_known_as_before_while_waiting'),
        ),
        migrations.RunSQL(KEEP_THE_WORDS, migrations.RunSQL.noop),
    ]
