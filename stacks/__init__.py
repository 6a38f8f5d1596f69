"""Infrastructure: a construct per noun; `windlass.py` composes them, then grants."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
