"""The partitioner is Kafka's default one."""

from __future__ import annotations

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from schemas.routing import murmur2, partition_of


@given(st.binary(max_size=64))
def test_murmur2_is_kafkas(key: bytes) -> None:
    """Every key hashes as in the Kafka client, long and short tails included."""
    assert murmur2(key) == reference(key) & 0xFFFFFFFF


@given(st.from_regex(r"[A-Z0-9-]{1,32}", fullmatch=True), st.integers(1, 200))
def test_a_region_goes_where_a_kafka_producer_sends_its_key(region: str, partitions: int) -> None:
    """Reader and producer agree on the partition, so that no event is misrouted by us."""
    every = list(range(partitions))
    assert partition_of(region, partitions) == DefaultPartitioner()(region.encode(), every, every)


def test_a_published_value() -> None:
    """From the tests of Apache Kafka's own client (UtilsTest.testMurmur2)."""
    assert murmur2(b"21") == (-973932308) & 0xFFFFFFFF
    assert murmur2(b"foobar") == (-790332482) & 0xFFFFFFFF
    assert murmur2(b"a-little-bit-long-string") == (-985981536) & 0xFFFFFFFF
    assert murmur2(b"abc") == 479470107
