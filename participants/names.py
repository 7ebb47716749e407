"""A person's name at every door it comes in by: sign-up, edit, walk-in, sheet, admin."""

from django.utils.translation import gettext as _

from salon.errors import Refused
from salon.text import holds_an_address, person_name


def read_name(value, *, status=422):
    """The name as it is kept; Refused("name") with the sentence when it is none, or carries an
    address: names stand in letters and on walls."""
    name = person_name(value)
    if not name:
        raise Refused("name", _("请填写姓名。"), status=status)
    if holds_an_address(name):
        raise Refused("name", _("姓名里不要写网址或邮箱。"), status=status)
    return name
