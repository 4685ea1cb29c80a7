//! What headers say, whatever they hold: which market a routed mention is for, and how large they are.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use rdkafka::message::{Headers, Message};
use tracing::warn;

/// The header by which `groundswell route` says which market a record is for. A mention of several
/// markets is one record for each; in each, only that market's brands count.
pub const MARKET_HEADER: &str = "groundswell-market";

/// The market in the headers of `message`, if one is named; of several the last. Copies nothing.
pub(crate) fn market_of<M: Message>(message: &M) -> Option<&[u8]> {
    static TOLD: Once = Once::new();
    let market = market_in(message.headers()?);
    if market.is_none() {
        TOLD.call_once(|| {
            warn!(
                topic = message.topic(),
                partition = message.partition(),
                offset = message.offset(),
                "a message has a header whose name is not UTF-8: headers of such messages may not be read, \
                 the messages are (said once)"
            );
        });
    }
    // Whoever wrote what cannot be read is not `route`.
    market.flatten()
}

/// `None` when it cannot be read.
fn market_in<H: Headers>(headers: &H) -> Option<Option<&[u8]>> {
    readable(|| {
        (0..headers.count())
            .rev()
            .filter_map(|at| headers.try_get(at))
            .find(|header| header.key == MARKET_HEADER)
            .and_then(|header| header.value)
    })
}

/// Bytes of a message's payload, key and headers; `None` when the headers cannot be read.
pub(crate) fn message_size<H: Headers>(
    payload: &[u8],
    key: Option<&[u8]>,
    headers: Option<&H>,
) -> Option<usize> {
    Some(payload.len() + key.map_or(0, <[u8]>::len) + headers.map_or(Some(0), size_of)?)
}

/// Bytes of `headers`, with what frames each; `None` when their names cannot be read.
fn size_of<H: Headers>(headers: &H) -> Option<usize> {
    const FRAME: usize = 10;
    let size = || {
        let all = (0..headers.count()).filter_map(|at| headers.try_get(at));
        all.map(|it| FRAME + it.key.len() + it.value.map_or(0, <[u8]>::len)).sum()
    };
    readable(size)
}

thread_local! {
    static READS: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread reads headers: a panic is caught then, and no defect.
pub(crate) fn reads_headers() -> bool {
    READS.get()
}

/// What `read` finds in headers. rdkafka panics at one whose name is not UTF-8; that must not end the
/// thread that reads it.
fn readable<T>(read: impl FnOnce() -> T) -> Option<T> {
    READS.set(true);
    let found = catch_unwind(AssertUnwindSafe(read)).ok();
    READS.set(false);
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use rdkafka::message::{Header, OwnedHeaders};

    use super::*;

    fn headers(pairs: &[(&str, Option<&str>)]) -> OwnedHeaders {
        let insert = |headers: OwnedHeaders, &(key, value): &(&str, Option<&str>)| {
            headers.insert(Header { key, value })
        };
        pairs.iter().fold(OwnedHeaders::new(), insert)
    }

    #[test]
    fn the_market_is_found_among_other_headers_and_the_last_one_counts() {
        let found = |pairs: &[(&str, Option<&str>)]| {
            market_in(&headers(pairs)).unwrap().map(|it| String::from_utf8(it.to_vec()).unwrap())
        };
        assert_eq!(found(&[]), None);
        assert_eq!(found(&[("trace", Some("x")), ("Groundswell-Market", Some("y"))]), None);
        let market = (MARKET_HEADER, Some("airlines"));
        assert_eq!(found(&[("trace", Some("x")), market, ("b", None)]).unwrap(), "airlines");
        assert_eq!(found(&[(MARKET_HEADER, Some("old")), market]).unwrap(), "airlines");
        assert_eq!(found(&[market, (MARKET_HEADER, None)]), None);
    }

    #[test]
    fn headers_are_as_large_as_their_names_and_values_if_these_can_be_read() {
        assert_eq!(size_of(&headers(&[])), Some(0));
        assert_eq!(size_of(&headers(&[("trace", Some("xyz")), ("b", None)])), Some(18 + 11));
        assert_eq!(size_of(&Unreadable), None);
        assert!(!reads_headers(), "another panic is a defect");
    }

    /// As rdkafka reads headers whose names are not UTF-8.
    struct Unreadable;

    impl Headers for Unreadable {
        fn count(&self) -> usize {
            1
        }

        fn try_get(&self, _: usize) -> Option<Header<'_, &[u8]>> {
            panic!("called `Result::unwrap()` on an `Err` value: Utf8Error")
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_is_no_market() {
        assert_eq!(market_in(&Unreadable), None);
    }
}
