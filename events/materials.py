"""Materials: what is needed follows from people and groups; what is procured and packed is ticked.

Counts are absolute, so a tap that arrives twice counts once.
"""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from events import headcount
from events.models import Material
from salon import audit, live, seen, sheets
from salon.errors import Refused

MOST = 100_000


@dataclass(frozen=True)
class Supply:
    """One material against what is needed now."""

    material: Material
    needed: int

    @property
    def to_procure(self):
        return max(0, self.needed - self.material.procured)

    @property
    def to_pack(self):
        return max(0, self.needed - self.material.packed)

    @property
    def state(self):
        """ "packed", "procured" or "missing": what the list shows in words."""
        if not self.to_pack:
            return "packed"
        return "missing" if self.to_procure else "procured"


def supplies(event):
    """Every material with its need, in the order of sections, and the headcount it follows."""
    counted = headcount.of(event)
    order = list(Material.Section)
    materials = sorted(event.materials.all(), key=lambda m: (order.index(m.section), m.pk))
    return counted, [
        Supply(m, m.needed(heads=counted.heads, groups=counted.groups)) for m in materials
    ]


def count(*, event, material_id, by, procured=None, packed=None, was: str | None = None):
    """Note how many there are, or how many are in the boxes. Returns the material.

    `was` is the stamp of both numbers as the page showed them: somebody else's count since is not
    written over, Refused("stale"), but counting the same again is harmless.

    Packing more than was procured raises the latter: what is in the box was procured.
    """
    with transaction.atomic():
        material = event.materials.select_for_update().filter(pk=material_id).first()
        if material is None:
            raise Refused("gone", _("这一条已经不在了，请刷新后再看。"), status=404)
        counts = {"procured": procured, "packed": packed}
        if all(value in (None, getattr(material, name)) for name, value in counts.items()):
            return material
        seen.require_unchanged(was, material.procured, material.packed, told=seen.LOOK_AGAIN)
        for name, value in counts.items():
            if value is None:
                continue
            if not 0 <= value <= MOST:
                raise Refused("count", _("数量要在 0 到 %(most)s 之间。") % {"most": MOST})
            setattr(material, name, value)
        material.procured = max(material.procured, material.packed)
        material.save(update_fields=["procured", "packed"])
        audit.record(
            "count_material", material, by=by, event_id=event.pk, fields=["procured", "packed"]
        )
        live.publish(event, "control")
        return material


def write_list(stream, event):
    """The list as an XLSX workbook."""
    _counted, rows = supplies(event)
    headers = [_("类别"), _("物料"), _("依据"), _("需要"), _("已备齐"), _("已装箱"), _("备注")]
    sheets.write_table(
        stream,
        sheets=[
            (
                _("物料清单"),
                headers,
                (
                    [
                        row.material.get_section_display(),
                        row.material.name,
                        row.material.get_basis_display(),
                        row.needed,
                        row.material.procured,
                        row.material.packed,
                        row.material.note,
                    ]
                    for row in rows
                ),
                [10, 24, 10, 8, 8, 8, 24],
            )
        ],
    )
