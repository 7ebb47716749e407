"""Letters that invite name the consent by which they go; wordings of an organiser's own say so, too."""

from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Replace

WAS, IS = "撤回“互相确认后交换联系方式”", "撤回“{授权}”"


def rename(old, new):
    def run(apps, schema_editor):
        apps.get_model("participants", "Wording").objects.filter(
            kind__in=["digest", "review_invite"], body__contains=old
        ).update(body=Replace(F("body"), Value(old), Value(new)))

    return run


class Migration(migrations.Migration):
    dependencies = [("participants", "0010_the_full_sentence_and_the_notice")]
    operations = [migrations.RunPython(rename(WAS, IS), rename(IS, WAS))]
