"""The pain wall as a spreadsheet: what was said, by whom as far as they are still here."""

from django.utils.translation import gettext as _

from participants.topics import topic_named
from workshops.models import Solution


def sheets(event):
    """For `salon.sheets.write_table`: cards, then solutions, with what keeps them off the wall."""
    cards = list(event.pain_cards.select_related("participant", "merged_into").order_by("pk"))
    solutions = (
        Solution.objects.filter(card__event=event)
        .select_related("card", "participant")
        .prefetch_related("likes")
        .order_by("card_id", "pk")
    )
    return [
        (
            _("痛点"),
            [_("编号"), _("痛点"), _("主题"), _("谁写的"), _("并入"), _("未上墙"), _("时间")],
            (
                (
                    card.pk,
                    card.text,
                    str(topic_named(card.topic).label) if card.topic else "",
                    _who(card),
                    card.merged_into_id,
                    _kept(card),
                    event.local(card.created_at),
                )
                for card in cards
            ),
            [8, 50, 16, 14, 8, 8, 18],
        ),
        (
            _("解决方案"),
            [
                _("痛点编号"),
                _("痛点"),
                _("解决方案"),
                _("谁写的"),
                _("线上"),
                _("点赞"),
                _("优质"),
                _("未上墙"),
                _("时间"),
            ],
            (
                (
                    solution.card_id,
                    solution.card.text,
                    solution.text,
                    _who(solution),
                    _yes(solution.participant and solution.participant.online),
                    len(solution.likes.all()),
                    _yes(solution.featured_at),
                    _kept(solution),
                    event.local(solution.created_at),
                )
                for solution in solutions
            ),
            [8, 40, 50, 14, 8, 8, 8, 8, 18],
        ),
    ]


def _who(row):
    return row.participant.name if row.participant else ""


def _kept(row):
    """What keeps it off the wall."""
    return "" if row.is_shown else row.get_gate_display()


def _yes(value):
    return _("是") if value else ""
