"""What a form has before its reader, to be posted back with it."""

from django import template
from django.utils.html import format_html

from salon.seen import FIELD, stamp

register = template.Library()


@register.simple_tag
def seen(*shown):
    """`{% seen role.people %}`: the hidden field of a form that shows these values."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, stamp(*shown))
