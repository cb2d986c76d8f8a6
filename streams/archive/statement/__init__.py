"""The figures of a preliminary statement: what is said, what is withheld, and how it is printed."""
