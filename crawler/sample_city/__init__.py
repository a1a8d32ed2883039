"""云江市: an invented city with a press, a government site, a forum and feeds, to demonstrate and to test against."""

from crawler.sample_city.build import build, truth
from crawler.sample_city.model import City, Item

__all__ = ["City", "Item", "build", "truth"]
