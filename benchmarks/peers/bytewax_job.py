"""Bytewax: one worker, state by key (the region), the product's contract."""

from __future__ import annotations

from collections import Counter
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.connectors.stdio import StdOutSink
from bytewax.dataflow import Dataflow
from bytewax.testing import run_main

from benchmarks.peers.job import Cell, Job, Meter, Seen, bulk_garbage, validator

State = tuple[set[str], "Counter[Cell]"]


def main() -> None:
    """Do the job."""
    job = Job.of_arguments()
    seen_of, meter = validator(), Meter(job)
    states: dict[str, State] = {}

    def read(message: Any) -> tuple[str, Seen]:
        seen = seen_of(message.value)
        return seen.region, seen

    def count(state: State | None, seen: Seen) -> tuple[State | None, None]:
        if state is None:
            state = states[seen.region] = (set(), Counter())
        ids, counts = state
        if seen.id not in ids:
            ids.add(seen.id)
            counts[seen.cell] += 1
        meter.count()
        return state, None

    flow = Dataflow("job")
    source = KafkaSource([job.bootstrap], [job.topic], tail=False, batch_size=1000)
    records = op.input("log", flow, source)
    keyed = op.map("read", records, read)
    counted = op.stateful_map("count", keyed, count)
    op.output("out", op.filter("nothing", counted, lambda _: False), StdOutSink())
    bulk_garbage()
    run_main(flow)
    totals: Counter[Cell] = Counter()
    for _, counts in states.values():
        totals.update(counts)
    meter.report(totals.items())


if __name__ == "__main__":
    main()
