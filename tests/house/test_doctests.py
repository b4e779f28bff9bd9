"""Every example in a docstring of the package prints what it shows."""

import doctest
import importlib

import pytest
import rooms
from doc_examples import FLAGS

NAMES = [name for name in rooms.modules(rooms.ROOT) if not name.endswith("__main__")]


@pytest.mark.parametrize("name", NAMES)
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    said = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        runner.run(example, out=said.append)
    assert not said, "".join(said)
