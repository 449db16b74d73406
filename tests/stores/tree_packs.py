"""The suite of packs, over the fixture `store`."""

import pytest

from callboard.testing.tree_packs import TreePacksContract, taking_up


class StoredTreePacksContract(TreePacksContract):
    @pytest.fixture
    def packs(self, store):
        return store.tree_packs

    @pytest.fixture
    def take_up(self, store):
        return taking_up(store)
