"""The operations: one module each, all of them in `ALL`."""

from typing import Any

from saga import Saga
from statemachines.create_server_group import CREATE_SERVER_GROUP
from statemachines.destroy_server_group import DESTROY_SERVER_GROUP
from statemachines.disable_server_group import DISABLE_SERVER_GROUP
from statemachines.enable_server_group import ENABLE_SERVER_GROUP
from statemachines.resize_server_group import RESIZE_SERVER_GROUP
from statemachines.resume_asg_processes import RESUME_ASG_PROCESSES

ALL: tuple[Saga[Any, Any, Any], ...] = (
    CREATE_SERVER_GROUP,
    RESIZE_SERVER_GROUP,
    DESTROY_SERVER_GROUP,
    ENABLE_SERVER_GROUP,
    DISABLE_SERVER_GROUP,
    RESUME_ASG_PROCESSES,
)
