"""Grafana's dashboards, written in Python: a file per dashboard over panels and assembly."""
