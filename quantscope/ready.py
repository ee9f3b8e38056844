"""``python -m quantscope.ready [PORT]``: whether the process at a port of this machine is ready.

The health check of a container: exit code 0 where ``/ready`` answers 200, else 1; either way the
page is said.  The port is that of ``server.http_port`` in the environment unless given.  It is run
every few seconds beside each role, so it imports next to nothing.
"""

import os
import socket
import sys

PORT = "QUANTSCOPE_SERVER_HTTP_PORT"
DEADLINE_S = 3.0
"""How long the page may take, in seconds."""
BYTES_MAX = 65_536
"""More of the page is not read."""


def ask(port: int, path: str = "/ready", deadline_s: float = DEADLINE_S) -> tuple[int, str]:
    """Status and body of a page at 127.0.0.1.

    Raises ``OSError`` where nobody answers, and ``ValueError`` for what is no answer of HTTP.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=deadline_s) as line:
        line.sendall(request.encode())
        while len(answer) < BYTES_MAX and (some := line.recv(BYTES_MAX)):
            answer += some
    head, _, body = answer.partition(b"\r\n\r\n")
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError(f"no answer of HTTP: {answer[:80]!r}")
    return int(rest[:3]), body.decode(errors="replace")


def main(arguments: list[str]) -> int:
    """Ask once; the exit code."""
    port = arguments[0] if arguments else os.environ.get(PORT, "8080")
    try:
        status, body = ask(int(port))
    except (OSError, ValueError) as error:
        print(f"port {port}: {error}")
        return 1
    print(body)
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
