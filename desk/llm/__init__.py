"""Models: in process or on a server, behind one protocol, and the prompts they are asked with."""
