"""The loops that work while people look: fetch, think and send, each a process of its own, watched by supervise."""
