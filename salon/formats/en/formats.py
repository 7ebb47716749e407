"""How dates are written in English."""

DATE_FORMAT = "j F Y"
DAY_FORMAT = "l j F Y"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATETIME_FORMAT = "j M, H:i"
MONTH_DAY_FORMAT = "j M"
YEAR_MONTH_FORMAT = "F Y"
