"""Thousands of requests made from the API's own OpenAPI document, hostile ones among them, against the real handler.

`python -m rehearsal fuzz`. Schemathesis makes requests that fit the document and follows its links from answer to next
request; words that the rehearsed cloud knows let them get past the door, and hostile words take any name's place. Every
answer is checked against the document, and in the end every row of the table has to be accounted for.
"""
