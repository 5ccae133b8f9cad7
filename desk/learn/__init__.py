"""What the desk learns from: what people did with drafts, past tickets run again, labelled messages measured."""
