"""What the room of participants hears from this one: a person's contributions, and forgetting."""

from participants import erase, own_data
from workshops import contributions, photos


@own_data.part("contributions")
def contributions_of(participant):
    return contributions.of(participant)


@erase.part
def forget_texts(participant):
    contributions.forget(participant)
    photos.forget(participant)
