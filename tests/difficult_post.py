"""A mail server that answers as the world's servers do: by a script, at any stage, or not at all."""

import contextlib
import email
import email.policy
import re
import socketserver
import threading

SILENCE, CUT = "(says nothing more)", "(hangs up)"


class DifficultPost:
    """A real SMTP server on loopback.

    `answers` maps a stage ("greeting", "ehlo", "auth", "mail", "data" before the text, "text" after
    it) or a recipient's address (its RCPT), or `(address, "text")`, to an answer or to a list of
    answers, of which each is given once. What is in no script is well. `tries` holds the recipients
    in the order in which they were named, `letters` what was taken, `connections` counts.
    """

    def __init__(self, **answers):
        self.answers = answers
        self.letters, self.tries, self.connections = [], [], 0
        self.quiet = threading.Event()  # set: whoever was met with silence is let go
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Dialogue)
        self.server.daemon_threads, self.server.post = True, self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True)
        self.thread.start()

    def answer(self, *stages, well):
        for stage in stages:
            said = self.answers.get(stage)
            if isinstance(said, list):
                said = said.pop(0) if said else None
            if said:
                return said
        return well

    def stop(self):
        self.quiet.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class _Dialogue(socketserver.StreamRequestHandler):
    def say(self, *stages, well):
        """Whether the answer was a good one; EOFError ends the dialogue."""
        said = self.server.post.answer(*stages, well=well)
        if said == SILENCE:
            self.server.post.quiet.wait(60)
            raise EOFError
        if said == CUT:
            raise EOFError
        self.wfile.write(f"{said}\r\n".encode())
        if said.startswith("421"):
            raise EOFError
        return said[0] in "23"

    def handle(self):
        self.server.post.connections += 1
        with contextlib.suppress(EOFError, OSError):
            self.say("greeting", well="220 here")
            while line := self.rfile.readline():
                self.hear(line.decode().strip())

    def hear(self, line):
        post, verb = self.server.post, line[:4].upper()
        if verb == "EHLO":
            self.say("ehlo", well="250-here\r\n250 AUTH PLAIN")
        elif verb == "AUTH":
            self.say("auth", well="235 come in")
        elif verb == "MAIL":
            self.to = None
            self.say("mail", well="250 ok")
        elif verb == "RCPT":
            address = re.search(r"<(.*?)>", line).group(1)
            post.tries.append(address)
            if self.say(address, "rcpt", well="250 ok"):
                self.to = address
        elif verb == "DATA":
            if self.say("data", well="354 go on"):
                raw = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    raw += line
                if self.say((self.to, "text"), "text", well="250 kept"):
                    post.letters.append(email.message_from_bytes(raw, policy=email.policy.default))
        elif verb == "QUIT":
            self.say("quit", well="221 bye")
            raise EOFError
        else:
            self.say("else", well="250 ok")
