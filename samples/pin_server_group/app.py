"""A hub with all of Clouddriver's operations for AWS, and one more."""

from aws_cdk import App
from pinning.pin_server_group import PIN_SERVER_GROUP

from windlass import Windlass, aws

app = App()
Windlass(app, operations=[*aws, PIN_SERVER_GROUP])
app.synth()
