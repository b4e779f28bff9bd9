"""Commands: one file each, whose function of the same name is the command.

A new command is a new file here; its flags, help, settings and completion come by themselves.
"""
