"""Users of a gateway that become others while it runs."""

import asyncio

import msgspec
import pytest

from quantscope.cluster.setup import run_setup
from settings import Config, UserSettings
from testing.client import Client
from testing.cluster import Cluster
from testing.kafka import Brokers
from testing.waiting import until


def user(name: str, password: str = "demo") -> UserSettings:  # noqa: S107
    return UserSettings(name=name, password=password)


def config_with(cluster: Cluster, *users: UserSettings) -> Config:
    return msgspec.structs.replace(cluster.config, users=users)


async def set_up(config: Config) -> None:
    await asyncio.to_thread(run_setup, config, str)


async def test_who_is_new_logs_in_and_who_is_gone_does_not(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(kafka)
    cluster.config = config_with(cluster, user("ann"), user("bob"), user("cleo"))
    await cluster.make()
    async with cluster.following(), cluster.gateway() as served:
        ann = await Client(served.binary, "ann").login()
        bob = await Client(served.binary, "bob").login()
        ann.place(1)
        await ann.expect_new(1)
        await Client(served.binary, "late").expect_rejected_login("A")
        # In another order, and before the others.
        changed = config_with(cluster, user("late"), user("cleo", "new"), user("ANN"))
        await set_up(changed)
        await served.role.reread(changed)
        late = await Client(served.binary, "late").login()
        late.place(1)
        await late.expect_new(1)
        await Client(served.binary, "cleo").expect_rejected_login("A")
        await Client(served.binary, "cleo", "new").login()
        # Who is logged in stays, and gets no more in.
        bob.place(1)
        await bob.expect_new(1)
        await bob.logout()
        await Client(served.binary, "bob").expect_rejected_login("A")
        # Sessions are whose they were.
        await ann.logout()
        ann = await Client(served.binary, "ann").login(sequence=1)
        await ann.expect_new(1)
        # Order entry begins again with all of them.
        order_entry = served.role.binary.order_entry
        order_entry.set_next_offset(2**64 - 1)  # the next event is one too many
        await late.expect_closed()
        await until(lambda: order_entry.fault is not None)
        await served.role.reread(config_with(cluster, user("never")))
        assert caplog.messages[-1].startswith("the users are not read again: order entry has fail")
        await until(lambda: order_entry.fault is None)
        late = await Client(served.binary, "late").login(sequence=1)
        await late.expect_new(1)


async def test_who_can_not_log_in_yet_is_named(
    kafka: Brokers, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(kafka)
    cluster.config = config_with(cluster, user("ann"))
    await cluster.make()
    async with cluster.following(), cluster.gateway() as served:
        more = config_with(cluster, user("ann"), user("bob"))
        await served.role.reread(more)
        assert caplog.messages[-1].startswith(
            "user bob is not known to the exchange: quantscope setup makes it known"
        )
        await set_up(more)
        cluster.config = more
        async with cluster.gateway(7) as other:
            bob = await Client(other.binary, "bob").login()
            bob.place(1)
            await bob.expect_new(1)
        await served.role.reread(more)
        assert caplog.messages[-1] == (
            "user bob has traded elsewhere: this gateway knows it from its next start on"
        )
        await Client(served.binary, "bob").expect_rejected_login("A")
        await Client(served.binary, "ann").login()
