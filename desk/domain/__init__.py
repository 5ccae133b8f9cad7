"""What things are: records, states with their legal moves, events, enums. Standard library only."""
