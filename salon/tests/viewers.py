"""Viewers of the live stream: plain sockets that read text/event-stream; and their server."""

import contextlib
import http.client
import re
import socket
import threading

import uvicorn

from salon import asgi
from tests.house import until

WITHIN_SECONDS = 20


@contextlib.contextmanager
def serving():
    """The whole ASGI application on a real uvicorn in this process; yields its port."""
    server = uvicorn.Server(
        uvicorn.Config(
            asgi.application,
            host="127.0.0.1",
            port=0,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, what="the server's start")
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(WITHIN_SECONDS)
        assert not thread.is_alive(), "the server did not end"


class Viewer:
    """One open stream; `.status`, `.headers`, and the events one by one."""

    def __init__(self, port, path, *, cookies=None, language="zh-CN", method="GET", buffer=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.connection.sock = socket.socket()
        if buffer is not None:
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.connection.sock.settimeout(WITHIN_SECONDS)
        self.connection.sock.connect(("127.0.0.1", port))
        cookie = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        headers = {"Accept-Language": language, "Cookie": cookie}
        self.connection.request(method, path, headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.headers = {name.lower(): value for name, value in self.answer.getheaders()}

    def lines(self):
        """Lines as they come; ends when the server ends the stream."""
        while line := self.answer.readline():
            yield line.decode().rstrip("\r\n")

    def events(self):
        """`(topic, data)` for every event as it comes."""
        topic, data = "", []
        for line in self.lines():
            if line.startswith("event: "):
                topic = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data.append(line.removeprefix("data:").removeprefix(" "))
            elif line == "" and data:
                yield topic, "\n".join(data)
                data = []

    def next(self, topic=None):
        """The data of the next event, of `topic` if given."""
        for name, data in self.events():
            if topic in (None, name):
                return data
        raise AssertionError("the stream ended")

    def sees(self, words):
        """Read states until one holds `words`; returns how many states that took."""
        for number, (_topic, data) in enumerate(self.events(), start=1):
            if words in data:
                return number
        raise AssertionError(f"the stream ended without {words!r}")

    def rest(self):
        return self.answer.read()

    def close(self):
        self.answer.close()
        self.connection.close()


def rendering_of(data):
    """The number of the rendering that a test topic writes into its fragment."""
    return int(re.search(r"data-rendering=.(\d+)", data)[1])
