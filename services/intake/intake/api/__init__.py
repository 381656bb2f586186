"""Intake over HTTP: appeals for who is signed in, progress for who holds a code."""

from intake.api.appeals import router as appeals_router
from intake.api.progress import pages_router, progress_router
from intake.api.ratings import rating_pages_router, ratings_router

ROUTERS = (appeals_router, progress_router, pages_router, ratings_router, rating_pages_router)

__all__ = ["ROUTERS"]
