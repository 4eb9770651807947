//! Deadlines, soonest first. Waking once too often is harmless: whoever is woken looks at the state.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A call of this connection may have expired.
    Calls(u64),
    /// Descendants of an ended process have had their time with its pipes.
    StreamGrace(u64),
    Parked,
    HostGrace,
    /// Sources of storages are to be looked at again.
    Watches,
    Lifetime,
}

#[derive(Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Timer)>>,
}

impl Timers {
    pub fn add(&mut self, at: Instant, timer: Timer) {
        self.heap.push(Reverse((at, timer)));
    }

    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub fn due(&mut self, now: Instant) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            due.extend(self.heap.pop().map(|Reverse((_, timer))| timer));
        }
        due
    }
}
