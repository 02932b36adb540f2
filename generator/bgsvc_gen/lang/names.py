"""A spec's names, `[a-z][a-z0-9_-]*`, in other languages' cases."""

import re


def pascal(name: str) -> str:
    """Return `price-watch` as `PriceWatch`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[-_]+", name))


def camel(name: str) -> str:
    """Return `price-watch` as `priceWatch`."""
    whole = pascal(name)
    return whole[:1].lower() + whole[1:]
