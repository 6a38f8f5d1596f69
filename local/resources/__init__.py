"""The resource types that a stack may hold, one module per noun, and the table of all of them."""
