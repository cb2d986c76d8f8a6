"""The turnout gap: estimators as pure functions of exact sums that add up.

Five comparisons, from strongest to weakest: :mod:`matched` stations (and what was told),
:mod:`level` of a sample, :mod:`flow` of mobile observers, and the official :mod:`series` against
itself; :mod:`verdicts` says what may be concluded, and when to stay silent.
"""
