"""The demo: a hosting and domain company with invented customers, and the clients that read their data."""

from gateway.demo.clients import CLIENTS, DemoClient
from gateway.demo.loading import load
from gateway.demo.marks import NotADemoStoreError
from gateway.demo.passwords import demo_password
from gateway.demo.population import population

FEATURED = "amelie.fontaine@example.com"
"""The customer who appears in the printed commands."""

__all__ = ["CLIENTS", "FEATURED", "DemoClient", "NotADemoStoreError", "demo_password", "load", "population"]
