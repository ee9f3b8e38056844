"""Roles of a cluster over TLS: order entry and REST, and the pages of those that have no other."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clients.binary import BinaryClient, Pending
from clients.rest import RestClient
from protocol.messages import ExecutionReportNew
from protocol.terms import Side, units
from quantscope.ready import main as ready
from testing.certificates import Certificates
from testing.cluster_process import ClusterProcess, set_up
from testing.waiting import until

Config = Callable[..., Path]


def place(client: BinaryClient) -> Pending[ExecutionReportNew]:
    return client.place(security_id=1, side=Side.BUY, price=units("10"), quantity=units("1"))


async def test_all_ports_of_a_cluster_are_encrypted(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, here = config(), tmp_path / "here.pem"
    made, newer = Certificates(tmp_path / "made"), Certificates(tmp_path / "newer")
    shutil.copy(made.server_with_key, here)
    set_up(path)
    store = ("--data-dir", str(tmp_path / "store"))
    roles = [ClusterProcess(path, "engine"), ClusterProcess(path, "gateway")]
    roles += [ClusterProcess(path, role, *store) for role in ("recorder", "facade")]
    for role in roles:
        role.env["QUANTSCOPE_TLS_CERTIFICATE_FILE"] = str(here)
    engine, gateway, recorder, facade = roles
    with engine, gateway, recorder, facade:
        for role in roles:
            assert ready([str(role.http), "tls"]) == 0, capsys.readouterr().out
            assert ready([str(role.http)]) == 1
        there = ("127.0.0.1", gateway.binary)
        async with BinaryClient(*there, "demo1", "demo", tls=made.known()) as client:
            told = await place(client)
            url = f"https://127.0.0.1:{facade.http}"
            async with RestClient(url, tls=made.known()) as rest:
                assert (await rest.order(str(told.order_id))).user_id == "demo1"
            shutil.copy(newer.server_with_key, here)
            gateway.tell_to_reread()
            await until(lambda: "the certificate was read again" in gateway.said())
            async with BinaryClient(*there, "demo2", "demo", tls=newer.known()) as later:
                await place(later)
            await place(client)
