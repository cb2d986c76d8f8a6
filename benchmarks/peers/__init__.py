"""One job for several stream processors, on the same Apache Kafka: `make bench-peers`."""
