"""The build cache of the native tests: a changed input is built again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.native.products import SEAL, Products, key_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.joinpath("a").mkdir(parents=True)
    folder.joinpath("a/One.kt").write_text("one", encoding="utf-8")
    return folder


def rewrite(source: Path) -> None:
    source.joinpath("a/One.kt").write_text("two", encoding="utf-8")


def rename(source: Path) -> None:
    source.joinpath("a/One.kt").rename(source / "a/Two.kt")


def add(source: Path) -> None:
    source.joinpath("a/Two.kt").write_text("", encoding="utf-8")


@pytest.mark.parametrize("change", [rewrite, rename, add])
def test_changed_input_gives_another_key(source: Path, change: Callable[[Path], None]) -> None:
    before = key_of("tool 1", ["-x"], [source])
    assert key_of("tool 1", ["-x"], [source]) == before
    change(source)

    assert key_of("tool 1", ["-x"], [source]) != before


def test_other_tool_flags_or_order_give_another_key(source: Path) -> None:
    other = source / "a"
    keys = {
        key_of("tool 1", ["-x"], [source, other]),
        key_of("tool 2", ["-x"], [source, other]),
        key_of("tool 1", [], [source, other]),
        key_of("tool 1", ["-", "x"], [source, other]),
        key_of("tool 1", ["-x"], [other, source]),
    }

    assert len(keys) == 5


def test_missing_input_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        key_of("tool 1", [], [tmp_path / "missing"])


class Maker:
    """Builds a product, and counts the builds."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        folder.joinpath("product").write_text("made", encoding="utf-8")


def test_product_is_made_once(tmp_path: Path) -> None:
    products, make = Products(tmp_path), Maker()
    folders = [products.take("key", make) for _ in range(2)]

    assert folders[0] == folders[1]
    assert folders[0].joinpath("product").read_text(encoding="utf-8") == "made"
    assert make.times == 1


def cut(product: Path) -> None:
    product.joinpath("content/product").write_text("mad", encoding="utf-8")


def lose(product: Path) -> None:
    product.joinpath("content/product").unlink()


def add_to(product: Path) -> None:
    product.joinpath("content/more").touch()


def unseal(product: Path) -> None:
    product.joinpath(SEAL).unlink()


def break_the_seal(product: Path) -> None:
    product.joinpath(SEAL).write_text("{", encoding="utf-8")


@pytest.mark.parametrize("damage", [cut, lose, add_to, unseal, break_the_seal])
def test_incomplete_product_is_not_used(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    products, make = Products(tmp_path), Maker()
    damage(products.take("key", make).parent)

    assert products.find("key") is None
    content = products.take("key", make)
    assert {path.name for path in content.iterdir()} == {"product"}
    assert content.joinpath("product").read_text(encoding="utf-8") == "made"
    assert make.times == 2


def test_failed_product_is_not_kept(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        folder.joinpath("half").touch()
        raise OSError

    products = Products(tmp_path)
    with pytest.raises(OSError):  # noqa: PT011 - whatever it is, it comes through
        products.take("key", fail)

    assert list(tmp_path.iterdir()) == []
