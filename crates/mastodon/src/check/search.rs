//! Full-text search.

use topology::{Problem, Search, Topology};

use super::code;

/// masto runs no Elasticsearch: the file may name it, and must be told so.
pub(super) fn search_is_built(topology: &Topology) -> Vec<Problem> {
    match topology.search {
        Search::None => Vec::new(),
        Search::Elasticsearch => vec![
            Problem::new(
                code::SEARCH,
                "search",
                "masto does not run Elasticsearch, so there is no full-text search",
            )
            .label("only `none` can be run")
            .hint(
                "write `none`, and for a cluster of your own set ES_ENABLED, ES_HOST and ES_PORT \
                 in `mastodon.env`, then run `masto tootctl search deploy`",
            ),
        ],
    }
}
