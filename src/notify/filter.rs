//! Which changes a route carries.

use super::hours::end_of;
use super::settings::Route;
use crate::incident::{Change, State, Subject};
use crate::mention::{Timestamp, millis};
use crate::store::Carrier;

impl Route {
    /// Whether `change` goes this way, at one time or another: its incident is severe enough, of a brand and
    /// a direction of the route, and it is no resolution where none are wanted. A silent feed concerns
    /// everyone, whatever brands they follow.
    pub fn carries(&self, change: &Change) -> bool {
        let incident = &change.incident;
        let is_feed = incident.subject == Subject::Feed;
        let brand = is_feed || self.brands.is_empty() || self.brands.contains(&incident.brand);
        let direction =
            is_feed || self.directions.is_empty() || self.directions.contains(&incident.direction);
        let wanted = incident.state != State::Resolved || self.send_resolved;
        brand && direction && wanted && incident.severity >= self.min_severity
    }

    /// How `change`, which is told at `now`, goes this way, if it does then. Ends have no hours: they are
    /// told to those who were told of the beginning.
    fn carrier(&self, change: &Change, now: Timestamp) -> Option<Carrier> {
        let is_end = matches!(change.incident.state, State::Resolved | State::Acknowledged);
        let in_hours = is_end || self.hours.is_empty() || self.is_in_hours(now);
        (in_hours && self.carries(change)).then(|| Carrier {
            route: self.name.clone(),
            due_at: self.due_at(change, now),
            until_acknowledged: self.after.is_some(),
        })
    }

    /// When it may be told, at the earliest; `None`: at once.
    fn due_at(&self, change: &Change, now: Timestamp) -> Option<Timestamp> {
        let later = self.after.map(|after| now.plus_millis(millis(after)));
        let moment = later.unwrap_or(now);
        let wakes = change.incident.severity >= self.wake_from;
        let quiet = end_of(&self.quiet_hours, moment, &self.time_zone).filter(|_| !wakes);
        quiet.or(later)
    }

    fn is_in_hours(&self, now: Timestamp) -> bool {
        self.hours.iter().any(|hours| hours.contain(now, &self.time_zone))
    }
}

/// Those of `routes` that carry `change` at `now`.
pub fn carriers(routes: &[Route], change: &Change, now: Timestamp) -> Vec<Carrier> {
    routes.iter().filter_map(|it| it.carrier(change, now)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::incident::fixtures::{change_of, fall, incident, resolved, silent_feed};
    use crate::incident::{Direction, Incident, Severity};
    use crate::notify::Target;
    use crate::secret::Secret;

    /// 28 November 2026, a Saturday, 03:00 in Jerusalem.
    const NIGHT: Timestamp = Timestamp::from_millis(1_795_827_600_000);
    const HOUR: i64 = 3_600_000;

    fn route(brands: &[&str], min_severity: Severity, send_resolved: bool) -> Route {
        let target = Target::Slack { webhook_url: Secret::new("https://hooks.example/x") };
        Route {
            brands: brands.iter().map(|&brand| brand.into()).collect(),
            min_severity,
            send_resolved,
            time_zone: jiff::tz::TimeZone::get("Asia/Jerusalem").unwrap(),
            ..Route::new("team", target)
        }
    }

    fn always() -> Route {
        route(&[], Severity::Notice, true)
    }

    fn carries(route: &Route, incident: Incident) -> bool {
        route.carrier(&change_of(incident, 0), NIGHT).is_some()
    }

    /// When `incident` is told, in milliseconds after `now`.
    fn wait(route: &Route, incident: Incident, now: Timestamp) -> Option<i64> {
        let carrier = route.carrier(&change_of(incident, 0), now).unwrap();
        carrier.due_at.map(|at| at.millis_since(now))
    }

    fn hours(texts: &[&str]) -> Vec<super::super::Hours> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn by_direction() {
        let falls = Route { directions: vec![Direction::Down], ..always() };
        assert!(carries(&falls, fall()));
        assert!(!carries(&falls, incident()));
        let rises = Route { directions: vec![Direction::Up], ..always() };
        assert!(carries(&rises, silent_feed()), "a silent feed concerns everyone");
    }

    #[test]
    fn by_hour_of_the_week_but_for_ends() {
        let day = Route { hours: hours(&["Sun-Thu 09:00-17:00"]), ..always() };
        assert!(!carries(&day, incident()));
        assert!(carries(&day, resolved(incident(), 190)));
        let sunday = NIGHT.plus_millis(31 * HOUR);
        assert!(day.carrier(&change_of(incident(), 0), sunday).is_some(), "Sunday, 10:00");
        let night = Route { hours: hours(&["Sun-Thu 09:00-17:00", "22:00-06:00"]), ..always() };
        assert!(carries(&night, incident()));
    }

    #[test]
    fn quiet_hours_hold_back_what_need_not_wake_people() {
        let quiet = Route { quiet_hours: hours(&["22:00-07:00"]), ..always() };
        assert_eq!(wait(&quiet, fall(), NIGHT), Some(4 * HOUR));
        assert_eq!(wait(&quiet, incident(), NIGHT), None, "critical");
        assert_eq!(wait(&quiet, fall(), NIGHT.plus_millis(4 * HOUR)), None, "07:00");
        let sound = Route { wake_from: Severity::Warning, ..quiet };
        assert_eq!(wait(&sound, Incident { severity: Severity::Warning, ..fall() }, NIGHT), None);
    }

    #[test]
    fn what_nobody_acknowledges_in_time_goes_on() {
        let after = Some(std::time::Duration::from_secs(600));
        let boss = Route { after, ..always() };
        let carrier = boss.carrier(&change_of(incident(), 0), NIGHT).unwrap();
        assert_eq!(carrier.due_at, Some(NIGHT.plus_millis(600_000)));
        assert!(carrier.until_acknowledged);
        // Ten minutes after it is told, the night is over.
        let quiet = Route { quiet_hours: hours(&["22:00-07:00"]), ..boss };
        assert_eq!(wait(&quiet, fall(), NIGHT.plus_millis(4 * HOUR - 300_000)), Some(600_000));
        assert_eq!(wait(&quiet, fall(), NIGHT), Some(4 * HOUR));
    }

    #[test]
    fn by_brand() {
        assert!(carries(&route(&[], Severity::Notice, true), incident()));
        assert!(carries(&route(&["Delta", "American"], Severity::Notice, true), incident()));
        let delta = route(&["Delta"], Severity::Notice, true);
        assert!(!carries(&delta, incident()));
        assert!(carries(&delta, silent_feed()));
    }

    #[test]
    fn by_severity_resolved_or_not() {
        let critical = route(&[], Severity::Critical, true);
        assert!(carries(&critical, incident()));
        assert!(!carries(&critical, fall()));
        assert!(carries(&critical, resolved(incident(), 190)));
        assert!(!carries(&critical, resolved(fall(), 190)));
    }

    #[test]
    fn resolutions_only_where_wanted() {
        let quiet = route(&[], Severity::Notice, false);
        assert!(carries(&quiet, incident()));
        assert!(!carries(&quiet, resolved(incident(), 190)));
    }
}
