"""The exchange of this process as these tests want it: on disk, and with little room to write."""

from pathlib import Path

from testing.in_process import InProcess, config_of
from testing.logs import Logs


def inside(directory: Path, *overrides: str) -> InProcess:
    """An exchange whose own socket buffers are as small as can be."""
    config = config_of(None, *overrides, users=16)
    return InProcess(logs=Logs(directory, config.journal), config=config, send_buffer_bytes=4096)
