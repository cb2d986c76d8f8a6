"""The log outside Kafka."""
