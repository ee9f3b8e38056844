"""A server that a test started is left behind by nobody, however the tests end."""

import subprocess


class Guard:
    """Kills a process once this one has ended, or has let go of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Watch over it: the guard sees its pipe end."""
        self._guard = subprocess.Popen(
            ["sh", "-c", 'read -r _; kill -9 "$1"', "sh", str(process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Watch no more: whoever started the process ends it."""
        self._guard.kill()
        self._guard.communicate()
