"""``python -m quantscope.ready [PORT [tls [FILE]]]``: whether a process of this machine is ready.

The health check of a container: exit code 0 where ``/ready`` answers 200, else 1; either way the
page is said.  The port is that of ``server.http_port`` in the environment unless given.  With
``tls``, or where the environment has ``tls.certificate_file``, it is asked over TLS; FILE is a
certificate with its key for a port that asks for one.  It is run every few seconds beside each
role, so it imports next to nothing.
"""

import contextlib
import os
import socket
import sys

PORT = "QUANTSCOPE_SERVER_HTTP_PORT"
CERTIFICATE = "QUANTSCOPE_TLS_CERTIFICATE_FILE"
ENCRYPTED = "QUANTSCOPE_TLS_HTTP"
NO = ("false", "0")
DEADLINE_S = 3.0
"""How long the page may take, in seconds."""
BYTES_MAX = 65_536
"""More of the page is not read."""


def ask(
    port: int, path: str = "/ready", deadline_s: float = DEADLINE_S, tls: str | None = None
) -> tuple[int, str]:
    """Status and body of a page at 127.0.0.1.

    ``tls`` is a file with the certificate and key to ask with over TLS, or empty for none.  Raises
    ``OSError`` where nobody answers, and ``ValueError`` for what is no answer of HTTP.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    answer = b""
    with contextlib.ExitStack() as stack:
        plain = socket.create_connection(("127.0.0.1", port), timeout=deadline_s)
        stack.enter_context(plain)
        line = plain if tls is None else stack.enter_context(_encrypted(plain, tls))
        line.sendall(request.encode())
        while len(answer) < BYTES_MAX and (some := line.recv(BYTES_MAX)):
            answer += some
    head, _, body = answer.partition(b"\r\n\r\n")
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError(f"no answer of HTTP: {answer[:80]!r}")
    return int(rest[:3]), body.decode(errors="replace")


def _encrypted(plain: socket.socket, file: str) -> socket.socket:
    """Over TLS; nothing proves the server, which is this machine's own."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if file:
        context.load_cert_chain(file)
    return context.wrap_socket(plain)


def main(arguments: list[str]) -> int:
    """Ask once; the exit code."""
    port = arguments[0] if arguments else os.environ.get(PORT, "8080")
    file = arguments[2] if arguments[2:] else ""
    told = os.environ.get(CERTIFICATE) and os.environ.get(ENCRYPTED, "").lower() not in NO
    tls = file if told or arguments[1:2] == ["tls"] else None
    try:
        status, body = ask(int(port), tls=tls)
    except (OSError, ValueError) as error:
        print(f"port {port}: {error}")
        return 1
    print(body)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
