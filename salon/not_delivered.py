"""What a channel says of a letter that it could not deliver."""

from datetime import timedelta


class NotDelivered(Exception):
    """`reason` is a plain sentence without personal values. `for_good`: trying again is no use.
    `perhaps`: the far side may have taken it before the line broke. `again_after`: the least time
    until the next try. `stops`: what else waits as long, "domain" or "server"."""

    def __init__(
        self,
        reason: str,
        *,
        for_good: bool = False,
        perhaps: bool = False,
        again_after: timedelta | None = None,
        stops: str = "",
    ):
        super().__init__(reason)
        self.reason = reason
        self.for_good = for_good
        self.perhaps = perhaps
        self.again_after = again_after
        self.stops = stops
