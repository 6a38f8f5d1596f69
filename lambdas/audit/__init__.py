"""The book: who asked, who decided, what was changed, from what to what; written page by page, and never rewritten.

Each page carries the seal of the one before (`book`), so that whoever changes, removes or swaps one is found out.
`python -m lambdas.audit verify`, `python -m lambdas.audit export`.
"""
