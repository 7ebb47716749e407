"""The numbers that a site in mainland China shows below every page, and where each is looked up."""

from django.conf import settings

ICP_REGISTER = "https://beian.miit.gov.cn/"
POLICE_REGISTER = "https://beian.mps.gov.cn/#/query/webSearch?code={digits}"


def numbers(request) -> dict[str, list[tuple[str, str]]]:
    """Context processor: `imprint`, the numbers that are set, each with its register's address."""
    police = settings.PUBLIC_SECURITY_NUMBER
    digits = "".join(filter(str.isdecimal, police))
    registers = (
        (settings.ICP_NUMBER, ICP_REGISTER),
        (police, POLICE_REGISTER.format(digits=digits)),
    )
    return {"imprint": [(number, address) for number, address in registers if number]}
