"""What operations do to the cloud: one module per noun. Each function takes the plan and the cloud, nothing else.

Steps and undos answer with a sentence for the operator, checks with the reason why it is not so. `ACTIONS` are the IAM
actions of a module's plans, steps and undos, `READS` those of its checks, which the engine and the sweep run.
"""
