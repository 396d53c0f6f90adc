"""Texts for people in their language: messages, one catalogue a language, negotiation, dates, templates."""
