//! How often each client asks, in bounded memory.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::settings::Rate;

/// Lets each client ask at a [`Rate`]: the generic cell rate algorithm, by which a client needs no more
/// memory than one moment. Of so many clients at most that is kept; one who has been quiet for so long
/// that it makes no difference is forgotten when there is no room. Further ones share one rate, so that
/// those who are known keep theirs.
pub(super) struct RateLimit {
    rate: Rate,
    max_clients: usize,
    seen: Mutex<Seen>,
}

/// Until when a client's rate is used up: each request uses its part of it.
struct Seen {
    known: HashMap<Client, Instant>,
    /// All for whom there is no room.
    rest: Instant,
}

/// Whose requests count together: an IPv4 address; of IPv6 the network of 64 bits, within which a
/// host chooses its address freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Client(IpAddr);

impl Client {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (!0 << 64)).into(),
            v4 => v4,
        })
    }
}

impl RateLimit {
    pub fn new(rate: Rate, max_clients: usize) -> Self {
        let seen = Seen { known: HashMap::new(), rest: Instant::now() };
        Self { rate, max_clients, seen: Mutex::new(seen) }
    }

    /// One more request from `address`; an error tells how long to wait.
    pub fn check(&self, address: IpAddr) -> Result<(), Duration> {
        let (client, now) = (Client::of(address), Instant::now());
        let mut seen = self.lock();
        if seen.known.len() >= self.max_clients {
            seen.known.retain(|_, used_until| *used_until > now);
        }
        let has_room = seen.known.len() < self.max_clients || seen.known.contains_key(&client);
        let used_until = match has_room {
            true => seen.known.entry(client).or_insert(now),
            false => &mut seen.rest,
        };
        let next = (*used_until).max(now) + self.rate.per / self.rate.requests.get();
        let wait = next.saturating_duration_since(now + self.rate.per);
        if wait.is_zero() {
            *used_until = next;
            return Ok(());
        }
        Err(wait)
    }

    /// How many clients are remembered.
    pub fn clients(&self) -> usize {
        self.lock().known.len()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        // Every state is sound, even if a thread died holding it.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::num::NonZeroU32;

    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limit(requests: u32, clients: usize) -> RateLimit {
        let requests = NonZeroU32::new(requests).unwrap();
        RateLimit::new(Rate { requests, per: SECOND }, clients)
    }

    /// Runs `test` while no time passes but what it says.
    fn paused<T>(test: impl Future<Output = T>) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(test)
    }

    fn v4(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_too_often_is_told_when_to_come_again() {
        let limit = limit(2, 10);
        assert_eq!((limit.check(v4(1)), limit.check(v4(1))), (Ok(()), Ok(())));
        assert_eq!(limit.check(v4(1)), Err(SECOND / 2));
        assert_eq!(limit.check(v4(2)), Ok(()), "another client has a rate of its own");
        advance(SECOND / 2).await;
        assert_eq!(limit.check(v4(1)), Ok(()));
        assert_eq!(limit.check(v4(1)), Err(SECOND / 2));
        advance(60 * SECOND).await;
        assert_eq!((limit.check(v4(1)), limit.check(v4(1))), (Ok(()), Ok(())));
        assert!(limit.check(v4(1)).is_err(), "what was not used is not saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn an_ipv6_network_is_one_client() {
        let limit = limit(1, 10);
        let check = |address: &str| limit.check(address.parse().unwrap());
        assert!(check("2001:db8::1").is_ok());
        assert!(check("2001:db8::ffff:0:0:2").is_err());
        assert!(check("2001:db8:0:1::1").is_ok(), "the next network");
        assert!(check("192.0.2.1").is_ok());
        assert!(check("::ffff:192.0.2.1").is_err(), "the same address, written as IPv6");
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_no_room_strangers_share_one_rate_and_the_known_keep_theirs() {
        let limit = limit(2, 2);
        assert!(limit.check(v4(1)).is_ok() && limit.check(v4(2)).is_ok());
        assert!(limit.check(v4(3)).is_ok() && limit.check(v4(4)).is_ok());
        assert!(limit.check(v4(5)).is_err(), "strangers have used theirs up");
        assert!(limit.check(v4(1)).is_ok(), "one who is known has not");
        assert_eq!(limit.clients(), 2);
        advance(2 * SECOND).await;
        assert!(limit.check(v4(5)).is_ok() && limit.check(v4(5)).is_ok());
        assert!(limit.check(v4(6)).is_ok(), "whoever was quiet is forgotten, and leaves room");
    }

    proptest! {
        /// Whenever it asks, a client gets through as often as its rate allows in any stretch of
        /// time, and once more after the time that it was told to wait.
        #[test]
        fn no_stretch_of_time_holds_more_than_the_rate(
            pauses in prop::collection::vec(0_u64..1_500, 1..200),
            requests in 1_u32..6,
        ) {
            paused(async {
                let limit = limit(requests, 7);
                let began = Instant::now();
                let mut passed = Vec::new();
                for pause in pauses {
                    advance(Duration::from_millis(pause)).await;
                    match limit.check(v4(1)) {
                        Ok(()) => passed.push(began.elapsed()),
                        Err(wait) => {
                            prop_assert!(wait <= SECOND / requests, "{wait:?}");
                            advance(wait).await;
                            prop_assert!(limit.check(v4(1)).is_ok());
                            passed.push(began.elapsed());
                        }
                    }
                }
                // So many at once, and as many again over a second.
                for (first, last) in passed.iter().zip(passed.iter().skip(2 * requests as usize)) {
                    prop_assert!(*last - *first >= SECOND, "{passed:?}");
                }
                Ok(())
            })?;
        }

        #[test]
        fn memory_is_bounded(asked in prop::collection::vec((any::<[u8; 4]>(), 0_u64..3), 0..400)) {
            paused(async {
                let limit = limit(1, 7);
                for (address, seconds) in asked {
                    advance(Duration::from_secs(seconds)).await;
                    let _checked = limit.check(address.into());
                    prop_assert!(limit.clients() <= 7);
                }
                Ok(())
            })?;
        }
    }
}
