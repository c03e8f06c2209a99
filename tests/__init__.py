"""Tests. What asserts for them says what it saw, as they do."""

import pytest

pytest.register_assert_rewrite("tests.recovery")
