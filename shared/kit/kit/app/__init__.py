"""How a service runs: what its HTTP application has by default, and its processes."""

from kit.app.defaults import service_defaults
from kit.app.serving import Aspect, main, serve

__all__ = ["Aspect", "main", "serve", "service_defaults"]
