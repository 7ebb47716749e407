"""How dates are written in Chinese."""

DATE_FORMAT = "Y年n月j日"
DAY_FORMAT = "Y年n月j日 l"
DATETIME_FORMAT = "Y年n月j日 H:i"
SHORT_DATETIME_FORMAT = "n月j日 H:i"
MONTH_DAY_FORMAT = "n月j日"
YEAR_MONTH_FORMAT = "Y年n月"
