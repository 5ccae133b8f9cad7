import pytest
from filling import Shop, shop


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    found: Shop = shop(tmp_path)
    yield found
    found.db.close()
