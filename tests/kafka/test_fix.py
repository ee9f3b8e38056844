"""FIX over Kafka: sessions at one gateway and then at another, numbers that go on."""

import asyncio

from testing.cluster import Cluster
from testing.fix_client import FixClient
from testing.kafka import Brokers


async def test_a_session_goes_on_at_another_gateway(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with (
        cluster.following(),
        cluster.gateway(11) as one,
        cluster.gateway(12) as other,
        FixClient(one.fix) as client,
        FixClient(other.fix) as again,
    ):
        answer = await client.log_on()
        assert answer[34] == "1"
        client.place("a", price=30)
        assert (await client.hear())[150] == "0"
        # A claim is heard a second after the last one.
        await asyncio.sleep(1.2)
        again.number = client.number
        answer = await again.log_on()
        assert answer[34] == "3"
        assert await client.closed() == []
        again.say("2", (7, 1), (16, 0))
        told = [await again.hear() for _ in range(3)]
        assert [(x[35], x[34], x.get(11)) for x in told] == [
            ("4", "1", None),
            ("8", "2", "a"),
            ("4", "3", None),
        ]
        again.cancel("b", "a")
        report = await again.hear()
        assert (report[34], report[150], report[41]) == ("4", "4", "a")


async def test_a_gateway_that_starts_again_knows_the_sessions(kafka: Brokers) -> None:
    cluster = await Cluster(kafka).make()
    async with cluster.following():
        number = 1
        for life in range(3):
            async with cluster.gateway() as served, FixClient(served.fix) as client:
                client.number = number
                await client.log_on()
                client.place(f"order {life}", price=30 + life)
                assert (await client.hear())[11] == f"order {life}"
                client.say("2", (7, 1), (16, 0))
                told = [await client.hear() for _ in range(2 * life + 2)]
                names = [x[11] for x in told if x[35] == "8"]
                assert names == [f"order {n}" for n in range(life + 1)]
                # What was asked is no event: it is done with as soon as something behind it is.
                client.say("1", (112, "done"))
                assert (await client.hear())[112] == "done"
                number = client.number
