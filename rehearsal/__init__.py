"""Rehearsals: compiled state machines with the real activity code, in virtual time, under stated faults."""
