"""What docs/operations.md says of the metrics is what a running exchange serves."""

import pathlib
import re
import subprocess
import sys
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]


def served(data_dir: pathlib.Path) -> set[str]:
    command = [sys.executable, "-m", "quantscope.cli", "serve", "--data-dir", str(data_dir)]
    ports = ["--http-port", "0", "--binary-port", "0", "--fix-port", "0"]
    with subprocess.Popen([*command, *ports], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        try:
            address = re.search(r"http=(\S+)", ready)
            assert address, ready
            url = f"http://{address[1]}/metrics"
            with urllib.request.urlopen(url) as answer:
                text = answer.read().decode()
        finally:
            process.terminate()
    assert process.returncode == 0
    types = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE)
    return {name for name, kind in types if not name.endswith("_created")}


def test_the_manual_names_every_metric_and_no_other(tmp_path: pathlib.Path) -> None:
    # tests/cluster looks at what stands behind that.
    manual = (ROOT / "docs" / "operations.md").read_text().partition("### In a cluster")[0]
    named = set(re.findall(r"`((?:quantscope|process)_\w+)`", manual))
    assert served(tmp_path) == named
