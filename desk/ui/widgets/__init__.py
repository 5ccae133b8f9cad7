"""What is drawn: lines of cells, never markup made from mail."""
