"""From a picture to a coloured picture, with ONNX Runtime. `pipeline.py` reads top to bottom."""
