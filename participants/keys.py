"""The life of a key to somebody's own page: switched off, made new, given back, grown old.

Keys are made in participants/access.py, where they are exchanged for a cookie as well.
"""

from participants.models import PersonalLink
from salon import clock

# The keys that went to a contact; they die with it.
SENT_TO = {"email": PersonalLink.Channel.EMAIL, "mobile": PersonalLink.Channel.SMS}


def revoke_links(*, participant, channels=PersonalLink.Channel.values, keep=None):
    """Switch off the person's keys that went these ways, and the cookies they were exchanged for;
    returns how many.

    `keep` is the PersonalLink of the browser that stays in. Part of a verb: call it in its
    transaction, under the lock of the person's row, with what is written there already: a letter
    on its way makes no key to a contact that has been replaced.
    """
    links = PersonalLink.objects.living().filter(participant=participant, channel__in=channels)
    if keep is not None:
        links = links.exclude(pk=keep.pk)
    return links.update(revoked_at=clock.database_now())
