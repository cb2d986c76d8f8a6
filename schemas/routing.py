"""Kafka's default partitioner: murmur2 of the key."""

from __future__ import annotations

from functools import lru_cache


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 of ``org.apache.kafka.common.utils.Utils``, unsigned."""
    mask, m = 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ len(data)) & mask
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    if tail := data[whole:]:
        h = (h ^ int.from_bytes(tail, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_of(region: str, partitions: int) -> int:
    """The partition of 0 … ``partitions`` − 1 that carries ``region``'s events."""
    return (murmur2(region.encode()) & 0x7FFFFFFF) % partitions
