"""``python -m chainrule``: the command line. Knows where it begins, and nothing else."""

from chainrule.apps.cli import main

if __name__ == "__main__":
    main()
