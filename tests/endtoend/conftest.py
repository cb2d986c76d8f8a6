"""One chain that the tests of this folder share; none may count on another's having run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.endtoend.chain import Chain, chain

SECOND = 1
"""Between scrapes, and between evaluations: what is proved does not depend on it, and 5 s as in
deploy/ would make these tests three times as long. `python -m benchmarks alerts` has the 5 s."""


@pytest_asyncio.fixture(scope="package", loop_scope="package", name="chain")
async def _chain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chain]:
    """Everything, running."""
    async with chain(tmp_path_factory.mktemp("chain"), SECOND) as running:
        yield running
