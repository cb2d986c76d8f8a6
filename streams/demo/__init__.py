"""The demo: a real election day played through broker, worker and tables in about a minute."""
