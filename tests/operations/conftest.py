"""The running demo, which the clients talk to."""

from tests.gateway.conftest import demo as demo
