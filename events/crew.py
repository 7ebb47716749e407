"""Who works at an event: put on its crew by e-mail address, without a look at other accounts."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from events.models import Crew, Event
from salon import accounts, audit, clock, limits, outbox
from salon.models import User

INVITATION = "crew_invitation"
PER_ORGANISER = {"times": 60, "seconds": 3600}


@dataclass(frozen=True)
class Invited:
    """`link` is where the account gets its first password: only for an account made just now in a
    house without a mail server, where no letter can carry it."""

    crew: Crew
    link: str | None


def known_to(user: User) -> QuerySet[User]:
    """Accounts that the user has met on the crews of their own events; a superuser knows all."""
    if user.is_superuser:
        return User.objects.all()
    theirs = Crew.objects.filter(event__in=Event.objects.run_by(user)).values("user")
    return User.objects.filter(Q(pk__in=theirs) | Q(pk=user.pk))


def invite(*, event: Event, email: str, name: str, role: str, by: User) -> Invited:
    """Put whoever has this address on the crew, with an account if they have none, and write to
    them. Again for somebody who is on it already, the letter goes once more."""
    limits.require(f"invite crew:{by.pk}", **PER_ORGANISER)
    with transaction.atomic():
        user, is_new = accounts.account_for(email=email, name=name, by=by)
        if role == Crew.Role.ORGANISER and not user.is_staff:
            user.is_staff = True  # much of an organiser's work is done in the admin
            user.save(update_fields=["is_staff"])
        crew, is_on = Crew.objects.get_or_create(event=event, user=user, role=role)
        if is_on:
            audit.record("add_crew", crew, by=by)
        now = clock.now()
        outbox.plan(
            dedup_key=f"{INVITATION}:{crew.pk}:{now:%Y%m%d%H%M}",
            kind=INVITATION,
            event_id=event.pk,
            due_at=now,
            context={"crew": crew.pk},
        )
    by_hand = is_new and not settings.EMAIL_IS_CONFIGURED
    return Invited(crew, accounts.new_password_link(user) if by_hand else None)
