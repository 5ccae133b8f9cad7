"""Everything a person can do: one function, one write unit, one audit fact."""
