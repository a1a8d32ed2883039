"""The engines and databases that the contracts run on: those that need a server skip where none is named."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from huiyin.search import Index


@pytest.fixture
def elasticsearch() -> Iterator[str]:
    """Address of a real node with an index name of its own, which is taken away afterwards."""
    server = os.environ.get("HUIYIN_TEST_ELASTICSEARCH")
    if not server:
        pytest.skip("needs a running Elasticsearch: set HUIYIN_TEST_ELASTICSEARCH to its address")
    from elasticsearch import Elasticsearch

    name = f"test-{uuid.uuid4().hex[:12]}"
    yield f"{server}?index={name}"
    with Elasticsearch(server) as client:
        made = list(client.indices.get(index=f"{name}-*", expand_wildcards="all"))
        if made:
            client.indices.delete(index=made)
        client.options(ignore_status=404).indices.delete_index_template(name=f"{name}-*")


@pytest.fixture(params=["tantivy", "elasticsearch"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index of each engine."""
    if request.param == "tantivy":
        from huiyin.search.tantivy import TantivyIndex

        made: Index = TantivyIndex(tmp_path / "index")
    else:
        from huiyin.search.elastic import ElasticIndex

        made = ElasticIndex(request.getfixturevalue("elasticsearch"))
    yield made
    made.close()
