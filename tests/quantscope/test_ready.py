"""The health check: who is ready, who is not, and who is no server at all."""

import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from quantscope.ready import ask, main


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that gives everybody this answer; its port."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked = self.request.recv(65_536)
            assert asked.startswith(b"GET /ready HTTP/1.1\r\n")
            for at in range(0, len(answer), 7):
                self.request.sendall(answer[at : at + 7])

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (b'HTTP/1.1 200 OK\r\nA: b\r\n\r\n{"status":"ready"}', 0, '{"status":"ready"}\n'),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready", 1, "not ready\n"),
        (b"SSH-2.0-x\r\n", 1, "no answer of HTTP"),
        (b"", 1, "no answer of HTTP"),
        (b"HTTP/1.1 nothing\r\n\r\n", 1, "invalid literal"),
    ],
)
def test_it_says_what_is_answered(
    answer: bytes, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(answer) as port:
        assert main([str(port)]) == code
    assert said in capsys.readouterr().out


def test_the_port_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        monkeypatch.setenv("QUANTSCOPE_SERVER_HTTP_PORT", str(port))
        assert main([]) == 0
    monkeypatch.setenv("QUANTSCOPE_SERVER_HTTP_PORT", "none")
    assert main([]) == 1
    assert "port none: invalid literal" in capsys.readouterr().out


def test_who_says_nothing_is_not_waited_for_without_end() -> None:
    with (
        socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent,
        pytest.raises(TimeoutError),
    ):
        ask(silent.server_address[1], deadline_s=0.05)


def test_it_is_small_for_it_is_run_every_few_seconds() -> None:
    """Beside each role: what it imports is what it costs."""
    code = "import sys, quantscope.ready; print(len(sys.modules), 'core' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )
    modules, core = said.stdout.split()
    assert (int(modules) < 80, core) == (True, "False")
