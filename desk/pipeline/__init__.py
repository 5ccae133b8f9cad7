"""The path of a message from clean text to a routed draft: one file per step, the order as a table, one runner."""
