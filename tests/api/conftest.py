"""The API's front door."""

import pytest

from tests.api.http_door import Door, new_door


@pytest.fixture
def door() -> Door:
    return new_door()
