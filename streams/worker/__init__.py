"""The Faust application: the thinnest layer of all."""
