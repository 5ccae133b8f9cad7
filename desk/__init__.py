"""desk: a support desk in the terminal, with models that run on the same machine."""

__version__ = "0.1.0"
