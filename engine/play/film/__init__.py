"""Offline rendering: films, plan files, proxies, extraction."""
