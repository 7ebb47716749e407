"""What the rooms above hand down to this one.

An event cannot import its participants, and yet its pages show how many confirmed, and yet those
people must be told when it moves. Each `Hatch` below is a list of functions that the rooms above
put in from their AppConfig.ready:

    @upstairs.headcount.offer
    def confirmed_people(event): …

The comment at each hatch says what is called and what is expected back. The functions
run inside the caller's transaction where there is one, so they may write rows and must not send.
"""


class Hatch(list):
    def offer(self, function):
        """Decorator: hand a function down. Offering the same one again changes nothing."""
        if function not in self:
            self.append(function)
        return function


# f(event) -> some of {"heads": confirmed people on site, "arrived": checked in, "groups": formed
# working groups}, all int. Read through headcount.of(event), which says what is an estimate.
headcount = Hatch()

# f(event, *, before, by) after the event's times changed; `before` is an agenda.Span with the
# old starts_at and ends_at. Re-date what hangs on them.
when_moved = Hatch()

# f(event) -> int: how many people would be written to at once if the event's start moved.
who_hears_of_a_move = Hatch()

# f(event, *, online, was, by) after a room, on site or online, was given more seats than the `was`
# it had. Let in who waits.
when_room_grows = Hatch()

# f(event) -> int: how many people would be written to if the event were called off.
who_hears_of_calling_off = Hatch()

# f(event, *, by) after the event was called off. Tell the people, cancel what was planned.
when_called_off = Hatch()

# f(event, *, change, by): people have to be told that the agenda changed. `change` is a
# plan_b.Change: the sentence, a key that makes telling it twice one telling, and how the item
# stands now, so that nobody is told what they believe already.
when_agenda_changes = Hatch()

# f(event) -> readiness.Check or None: one more thing that has to be so before the day.
readiness = Hatch()

# f(event) -> (title, html) or None: a panel of the control room. Marked safe by the room that
# rendered it; live parts carry their own data-live-topic.
panels = Hatch()

# f(event, item) -> html or "": what the host can press during this item (a draw, a timer).
host_controls = Hatch()


def gather(hatch, *given):
    """What each function of the hatch answers, without those that have nothing to say."""
    return [answer for answer in (function(*given) for function in hatch) if answer]
