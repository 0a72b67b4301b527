"""Devices that are made up: described as data, scriptable in time, rendered on the shared scheduler."""
