"""The house's letters for who signed up on an English page: subject and body of each kind, with the
same fields as the Chinese ones in wording.py. Content, not messages of a screen."""

_FOOT = (
    "\n\nYour own page (progress, answers, cancelling):\n{个人链接}"
    "\n\nThis letter is from the organisers. The link is yours alone, please do not pass it on."
)
_HELLO = "Dear {称呼},\n\n"
_WHEN = "When: {星期} {日期}, {时间}\n{怎么参加}"

ENGLISH = {
    "received": (
        "We have your application: {活动}",
        _HELLO + "Your application for “{活动}” ({星期} {日期}, {时间}, {参加方式}) has reached us."
        "\n\n{理由}" + _FOOT,
    ),
    "link_again": (
        "Your personal link: {活动}",
        _HELLO
        + "Somebody filled in the form of “{活动}” again with your mobile or e-mail. If it was "
        "you, there is no need to: your application stands, and the link below shows it. If it was "
        "not you, nothing has changed." + _FOOT,
    ),
    "address_changed": (
        "Your personal link: {活动}",
        _HELLO
        + "Your application for “{活动}” now has this contact; everything more comes here."
        + _FOOT,
    ),
    "accepted": (
        "You are in, please confirm: {活动}",
        _HELLO
        + "You have a place at “{活动}”.\n\nPlease open your page and press “Confirm” before "
        "{截止时间}; after that the place goes to somebody who is waiting. If you cannot come, press "
        "“Cancel” there, so that somebody else can.\n\n" + _WHEN + _FOOT,
    ),
    "waitlisted": (
        "You are on the waiting list: {活动}",
        _HELLO + "More people have applied for “{活动}” than there are places, and you are on the "
        "waiting list. When somebody in your category gives up a place it is offered to you, and we "
        "tell you at once; there is no need to apply again." + _FOOT,
    ),
    "not_selected": (
        "About your application: {活动}",
        _HELLO + "Thank you for applying for “{活动}”. We could not keep a place for you this time:"
        "\n\n{理由}\n\nWe hope to see you at the next one." + _FOOT,
    ),
    "offered": (
        "A place is yours, please confirm: {活动}",
        _HELLO
        + "Somebody has given up a place at “{活动}”, and it is your turn.\n\nPlease open your "
        "page and press “Confirm” before {截止时间}; after that it goes to the next person.\n\n"
        + _WHEN
        + _FOOT,
    ),
    "confirmed": (
        "Confirmed, see you there: {活动}",
        _HELLO
        + "You have confirmed that you will come to “{活动}”.\n\n"
        + _WHEN
        + "\n\nYour code: {签到码}\n{入场}\n\nProgramme:\n{流程}"
        + _FOOT,
    ),
}
