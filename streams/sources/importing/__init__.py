"""CSV files of authorities and observers' systems turned into events by a declarative mapping."""
