"""Where the platform is: the environment, and behind it the file ``env`` that ``make run`` leaves in BAIYANG_HOME."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import typer


@dataclass(frozen=True)
class Settings:
    """``values`` holds the services' own variables too (``INTAKE_DATABASE_URL`` …), under their own names."""

    home: Path
    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        """The variable; a command that needs what is not there ends with the remedy."""
        try:
            return self.values[name]
        except KeyError:
            typer.echo(f"{name} is not set and {self.home / 'env'} does not have it: start with `make up`.", err=True)
            raise typer.Exit(2) from None

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    @property
    def gateway(self) -> str:
        """The one address of all APIs, without a slash at its end."""
        return self["BAIYANG_URL"].rstrip("/")

    def export(self) -> None:
        """Let what reads its settings from the environment (a service's own Settings) find them."""
        os.environ.update(self.values)


def load() -> Settings:
    home = Path(os.environ.get("BAIYANG_HOME", ".local")).resolve()
    file = home / "env"
    return Settings(home=home, values={**(read(file) if file.exists() else {}), **os.environ})


def read(file: Path) -> dict[str, str]:
    """``NAME=value`` a line, the value as it stands; lines that begin with # are remarks."""
    lines = (line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
