"""Event streaming for election observation: the `scrutineer` command and its worker."""
