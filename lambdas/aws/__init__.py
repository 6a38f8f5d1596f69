"""The ports of `lambdas.cloud` by boto3: one module per noun, boto3's words on one side, ours on the other."""
