"""The index, derived and rebuildable: tantivy by default, Elasticsearch for many; one contract."""

from huiyin.errors import UsageError
from huiyin.search.contract import FILTERS, Entry, Index, Query, Results
from huiyin.settings import Settings

__all__ = ["FILTERS", "Entry", "Index", "Query", "Results", "open_index"]


def open_index(settings: Settings) -> Index:
    """The engine that the settings name: empty → tantivy in <home>/index; http(s)://… → Elasticsearch.

    Raises UsageError for another address, Unavailable where the engine cannot be opened.
    """
    if not settings.search:
        from huiyin.search.tantivy import TantivyIndex

        return TantivyIndex(settings.home_path / "index")
    if settings.search.startswith(("http://", "https://")):
        from huiyin.search.elastic import ElasticIndex

        return ElasticIndex(settings.search)
    raise UsageError(
        f"search is {settings.search!r}; leave it empty for tantivy, or give http(s)://host:9200 of Elasticsearch"
    )
