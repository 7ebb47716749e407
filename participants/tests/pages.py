"""Pages over HTTP: what a phone or a laptop posts, as it stands on the page."""

import uuid

from django.urls import reverse

from participants.access import issue_link


def filled(**changed):
    return {
        "client_id": str(uuid.uuid4()),
        "category": "core",
        "name": "林知夏",
        "mobile": "138 0013 8000",
        "email": "lin@example.com",
        "organisation": "拾光教育",
        "industry": "education",
        "community_size": "1.2万",
        "active_rate": "45%",
        "pain_points": ["新人进群三天就不说话了", "", "老用户流失"],
        "online": "0",
        "consents": ["processing", "wall_name"],
        **changed,
    }


def address(name, *args):
    return reverse(name, args=["spring", *args])


def as_it_stands(page, **changed):
    """What a browser sends when the form of a page is posted as it stands, with changes."""
    form = page.context["form"]
    shown = {field.html_name: field.value() for field in form}
    return {name: value for name, value in shown.items() if value is not None} | changed


def as_person(client, person):
    client.get(issue_link(participant=person))
    return client
