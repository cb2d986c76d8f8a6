"""Kafka as a log: layout, clients, positions, bulk reading, dead letters."""
