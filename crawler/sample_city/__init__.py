"""云江市: an invented city with a press, a government site, a forum and feeds, to demonstrate and to test against."""

from crawler.sample_city.build import City, Item, build, truth

__all__ = ["City", "Item", "build", "truth"]
