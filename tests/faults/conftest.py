"""The fault matrix: ``make faults`` runs a slice of it, ``make faults-all`` the whole."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.faults.ledger", "tests.faults.checks")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all-faults", action="store_true", help="every call, and more rounds")


@pytest.fixture(scope="session")
def everything(request: pytest.FixtureRequest) -> bool:
    """Whether the whole matrix is asked for, which takes longer."""
    return bool(request.config.getoption("--all-faults"))


@pytest.fixture(scope="session")
def rounds(everything: bool) -> int:
    return 12 if everything else 3
