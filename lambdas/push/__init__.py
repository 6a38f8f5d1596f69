"""Telling the world what happens to operations: the bus, webhooks, notifications. See docs/push.md.

The herald follows the table's stream, the courier takes what it has to say to each receiver. Neither changes an
operation, and a receiver, or all of them, being slow or gone delays no operation.
"""
