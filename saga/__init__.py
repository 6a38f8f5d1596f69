"""The saga language: what an operation is, as data, and its compiler to Amazon States Language."""

from saga.model import Late, OnFailure, Reservation, Saga, Step, Wait, step, wait_until

__all__ = ["Late", "OnFailure", "Reservation", "Saga", "Step", "Wait", "step", "wait_until"]
