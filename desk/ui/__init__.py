"""The screen: the only room that imports Textual and Rich. It reads the store, and acts through `actions` alone."""
