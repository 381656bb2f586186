"""The city's own tree of categories."""

from typing import Annotated

from contracts.routing import Kind, Remit
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from routing.domain.rules import Category
from routing.domain.taxonomy import Row
from routing.schemas.typed import PRINTABLE, Name, Request
from routing.service.categories import TreeChange


class TaxonomyRow(Request):
    line: int = Field(ge=1, le=1_000_000, description="Of the file, for what is said about it.")
    names: list[Name] = Field(min_length=1, max_length=6, examples=[["城乡建设", "安全生产", "安全隐患"]])

    def row(self) -> Row:
        return Row(self.line, tuple(self.names))


class Binding(Request):
    kind: Kind
    remit: Remit
    sealed: bool = Field(default=False, description="What is sorted so is shown only to those who must see it.")


class Taxonomy(Request):
    """A classification, from its first level to its last."""

    rows: list[TaxonomyRow] = Field(min_length=1, max_length=20_000)
    bindings: dict[Annotated[str, StringConstraints(max_length=700, pattern=PRINTABLE)], Binding] = Field(
        default={},
        max_length=5_000,
        description="A branch's names joined by /, with its kind and remit; it goes before the rules for names.",
        examples=[{"城乡建设/安全生产": {"kind": "municipal", "remit": "district"}}],
    )
    replaces: bool = Field(default=False, description="Retire every category that the file does not name.")


class TreeChangeView(BaseModel):
    added: int
    changed: int
    retired: int
    unchanged: int

    @classmethod
    def of(cls, change: TreeChange) -> "TreeChangeView":
        return cls.model_validate(change, from_attributes=True)


class CategoryView(BaseModel):
    code: str
    parent: str | None
    name: dict[str, str] = Field(description="By language (zh, en).")
    kind: Kind
    remit: Remit
    retired: bool
    sealed: bool
    version: int
    effective_from: AwareDatetime

    @classmethod
    def of(cls, item: Category) -> "CategoryView":
        return cls(
            code=item.code,
            parent=item.parent,
            name={"zh": item.name_zh, "en": item.name_en},
            kind=item.kind,
            remit=item.remit,
            retired=item.retired,
            sealed=item.sealed,
            version=item.version,
            effective_from=item.effective_from,
        )


class CategoriesView(BaseModel):
    items: list[CategoryView]

    @classmethod
    def of(cls, items: list[Category]) -> "CategoriesView":
        return cls(items=[CategoryView.of(item) for item in items])
