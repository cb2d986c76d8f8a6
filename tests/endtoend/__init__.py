"""From an event in Kafka to what somebody reads, with every part a real one."""
