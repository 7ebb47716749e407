"""Rules that no linter knows: what templates, scripts and requirements may not contain."""

import re
import subprocess

import pytest

from salon.embedded import CHECKOUT

README = (CHECKOUT / "README.md").read_text()
TEMPLATE_RULES = {
    "a script without src (the CSP refuses it; json_script is the way)": (
        r"<script(?![^>]*\bsrc=)[^>]*>",
        '<script>alert("x")</script>',
    ),
    "an inline style (the CSP refuses it)": (
        r"<style\b|<[^>]*\sstyle\s*=",
        '<p class="a" style="color:red">',
    ),
    "an inline handler (the CSP refuses it)": (
        r"<[^>]*\s(on[a-z]+|hx-on[:a-z-]*)\s*=",
        '<button onclick="go()">',
    ),
    "text let through unescaped": (
        r"\|\s*safe(seq)?\b|\{%\s*autoescape\s+off",
        "{{ name | safe }}",
    ),
    "something loaded from another host": (
        r"<(script|link|img|iframe|audio|video|source)\b[^>]*\b(src|href)\s*=\s*[\"']?(https?:)?//",
        '<script src="//cdn.example/x.js">',
    ),
}
SCRIPT_RULES = {
    "HTML made from text": (
        # In quotes it is a name of one of htmx's ways to put a fragment of the server in place.
        r"(?<![\"'])\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment"
        r"|setHTMLUnsafe|document\.write)\b",
        "wall.innerHTML = name",
    ),
    "code made from text": (
        r"\beval\s*\(|\bnew\s+Function\b|set(Timeout|Interval)\s*\(\s*[\"'`]",
        "eval(answer)",
    ),
    "something loaded from another host": (
        r"(from|import)\s*\(?\s*[\"'](https?:)?//",
        'import x from "https://cdn.example/x.js"',
    ),
}
PYTHON_RULES = {
    "text let through unescaped": (
        r"\bmark_safe\b|\bSafeString\b",
        "return mark_safe(name)",
    ),
    "a form without CSRF protection": (
        r"\bcsrf_exempt\b",
        "@csrf_exempt",
    ),
}
JOURNEY_RULES = {
    "a look at a page that may not have arrived yet (expect waits)": (
        r"assert\b.*\.(is_(visible|hidden|checked|enabled|disabled)|inner_text|text_content"
        r"|input_value)\(|assert\b.*(locator|get_by_\w+)\(.*\)\.count\(",
        'assert page.locator("li").count() == 4',
    ),
}
WORDS = {
    "another word than the one this project uses": (
        r"注册|等待列表|已拒绝",  # 报名, 候补, 未入选
        "注册成功",
    ),
}
# Each exception by name, with its reason.
EXCEPT = {
    # Read by mail readers, which know no style sheet; shown in the house with a policy of its own.
    ("an inline style (the CSP refuses it)", "templates/salon/letter.html"),
    # RFC 8058: a mail reader posts for its owner, without a cookie of ours.
    ("a form without CSRF protection", "salon/news.py"),
    # A tablet that syncs after hours has no fresh CSRF cookie: it looks at the Origin itself.
    ("a form without CSRF protection", "participants/views/desk_api.py"),
    # Cleaned by nh3 just before.
    ("text let through unescaped", "metrics/whitepaper.py"),
}


def files(*patterns):
    """What git knows or would take up: not what is ignored, nor other people's files."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    names = sorted({name for name in listed if name and "/vendor/" not in name})
    return [name for name in names if (CHECKOUT / name).exists()]


def found(rules, names):
    for name in names:
        text = (CHECKOUT / name).read_text()
        for rule, (pattern, _) in rules.items():
            if (rule, name) in EXCEPT:
                continue
            for match in re.finditer(pattern, text, re.IGNORECASE):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {rule}: {match.group()[:80]!r}"


def own_python():
    return [name for name in files("*.py") if "tests/" not in name and "migrations/" not in name]


def test_templates_bring_no_code_no_style_and_no_stranger():
    names = files("*.html")
    assert names
    assert list(found(TEMPLATE_RULES, names)) == []


def test_scripts_make_neither_html_nor_code_from_text():
    names = files("static/js/*.js", "static/*.js")
    assert names
    assert list(found(SCRIPT_RULES, names)) == []


def test_python_lets_no_text_through_unescaped():
    assert list(found(PYTHON_RULES, own_python())) == []


def test_journeys_wait_for_what_a_page_shows():
    names = files("tests/journeys/*.py")
    assert names
    assert list(found(JOURNEY_RULES, names)) == []


def test_every_page_says_the_same_word_for_the_same_thing():
    assert list(found(WORDS, [*files("*.html"), *own_python()])) == []


@pytest.mark.parametrize(
    ("rule", "pattern", "culprit"),
    [
        (rule, pattern, culprit)
        for rules in (TEMPLATE_RULES, SCRIPT_RULES, PYTHON_RULES, JOURNEY_RULES, WORDS)
        for rule, (pattern, culprit) in rules.items()
    ],
)
def test_each_rule_finds_its_culprit(rule, pattern, culprit):
    assert re.search(pattern, culprit, re.IGNORECASE), rule


def test_harmless_lines_pass():
    harmless = '<script src="/static/js/live.js" type="module"></script> <a href="https://x.cn/">'
    assert not [
        rule for rule, (pattern, _) in TEMPLATE_RULES.items() if re.search(pattern, harmless)
    ]


def test_no_path_of_one_machine_is_written_down():
    home = re.compile(r"/(work|home|Users|root)/\w")
    names = [name for name in files() if not name.endswith((".png", ".jpg", ".wasm", ".ico"))]
    here = "tests/test_house_rules.py"
    assert [name for name in names if name != here and home.search(read(name))] == []


def read(name):
    return (CHECKOUT / name).read_text(errors="replace")


def test_the_readme_names_every_variable_that_settings_read():
    settings = read("salon/settings.py")
    variables = set(re.findall(r"\benv(?:_flag|_int|_list)?\(\s*\"([A-Z_]+)\"", settings))
    assert "DATABASE_URL" in variables
    named = set(re.findall(r"`([A-Z_]+)`", read("README.md")))
    assert sorted(variables - named) == []


def test_every_file_that_the_map_names_is_there():
    listed = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, check=True)
    there = "\n" + listed.stdout.decode()
    named = set(re.findall(r"[`\s]([\w.][\w./-]*\.(?:py|js|md|conf|sh|css))[`\s,]", README))
    assert len(named) > 50
    assert [name for name in sorted(named) if f"/{name}\n" not in there.replace("\n", "\n/")] == []
