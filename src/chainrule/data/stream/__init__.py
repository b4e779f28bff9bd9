"""Stream: tables larger than memory, from their files to blocks of prepared rows on disk.

Knows files, pieces of tables and scratch space; knows no networks. The way of a table: `sources`
names its files and notices changes, `pieces` cuts it, `survey` learns from it in one pass,
`fitting` makes a `Preparation` of that, `dealing` writes the rows into a `store`, `order` says
which block comes when, `rows` stands for all of them like an array; `dataset` does all of it.
"""
