"""`{% screen "tags" %}`: what makes a wall's page count as a screen in the control room."""

from django import template
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.html import format_html

from events.screens import pass_for

register = template.Library()


@register.simple_tag(takes_context=True)
def screen(context, wall):
    """Attributes for the wall's <main>, read by screen.js; none on a participant's own phone."""
    request, event = context["request"], context["event"]
    if getattr(request, "person", None) and not request.user.is_authenticated:
        return ""
    get_token(request)  # sends the cookie, from which screen.js reads the newest
    return format_html(
        ' data-screen="{}" data-screen-url="{}"',
        pass_for(event, wall),
        reverse("screen", args=[event.slug]),
    )
