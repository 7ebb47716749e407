"""`letters <slug> --json`: what became of every letter, for machines."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from participants.tests import scenes
from salon import outbox
from salon.models import Message

pytestmark = pytest.mark.django_db


def said(*arguments):
    out = io.StringIO()
    call_command("letters", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def event():
    return scenes.a_salon()


def test_each_letter_is_one_row_with_its_state_and_none_of_its_words(event):
    lin = scenes.an_applicant(event, "林知夏", 1)
    zhou = scenes.an_applicant(event, "周子昂", 2, email="")
    outbox.deliver_due()
    letters = json.loads(said("spring", "--json"))["letters"]
    letters = [row for row in letters if row["person"]]
    assert [(row["kind"], row["person"], row["channel"], row["state"]) for row in letters] == [
        ("received", lin.pk, "email", "handed_over"),
        ("received", zhou.pk, "sms", "no_channel"),
    ]
    assert set(letters[0]) == {
        *("id", "kind", "person", "channel", "state", "words"),
        *("due_at", "handed_over_at", "until"),
    }
    assert letters[0]["handed_over_at"].endswith("+00:00")
    assert letters[1]["handed_over_at"] is None
    assert "example.com" not in said("spring", "--json")
    of_zhou = json.loads(said("spring", "--person", str(zhou.pk), "--json"))["letters"]
    assert of_zhou == [letters[1]]


def test_a_held_letter_is_printed_as_held(event):
    scenes.screening.decide(
        participant=scenes.an_applicant(event, "林知夏", 1),
        to_status="accepted",
        by=scenes.an_organiser(event),
    )
    assert json.loads(said("spring", "--json"))["letters"][-1]["state"] == "held"
    assert "accepted" in said("spring")


def test_what_there_is_not_is_one_sentence(event):
    other = scenes.an_applicant(scenes.a_salon("autumn"), "苏晴", 3)
    with pytest.raises(CommandError, match="没有网址名为“nowhere”的活动。"):
        said("nowhere")
    with pytest.raises(CommandError, match="没有编号"):
        said("spring", "--person", str(other.pk))
    nobody = scenes.an_applicant(event, "林知夏", 1)
    Message.objects.of_person(nobody.pk).delete()
    assert json.loads(said("spring", "--person", str(nobody.pk), "--json")) == {"letters": []}
