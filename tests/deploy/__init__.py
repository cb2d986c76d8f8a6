"""The files of deploy/, in the hands of the programs they are for."""
