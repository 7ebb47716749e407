"""The proxy's configuration that comes with the house: it lets through what the house takes, keeps
back what a slow phone sends, writes no key into its log, and nginx itself takes it."""

import os
import re
import shutil
import subprocess

from salon import bodies, live
from salon.access import views_of
from salon.embedded import CHECKOUT
from salon.logs import SECRET_ARGUMENTS
from workshops import photos

CONFIGURATION = (CHECKOUT / "deploy/nginx.conf").read_text()
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


def blocks(text):
    """`[(words, [inner blocks or None])]` of a configuration: every `a b c;` and `a b { … }`."""
    token = re.compile(r"\s+|#[^\n]*|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[{};]|[^\s{};]+")
    stack, words = [[]], []
    for found in token.findall(text):
        if found.isspace() or found.startswith("#"):
            continue
        if found == ";":
            stack[-1].append((tuple(words), None))
            words = []
        elif found == "{":
            inner = []
            stack[-1].append((tuple(words), inner))
            stack.append(inner)
            words = []
        elif found == "}":
            assert not words
            stack.pop()
        else:
            words.append(found)
    assert len(stack) == 1
    assert not words
    return stack[0]


def inner(found, *words):
    [one] = [content for name, content in found if name == words and content is not None]
    return one


def told(found):
    return {name[0]: name[1:] for name, content in found if content is None}


def size(word):
    return int(word[:-1]) * UNITS[word[-1]]


ALL = blocks(CONFIGURATION)
HTTPS = [content for name, content in ALL if name == ("server",)][-1]


def test_a_phones_photo_and_a_large_sheet_reach_the_house_which_says_itself_what_is_too_much():
    let_through = size(told(HTTPS)["client_max_body_size"][0])
    assert let_through > bodies.MOST_BYTES_WITH_FILES > photos.MOST_BYTES
    assert told(HTTPS)["error_page"] == ("413", "@too_large")


def test_a_slow_phone_holds_nginx_and_no_process_of_the_house():
    assert told(HTTPS)["proxy_request_buffering"] == ("on",)
    assert not any("proxy_request_buffering" in told(content or ()) for _name, content in HTTPS)


def test_the_stream_comes_a_line_at_a_time():
    stream = told(inner(HTTPS, "location", "/live/"))
    assert stream["proxy_buffering"] == ("off",)
    assert stream["proxy_pass"] == ("http://salon_live",)
    assert int(stream["proxy_read_timeout"][0].rstrip("s")) > 2 * live.HEARTBEAT_SECONDS
    assert "http2" in told(HTTPS)["listen"]


def test_what_the_house_believes_of_its_proxy_is_set_by_the_proxy():
    headers = {name[1]: name[2] for name, _content in HTTPS if name[0] == "proxy_set_header"}
    assert headers == {
        "Host": "$host",
        "Connection": '""',
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Request-ID": "$request_id",
    }


def test_no_key_comes_into_its_log():
    masks = [
        re.compile(name[0].strip('"').removeprefix("~"))
        for name, _content in inner(ALL, "map", "$uri", "$salon_logs")
        if name[1] == "0"
    ]
    named = "|".join(SECRET_ARGUMENTS)
    with_keys = {
        "/" + re.sub(r"<[^<>]+>", "k3y", route)
        for route, _namespaces, _view in views_of()
        if re.search(rf"<str:(?:{named})>", route)  # a metric is told by a key, too, and a slug
    }
    assert len(with_keys) > 4
    assert [path for path in with_keys if not any(mask.search(path) for mask in masks)] == []
    assert not any(mask.search("/e/spring/apply/") for mask in masks)
    # Whoever was looked for stands behind the question mark.
    assert "$request " not in CONFIGURATION
    assert "$request_uri" not in told(HTTPS)["access_log"]


def test_nginx_takes_it(tmp_path):
    assert NGINX, "nginx is missing: tests/machine.sh installs it"
    key, certificate = tmp_path / "key", tmp_path / "cert"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=salon.example"
    subprocess.run(
        [*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    here = CONFIGURATION.replace("/etc/ssl/salon/fullchain.pem", str(certificate))
    here = here.replace("/etc/ssl/salon/privkey.pem", str(key))
    here = here.replace("/var/log/nginx/", f"{tmp_path}/")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ {here} }}")
    tried = subprocess.run([NGINX, "-t", "-c", whole], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
    assert "warn" not in tried.stderr
