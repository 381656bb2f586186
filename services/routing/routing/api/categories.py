"""The city's own tree of categories."""

from fastapi import APIRouter, Response
from kit.http import Door

from routing.domain.taxonomy import Bound
from routing.schemas.categories import CategoriesView, Taxonomy, TreeChangeView
from routing.service import categories

router = APIRouter()


@router.get("/categories", response_model=CategoriesView)
async def list_categories(door: Door) -> Response:
    """The whole tree as in effect now, retired branches among it."""
    return await door.read(categories.list_categories, view=CategoriesView.of)


@router.put("/categories", response_model=TreeChangeView)
async def load_categories(body: Taxonomy, door: Door) -> Response:
    """Load a classification: all of it or nothing; branches that nothing binds are named by line. For the operator."""
    bindings = {path: Bound(bound.kind, bound.remit, bound.sealed) for path, bound in body.bindings.items()}
    return await door(
        categories.load_categories,
        [row.row() for row in body.rows],
        bindings=bindings,
        replaces=body.replaces,
        view=TreeChangeView.of,
    )
