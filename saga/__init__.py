"""The saga language: what an operation is, as data, and its compiler to Amazon States Language."""

from saga.model import Late, OnFailure, Removed, Reservation, Saga, Step, Wait, removed, step, wait_until

__all__ = ["Late", "OnFailure", "Removed", "Reservation", "Saga", "Step", "Wait", "removed", "step", "wait_until"]
