"""ONNX: a run as a model that other runtimes carry out, preparation and labels included.

`writer` collects nodes, `forms` says how each of our operations is written with theirs, `network`
walks the predict graph, `columns` and `answers` are what stands before and behind it, `model` puts
it together. Importing this package imports nothing of onnx.
"""

from chainrule.export.onnx.model import OPSET, describe, make_model

__all__ = ["OPSET", "describe", "make_model"]
