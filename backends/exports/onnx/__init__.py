"""Networks of integers as ONNX models of standard operators."""
