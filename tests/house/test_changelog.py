"""Fragments are in their form, and a release gathers them once."""

import changelog
import pytest

HEAD = "# Changes\n\nWhat changed.\n\n<!-- releases -->\n"
OLD = "\n## 0.1.0 (2026-01-01)\n\n### Added\n\n* Everything.\n"
FRAGMENTS = {
    "changes/README.md": "How to.\n",
    "changes/12.fixed.md": "Empty files are refused.\n",
    "changes/table-reader.added.md": "Tables are read, e.g. CSV,\nand Parquet.\n",
    "changes/3.1.added.md": "Networks train.\n",
}


def test_our_own_fragments_are_in_their_form():
    changelog.read_fragments(changelog.ROOT)
    assert (changelog.ROOT / "CHANGELOG.md").read_text().count(f"\n{changelog.MARK}\n") == 1


def test_a_release_moves_the_fragments_below_the_mark(plant, capsys):
    root = plant(FRAGMENTS | {"CHANGELOG.md": HEAD + OLD})
    assert changelog.main(["0.2.0", "--date", "2026-02-03"], root) == 0
    new = (
        "## 0.2.0 (2026-02-03)\n\n### Added\n\n* Networks train.\n* Tables are read, e.g. CSV, and"
        " Parquet.\n\n### Fixed\n\n* Empty files are refused.\n"
    )
    assert (root / "CHANGELOG.md").read_text() == HEAD + "\n" + new + OLD
    assert capsys.readouterr().out == new
    assert [path.name for path in (root / "changes").iterdir()] == ["README.md"]


def test_two_releases_stand_newest_first(plant):
    root = plant(FRAGMENTS | {"CHANGELOG.md": HEAD})
    changelog.release(root, "0.2.0", "2026-02-03")
    plant({"changes/x.removed.md": "The old reader is gone.\n"})
    changelog.release(root, "0.2.1", "2026-02-04")
    titles = [line for line in (root / "CHANGELOG.md").read_text().split("\n") if "## 0" in line]
    assert titles == ["## 0.2.1 (2026-02-04)", "## 0.2.0 (2026-02-03)"]


def test_checking_changes_nothing(plant, capsys):
    root = plant(FRAGMENTS | {"CHANGELOG.md": HEAD})
    assert changelog.main([], root) == 0
    assert capsys.readouterr().out.startswith("## Unreleased\n\n### Added\n\n* Networks train.\n")
    assert (root / "CHANGELOG.md").read_text() == HEAD
    assert len(list((root / "changes").iterdir())) == 4


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"changes/x.md": "A.\n"}, "changes/x.md: not the name of a fragment"),
        ({"changes/x.new.md": "A.\n"}, "KIND one of added, changed, fixed, removed"),
        ({"changes/x.added.txt": "A.\n"}, "not the name of a fragment"),
        ({"changes/x.added.md": ""}, "write one sentence for users"),
        ({"changes/x.added.md": "No full stop\n"}, "write one sentence for users"),
        ({"changes/x.added.md": "Trails off...\n"}, "write one sentence for users"),
        ({"changes/x.added.md": "* A list.\n"}, "no list mark"),
        ({"changes/x.added.md": "One. Two.\n"}, "write one sentence for users"),
        ({"CHANGELOG.md": "# Changes\n"}, "no single line <!-- releases -->"),
        ({"CHANGELOG.md": HEAD + "\n## 0.2.0 (2026-01-01)\n"}, "has a section 0.2.0 already"),
    ],
)
def test_what_is_not_in_its_form_is_one_line_and_changes_nothing(plant, capsys, files, said):
    root = plant(FRAGMENTS | {"CHANGELOG.md": HEAD} | files)
    before = sorted(path.name for path in (root / "changes").iterdir())
    assert changelog.main(["0.2.0"], root) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sorted(path.name for path in (root / "changes").iterdir()) == before


def test_a_release_needs_a_version_and_a_fragment(plant, capsys):
    root = plant(FRAGMENTS | {"CHANGELOG.md": HEAD})
    assert changelog.main(["next"], root) == 1
    assert "write it like 1.2.3" in capsys.readouterr().err
    for path in changelog.read_fragments(root):
        path.unlink()
    assert changelog.main(["0.2.0"], root) == 1
    assert "holds no fragment" in capsys.readouterr().err
