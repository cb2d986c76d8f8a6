"""The tables: pure functions of the set of versions, kept up as events come in.

:class:`~streams.tables.partition.Partition` is the state, :mod:`~streams.tables.views` its rows,
:mod:`~streams.tables.digest` its digest.
"""
