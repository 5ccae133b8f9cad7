"""Models: in process or on a server, behind one protocol, and the prompts they are asked with.

Importing this is cheap: llama.cpp and httpx are loaded with the first model.
"""

from desk.llm.base import Cancel, Generation, Model, Prompt, Scores, Usage
from desk.llm.loading import Models, available, load

__all__ = ["Cancel", "Generation", "Model", "Models", "Prompt", "Scores", "Usage", "available", "load"]
