"""A mail server of a few lines, which answers as it is told to."""

import socketserver
import threading


class MailServer:
    """Answers ``answers`` to the commands named in it, else as a server that takes everything; None: hangs up.

    The command "." is the end of a mail.
    """

    def __init__(self, answers=()):
        self.mail, known = "", dict(answers)
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b"220 hello\r\n")
                while line := self.rfile.readline():
                    command = line.split()[0].decode().upper().split(":")[0]
                    answer = {"EHLO": "250 me", "DATA": "354 go on", "QUIT": "221 bye"}.get(
                        command, "250 fine"
                    )
                    if not self.say(known.get(command, answer)):
                        return
                    if command == "DATA":
                        body = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            body.append(line)
                        outer.mail = b"".join(body).decode()
                        if not self.say(known.get(".", "250 taken")):
                            return

            def say(self, answer):
                if answer is not None:
                    self.wfile.write(f"{answer}\r\n".encode())
                return answer is not None

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
