"""Whatever puts events in: import mappings, the publisher, the simulator, the player."""
