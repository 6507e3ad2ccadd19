"""What holds for every test of the repository."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Cheap failures come first."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
