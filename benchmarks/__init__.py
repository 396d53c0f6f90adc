"""Measures the gateway beside a hand-written REST endpoint and, on request, beside other GraphQL servers."""
