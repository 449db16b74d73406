import hashlib

from hypothesis import given
from hypothesis import strategies as st

from callboard.domain.proof.merkle import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    extends,
    includes,
    leaf_hash,
    node_hash,
)

contents = st.lists(st.binary(max_size=4), max_size=70)


def naive_root(leaves):
    """The definition of RFC 6962, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def test_the_published_values_come_out():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    leaves = [
        *(b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43"),
        *(bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))),
    ]
    tree = Tree(map(leaf_hash, leaves))
    assert tree.root(1).hex().startswith("6e340b9cffb37a98")
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(contents)
def test_every_prefix_has_the_root_that_the_definition_gives_it(items):
    leaves = [leaf_hash(item) for item in items]
    tree = Tree(leaves)
    for size in range(len(leaves) + 1):
        assert tree.root(size) == naive_root(leaves[:size])


@given(contents, st.integers(0, 70))
def test_a_tree_goes_on_from_its_frontier_as_from_its_leaves(items, place):
    leaves = [leaf_hash(item) for item in items]
    frontier = Tree(leaves[:place]).frontier()
    assert frontier == Frontier().grown(leaves[:place])
    assert frontier.is_whole
    assert frontier.root() == Tree(leaves[:place]).root()
    assert frontier.grown(leaves[place:]) == Tree(leaves).frontier()


@given(contents.filter(bool), st.data())
def test_a_leaf_is_shown_to_be_where_it_is_and_nowhere_else(items, data):
    leaves = [leaf_hash(item) for item in items]
    tree = Tree(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index, size)
    assert includes(tree.root(size), size, index, leaves[index], path)
    other = data.draw(st.integers(-1, size))
    if other != index:
        shown = includes(tree.root(size), size, other, leaves[index], path)
        assert not shown or leaves[other] == leaves[index]
    assert not includes(tree.root(size), size, index, leaf_hash(b"other!"), path)
    assert not includes(tree.root(size), size, index, leaves[index], (*path, EMPTY_ROOT))
    if path:
        assert not includes(tree.root(size), size, index, leaves[index], path[:-1])


@given(contents, st.data())
def test_a_tree_is_shown_to_begin_with_every_earlier_one_and_with_no_other(items, data):
    leaves = [leaf_hash(item) for item in items]
    tree = Tree(leaves)
    second = data.draw(st.integers(0, len(leaves)))
    first = data.draw(st.integers(0, second))
    old, new = (first, tree.root(first)), (second, tree.root(second))
    path = tree.consistency(first, second)
    assert extends(old, new, path)
    assert not extends(old, new, (*path, EMPTY_ROOT))
    forged = leaf_hash(b"forged")
    assert not extends((first, forged), new, path)
    if first:
        assert not extends(old, (second, forged), path)
    if path:
        assert not extends(old, new, path[1:])
        assert not extends(old, new, (forged, *path[1:]))


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=9), st.integers(), st.integers())
def test_no_proof_whatever_it_holds_raises(path, first, second):
    assert not includes(EMPTY_ROOT, second, first, EMPTY_ROOT, [*path, EMPTY_ROOT])
    extends((first, EMPTY_ROOT), (second, EMPTY_ROOT), path)
