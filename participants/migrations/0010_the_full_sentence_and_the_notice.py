"""Consents keep the whole sentence from here on, and say under which version of the event's notice;
those of before kept their label alone. What was published of a notice cannot be rewritten."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


FORBID = """
CREATE FUNCTION participants_notice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published notice stays as it is';
END $$;
CREATE TRIGGER participants_notice_stays
    BEFORE UPDATE OR DELETE ON participants_notice
    FOR EACH ROW EXECUTE FUNCTION participants_notice_stays();
"""
ALLOW = """
DROP TRIGGER participants_notice_stays ON participants_notice;
DROP FUNCTION participants_notice_stays();
"""


def mark_those_of_before(apps, schema_editor):
    apps.get_model("participants", "Consent").objects.update(kept_as="label_only")


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0005_admin_labels"),
        ("participants", "0009_contacts_of_those_who_acted_are_proven"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="kept_as",
            field=models.CharField(
                choices=[
                    ("full", "完整的文字"),
                    ("label_only", "只有标题"),
                    ("elsewhere", "在别的表上同意"),
                ],
                db_default="full",
                default="full",
                max_length=10,
                verbose_name="文字",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("processing", "处理个人信息用于本次活动"),
                    ("wall_name", "在签到墙展示姓名"),
                    ("photo", "现场拍照与录像"),
                    ("share_contact", "互相确认后交换联系方式"),
                    ("whitepaper_credit", "在白皮书中署名"),
                    ("invite_again", "以后的活动也邀请我"),
                ],
                max_length=20,
                verbose_name="用途",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="wording",
            field=models.TextField(verbose_name="当时的文字"),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "not_selected_days",
                    models.PositiveSmallIntegerField(
                        db_default=90,
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="没有名额的人（全部）",
                    ),
                ),
                (
                    "texts_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="写下的文字",
                    ),
                ),
                (
                    "answers_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="其他回答",
                    ),
                ),
                (
                    "contact_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="姓名和联系方式",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(verbose_name="版本")),
                ("text", models.JSONField(verbose_name="文字")),
                ("published_at", models.DateTimeField(verbose_name="公布时间")),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="events.event",
                        verbose_name="活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "个人信息说明的版本",
                "verbose_name_plural": "个人信息说明的版本",
                "ordering": ["-version"],
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="notice",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="participants.notice",
                verbose_name="个人信息说明",
            ),
        ),
        migrations.CreateModel(
            name="PrivacyTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "not_selected_days",
                    models.PositiveSmallIntegerField(
                        db_default=90,
                        default=90,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="没有名额的人（全部）",
                    ),
                ),
                (
                    "texts_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="写下的文字",
                    ),
                ),
                (
                    "answers_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="其他回答",
                    ),
                ),
                (
                    "contact_days",
                    models.PositiveSmallIntegerField(
                        db_default=365,
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="姓名和联系方式",
                    ),
                ),
                (
                    "handler",
                    models.CharField(
                        blank=True, default="", db_default="", max_length=120, verbose_name="谁在处理"
                    ),
                ),
                (
                    "contact",
                    models.CharField(
                        blank=True, default="", db_default="", max_length=200, verbose_name="怎么联系"
                    ),
                ),
                ("purpose", models.TextField(blank=True, default="", db_default="", verbose_name="用来做什么")),
                (
                    "recipients",
                    models.TextField(blank=True, default="", db_default="", verbose_name="谁会收到"),
                ),
                ("version", models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="privacy",
                        to="events.event",
                        verbose_name="活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "个人信息说明",
                "verbose_name_plural": "个人信息说明",
            },
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                fields=("event", "version"), name="notice_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="privacyterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answers_days__gte", 1),
                    ("contact_days__gte", models.F("texts_days")),
                    ("contact_days__lte", 3650),
                    ("not_selected_days__gte", 1),
                    ("texts_days__gte", 1),
                    ("contact_days__gte", models.F("answers_days")),
                    ("contact_days__gte", models.F("not_selected_days")),
                ),
                name="privacy_contact_goes_last",
            ),
        ),
        migrations.RunPython(mark_those_of_before, migrations.RunPython.noop),
        migrations.RunSQL(FORBID, ALLOW),
    ]
