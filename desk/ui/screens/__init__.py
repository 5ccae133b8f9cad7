"""The screens: the desk itself, and the few that lie over it."""
