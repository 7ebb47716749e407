"""Letters that only these tests write; see worker.py."""

from salon import outbox


@outbox.letter("test_reminder")
def reminder(message):
    number = message.context["number"]
    return outbox.Letter(
        to=f"guest{number}@example.com", subject=f"提醒 {number}", text="明天 13:30 见。"
    )
