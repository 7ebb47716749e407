"""A mail address that is probably misspelt: what its writer may have meant. They are asked, never
corrected: an address may look like a slip and be right."""

# Where people of this house have their mail. A list, and no rule, decides what is well known.
KNOWN = (
    *("qq.com", "163.com", "126.com", "foxmail.com", "gmail.com", "outlook.com", "hotmail.com"),
    *("sina.com", "sina.cn", "sohu.com", "139.com", "189.cn", "aliyun.com", "yeah.net"),
    *("icloud.com", "yahoo.com", "live.com", "msn.com", "vip.qq.com", "vip.163.com"),
    *("21cn.com", "tom.com", "me.com", "proton.me", "protonmail.com"),
)
# They look like a slip of one of those, and are somebody's.
REAL = {"mail.com", "ymail.com", "email.com", "gmx.com", "aol.com", "263.com", "188.com", "263.net"}
REAL |= {"wo.cn", "qq.cn", "me.cn", "yahoo.cn", "hotmail.co", "163.net", "vip.sina.com"}
# No country and no trade ends like that.
ENDINGS = dict.fromkeys(
    ("con", "cmo", "ocm", "comm", "cpm", "vom", "xom", "coom", "ccom", "c0m", "clm"), "com"
)
ENDINGS |= {"cnn": "cn", "nett": "net", "ner": "net"}
# In a place where nobody has an address of their own, a shorter ending is a slip, too.
SHORTER = ("cm", "co", "om", "cn", "c", "net")


def meant(address: str) -> str | None:
    """The address that its writer may have meant, or None when it looks right. `address` is in
    lower case, as normalize_email gives it."""
    name, _at, domain = address.rpartition("@")
    guess = _domain_meant(domain)
    return f"{name}@{guess}" if guess else None


def _domain_meant(domain: str) -> str | None:
    if domain in KNOWN or domain in REAL:
        return None
    body, _dot, ending = domain.rpartition(".")
    if f"{body}.com" in KNOWN and (ending in SHORTER or ending in ENDINGS):
        return f"{body}.com"
    near = [known for known in KNOWN if len(known) > 5 and _one_slip_apart(domain, known)]
    if near:
        return near[0]
    if ending in ENDINGS:
        mended = f"{body}.{ENDINGS[ending]}"
        return _domain_meant(mended) or mended
    return None


def _one_slip_apart(one: str, other: str) -> bool:
    """One character more, less, other, or two that changed places."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    start = 0
    while start < len(one) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if len(one) < len(other):
        return a == b[1:]
    return a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
