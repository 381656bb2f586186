import logging
from typing import Any

import structlog


def get_logger(name: str) -> Any:
    return structlog.get_logger(name)


def set_up(*, service: str, level: str) -> None:
    logging.basicConfig(level=level)
