"""Makes the networks of `evaluation.backbones`: fetches the weights, checks them, writes ONNX files.

Needs the `onnx` package; no other part of evaluating does. Torch is not needed even here.
"""
