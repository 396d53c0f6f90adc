"""The demo: a hosting and domain company whose customers do not exist, and the applications that ask for their data."""

from gateway.demo.clients import CLIENTS, DemoClient
from gateway.demo.loading import load
from gateway.demo.marks import NotADemoStoreError
from gateway.demo.passwords import demo_password
from gateway.demo.population import population

FEATURED = "amelie.fontaine@example.com"
"""The customer whom the printed commands ask for."""

__all__ = ["CLIENTS", "FEATURED", "DemoClient", "NotADemoStoreError", "demo_password", "load", "population"]
