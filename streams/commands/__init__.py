"""The subcommands of `scrutineer`, one module each."""
