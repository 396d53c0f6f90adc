"""Exports of the record and the data map for other programs: DPV, fideslang, JSON, CSV."""
