"""The row as Pydantic sees it."""

from pydantic import BaseModel, ConfigDict


class DomainModel(BaseModel):
    """One row of table `data`, readable from any object with these attributes."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    num: int
    data: str
