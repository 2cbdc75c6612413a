"""Offline: export, plan, proxy, extraction."""
