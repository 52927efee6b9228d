//! Simulates two years of many targets: the shipped engine, schedule, pace and findings run over control planes, sinks
//! and a journal that fail, in processes that die, pause, and have clocks of their own. Time is virtual. The seed is
//! printed; `KEYTURN_SEED` sets it.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking, and print what they explored"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::{SystemTime, UNIX_EPOCH};

use keyturn_lifecycle::{
    Credential, Effect, Event, Hands, Outcome, Phase, Progress, Target,
    chain::{self, Head},
    engine::{DriverReply, DriverRequest, Run, Stream},
    event::{Reason, Stop, Time},
    findings::{Code, Seen, Subject, findings},
    operate::Command,
    pace::{Candidate, Caps, Failures, select},
    policy::{DAY, HOUR, MINUTE, SECOND},
    policy_text::Rules,
};

const TARGETS: usize = 500;
const YEARS: Time = 2 * 365 * DAY;
/// 2026-01-01.
const BEGIN: Time = 1_767_225_600_000;
/// The largest difference between clocks, and the largest delay with which a server acts after a deadline: together at
/// most the policy's margin.
const SKEW: Time = 30 * SECOND;
const LATE: Time = 50 * SECOND;

/// Pseudorandom numbers: SplitMix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    fn between(&mut self, from: Time, to: Time) -> Time {
        from + Time::try_from(self.next() % u64::try_from(to - from + 1).unwrap()).unwrap()
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.next() % of.len() as u64).unwrap()]
    }
}

/// The properties of a control plane.
struct Plane {
    name: &'static str,
    evidence: bool,
    recalls: bool,
    /// Whether it ends the old credential when it issues another.
    cuts: bool,
    /// Whether its targets' workers seal copies of responses.
    seals: bool,
    life: Option<Time>,
    /// The periods in which it does not respond.
    outages: Vec<(Time, Time)>,
}

struct Made {
    facts: Credential,
    marker: String,
    ended: bool,
}

impl Made {
    fn works(&self, now: Time) -> bool {
        !self.ended && self.facts.expires_at.is_none_or(|at| now < at)
    }
}

/// A sink that fails during its outages.
struct Place {
    name: String,
    compares: bool,
    readable: bool,
    restores: bool,
    version: u32,
    /// The client id that it holds.
    held: String,
    outages: Vec<(Time, Time)>,
}

#[derive(Clone)]
enum Stage {
    Begin,
    /// An issuing call is in flight.
    Sent,
    /// The sink had this version and this content.
    SinkRead(u32, String),
    /// The journal was read again.
    Checked(u32, String),
}

/// The part of a process that deals with one target.
struct Worker {
    life: u32,
    /// The deviation of its clock.
    skew: Time,
    stream: Stream,
    secrets: BTreeSet<String>,
    intent: Option<(u32, u32)>,
    unsealed: BTreeMap<String, (String, bool)>,
    run: Option<(Run, DriverRequest)>,
    stage: Stage,
    /// The number of its last plan. Only the last plan is carried out.
    turn: u64,
}

struct ManagedTarget {
    name: String,
    group: Option<String>,
    plane: usize,
    rules: Rules,
    lines: Vec<String>,
    head: Head,
    stream: Stream,
    failures: Failures,
    made: BTreeMap<String, Made>,
    /// How often the call of each intent arrived.
    calls: BTreeMap<String, u32>,
    /// The sealed copies, by their markers.
    copies: BTreeMap<String, Credential>,
    sinks: Vec<Place>,
    workers: Vec<Worker>,
    person: bool,
    seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Occurrence {
    /// Due rotations begin.
    Tick,
    /// A worker performs its next step.
    Step(usize, usize, u64),
    /// An issuing call takes effect.
    Arrives(usize, String),
    /// A person looks at a target.
    Person(usize),
    /// A person changes their mind about a rotation.
    Regret(usize),
    /// The daily inspection of everything.
    Day,
}

#[derive(Default, Debug)]
struct Counts {
    rotations: u32,
    done: u32,
    undone: u32,
    issued: u32,
    crashes: u32,
    stops: u32,
    lost: u32,
    refused_late: u32,
    persons: u32,
    /// The number of secrets that were restored from a copy.
    unsealed: u32,
    steps: u64,
}

struct World {
    dice: Dice,
    now: Time,
    queue: BinaryHeap<Reverse<(Time, u64, Occurrence)>>,
    planned: u64,
    planes: Vec<Plane>,
    targets: Vec<ManagedTarget>,
    caps: Caps,
    calm: bool,
    counts: Counts,
}

fn down(outages: &[(Time, Time)], now: Time) -> bool {
    let after = outages.partition_point(|(from, _)| *from <= now);
    after > 0 && now < outages[after - 1].1
}

fn outages(dice: &mut Dice, apart: Time, longest: Time) -> Vec<(Time, Time)> {
    let mut all = Vec::new();
    let mut at = BEGIN;
    while at < BEGIN + YEARS {
        at += dice.between(apart / 4, apart * 2);
        let until = at + dice.between(MINUTE, longest);
        all.push((at, until));
        at = until;
    }
    all
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut plane = |name, [evidence, recalls, cuts, seals]: [bool; 4], life| Plane {
            name,
            evidence,
            recalls,
            cuts,
            seals,
            life,
            outages: outages(&mut dice, 20 * DAY, 6 * HOUR),
        };
        let planes = vec![
            plane("log", [true, false, false, false], Some(90 * DAY)),
            plane("recalling", [true, true, false, false], None),
            plane("silent", [false, false, false, false], Some(60 * DAY)),
            plane("cutting", [true, false, true, false], Some(90 * DAY)),
            plane("sealing", [false, false, false, true], Some(90 * DAY)),
            plane("sealing and cutting", [true, false, true, true], None),
        ];
        let caps = Caps { at_a_time: 40, per_provider: BTreeMap::from([("log".to_owned(), 25)]), ..Caps::default() };
        let mut world = Self {
            dice,
            now: BEGIN,
            queue: BinaryHeap::new(),
            planned: 0,
            planes,
            targets: Vec::new(),
            caps,
            calm: false,
            counts: Counts::default(),
        };
        for number in 0..TARGETS {
            let target = world.target(number);
            world.targets.push(target);
        }
        world.at(BEGIN, Occurrence::Tick);
        world.at(BEGIN, Occurrence::Day);
        world
    }

    fn target(&mut self, number: usize) -> ManagedTarget {
        let dice = &mut self.dice;
        let plane = usize::try_from(dice.next() % 6).unwrap();
        let grace = *dice.one(&["0s", "1h", "24h", "3d"]);
        let every = *dice.one(&["30d", "45d", "60d", "never"]);
        // A target without an expiry needs an age.
        let every = if self.planes[plane].life.is_none() && every == "never" { "60d" } else { every };
        let proofs = *dice.one(&[r#"["parsed","token"]"#, r#"["parsed","token","used","quiet"]"#]);
        let windows = *dice.one(&[
            "[]",
            r#"[{"days":["sat","sun"],"from":"22:00","to":"04:00"}]"#,
            r#"[{"from":"01:30","to":"05:00"}]"#,
        ]);
        let zone = *dice.one(&["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]);
        let approval = dice.chance(0.1);
        let policy = format!(
            r#"{{"grace":"{grace}","rotateEvery":"{every}","rotateBefore":"14d","windows":{windows},"zone":"{zone}","proofs":{proofs},"approval":{approval},"overdueAfter":"12d","staleAfter":"never"}}"#
        );
        let rules = Rules::parse(&policy).unwrap();
        let created = BEGIN - dice.between(DAY, 25 * DAY);
        let expires_at = self.planes[plane].life.map(|life| created + life);
        let first =
            Credential { id: "c0".to_owned(), client_id: "c0@".to_owned(), created_at: Some(created), expires_at };
        let sinks = (0..dice.between(1, 3))
            .map(|sink| {
                let compares = dice.chance(0.7);
                Place {
                    name: format!("sink{sink}"),
                    compares,
                    readable: compares || dice.chance(0.6),
                    restores: dice.chance(0.8),
                    version: 0,
                    held: first.client_id.clone(),
                    outages: outages(dice, 60 * DAY, 8 * HOUR),
                }
            })
            .collect();
        let workers = (0..2)
            .map(|_| Worker {
                life: 0,
                skew: dice.between(-SKEW, SKEW),
                stream: Stream::default(),
                secrets: BTreeSet::new(),
                intent: None,
                unsealed: BTreeMap::new(),
                run: None,
                stage: Stage::Begin,
                turn: 0,
            })
            .collect();
        let group = (number % 20 < 4).then(|| format!("group{}", number / 20));
        let mut target = ManagedTarget {
            name: format!("target{number}"),
            group,
            plane,
            rules,
            lines: Vec::new(),
            head: Head::default(),
            stream: Stream::default(),
            failures: Failures::default(),
            made: BTreeMap::new(),
            calls: BTreeMap::new(),
            copies: BTreeMap::new(),
            sinks,
            workers,
            person: false,
            seen: Seen { owner: Some("team".to_owned()), ..Seen::default() },
        };
        let made = Made { facts: first.clone(), marker: String::new(), ended: false };
        target.made.insert(first.id.clone(), made);
        let line =
            target.stream.line(Event::Adopted { credential: first, source: "sink0".to_owned() }, BEGIN, "person");
        target.store(line);
        target
    }

    fn at(&mut self, when: Time, what: Occurrence) {
        self.planned += 1;
        self.queue.push(Reverse((when.max(self.now), self.planned, what)));
    }

    /// Plans the next step of a worker, replacing an earlier plan.
    fn plan(&mut self, number: usize, worker: usize, when: Time) {
        let one = &mut self.targets[number].workers[worker];
        one.turn += 1;
        let turn = one.turn;
        self.at(when, Occurrence::Step(number, worker, turn));
    }

    /// Returns how long the next step takes: usually between `from` and `to`, but now and then the process is paused.
    fn pause(&mut self, number: usize, from: Time, to: Time) -> Time {
        let usual = self.dice.between(from, to);
        if self.calm || !self.dice.chance(0.002) {
            return usual;
        }
        // The documentation bounds the pauses of workers whose sinks cannot compare.
        let target = &self.targets[number];
        let longest =
            if target.sinks.iter().all(|sink| sink.compares) { 3 * HOUR } else { target.rules.policy.hold / 4 };
        self.dice.between(SECOND, longest)
    }

    fn lost(&mut self) -> bool {
        let lost = !self.calm && self.dice.chance(0.01);
        self.counts.lost += u32::from(lost);
        lost
    }

    fn run(&mut self) {
        while let Some(Reverse((at, _, what))) = self.queue.pop() {
            self.now = at;
            match what {
                Occurrence::Tick => self.tick(),
                Occurrence::Day => self.day(),
                Occurrence::Step(number, worker, turn) => {
                    if self.targets[number].workers[worker].turn == turn {
                        self.counts.steps += 1;
                        self.step(number, worker);
                    }
                }
                Occurrence::Arrives(number, marker) => self.arrives(number, marker),
                Occurrence::Person(number) => self.person(number),
                Occurrence::Regret(number) => {
                    if self.targets[number].stream.target().cannot_roll_back().is_none() {
                        self.operate(number, &Command::RollBack);
                    }
                }
            }
        }
    }

    /// Begins due rotations, as far as the caps allow.
    fn tick(&mut self) {
        if self.calm {
            return;
        }
        let now = self.now;
        let candidates: Vec<_> = self
            .targets
            .iter()
            .map(|one| {
                let plane = self.planes[one.plane].name;
                Candidate::new(&one.name, plane, one.stream.target(), Some(&one.rules.schedule), now)
                    .in_group(one.group.as_deref())
                    .after(one.failures)
            })
            .collect();
        let turn = select(&candidates, &self.caps, now);
        for name in turn.begin {
            let number: usize = name.trim_start_matches("target").parse().unwrap();
            self.counts.rotations += 1;
            self.operate(number, &Command::Plan { reason: Reason::Due });
            if self.dice.chance(0.01) {
                let when = now + self.dice.between(SECOND, 30 * HOUR);
                self.at(when, Occurrence::Regret(number));
            }
        }
        let soon = if turn.waiting.is_empty() { 6 * HOUR } else { 15 * MINUTE };
        let next = turn.wake_at.map_or(now + soon, |at| at.clamp(now + MINUTE, now + soon));
        self.at(next, Occurrence::Tick);
    }

    /// Writes the events of an operator. Resting workers see them when they next read.
    fn operate(&mut self, number: usize, command: &Command) {
        let now = self.now;
        let one = &mut self.targets[number];
        let policy = &one.rules.policy;
        let Ok(events) = one.stream.operate(policy, command, now) else { return };
        for event in events {
            let line = one.stream.line(event, now, "person");
            one.store(line);
        }
        for worker in 0..2 {
            if self.targets[number].workers[worker].run.is_none() {
                let when = now + self.dice.between(10, 5 * MINUTE);
                self.plan(number, worker, when);
            }
        }
    }

    fn person(&mut self, number: usize) {
        self.targets[number].person = false;
        self.counts.persons += 1;
        let target = self.targets[number].stream.target().clone();
        let Some(rotation) = &target.rotation else { return self.operate(number, &Command::Resume) };
        match &rotation.stopped {
            None => self.operate(number, &Command::Approve),
            Some((Stop::OutcomeUnknown, _)) => {
                let Phase::Unknown { until, marker, .. } = &rotation.phase else { return };
                let earliest = until + self.targets[number].rules.policy.margin;
                if self.now < earliest {
                    return self.call(number, earliest - self.now);
                }
                let found = self.found(number, marker);
                self.operate(number, &Command::Settle { found });
            }
            Some((Stop::SinkChanged | Stop::NewCredentialRefused, _)) => self.operate(number, &Command::Reissue),
            Some((Stop::RestoreByHand, about)) => {
                let old = rotation.old.clone().unwrap();
                let client_id = target.credentials[&old].credential.client_id.clone();
                let sink = self.targets[number].sinks.iter().position(|sink| sink.name == *about).unwrap();
                self.write(number, sink, client_id);
                self.operate(number, &Command::Restored { sink: about.clone() });
            }
            Some(_) => self.operate(number, &Command::Resume),
        }
    }

    /// Schedules a person to look at a target within 20 hours after `least`, unless one is already scheduled.
    fn call(&mut self, number: usize, least: Time) {
        if !std::mem::replace(&mut self.targets[number].person, true) {
            let when = self.now + least + self.dice.between(HOUR, 20 * HOUR);
            self.at(when, Occurrence::Person(number));
        }
    }

    fn found(&self, number: usize, marker: &str) -> Vec<Credential> {
        let made = self.targets[number].made.values().filter(|made| made.marker == marker && made.works(self.now));
        made.map(|made| made.facts.clone()).collect()
    }

    /// Issues a credential for a call that reaches the control plane.
    fn arrives(&mut self, number: usize, marker: String) {
        let now = self.now;
        let Plane { life, cuts, .. } = self.planes[self.targets[number].plane];
        let one = &mut self.targets[number];
        let calls = one.calls.entry(marker.clone()).or_default();
        *calls += 1;
        assert_eq!(*calls, 1, "{}: two calls for {marker}", one.name);
        let id = format!("c{}", one.made.len());
        let facts = Credential {
            client_id: format!("{id}@"),
            id: id.clone(),
            created_at: Some(now),
            expires_at: life.map(|life| now + life),
        };
        for made in one.made.values_mut().filter(|_| cuts) {
            made.ended = true;
        }
        one.made.insert(id, Made { facts, marker, ended: false });
        self.counts.issued += 1;
    }

    /// Writes a credential to a sink. It has to work, and the previous one has to have worked until now.
    fn write(&mut self, number: usize, sink: usize, client_id: String) {
        self.works(number, sink);
        let place = &mut self.targets[number].sinks[sink];
        place.version += 1;
        place.held = client_id;
        self.works(number, sink);
    }

    fn works(&self, number: usize, sink: usize) {
        let one = &self.targets[number];
        let place = &one.sinks[sink];
        let works = one.made[place.held.trim_end_matches('@')].works(self.now);
        // A control plane that ends the old credential at once leaves consumers without one until the delivery.
        let cut = self.planes[one.plane].cuts && one.stream.target().rotation.is_some();
        assert!(works || cut, "{} holds {} which does not work: {}", place.name, place.held, one.journal_tail());
    }

    /// Performs the next step of a worker, or lets it crash.
    fn step(&mut self, number: usize, worker: usize) {
        if !self.calm && self.dice.chance(0.004) {
            self.counts.crashes += 1;
            let one = &mut self.targets[number].workers[worker];
            *one = Worker {
                life: one.life + 1,
                skew: one.skew,
                stream: Stream::default(),
                secrets: BTreeSet::new(),
                intent: None,
                unsealed: BTreeMap::new(),
                run: None,
                stage: Stage::Begin,
                turn: one.turn,
            };
            let when = self.now + self.dice.between(SECOND, 30 * MINUTE);
            return self.plan(number, worker, when);
        }
        let Some((run, wanted)) = self.targets[number].workers[worker].run.take() else {
            return self.begin(number, worker);
        };
        match wanted {
            DriverRequest::Read { from } => {
                let lines = self.targets[number].after(from);
                self.answer(number, worker, run, DriverReply::Lines { lines });
            }
            DriverRequest::Append { sequence, line } => self.append(number, worker, run, sequence, line),
            DriverRequest::Do { effect } => self.effect(number, worker, run, effect),
            DriverRequest::Finish { .. } => panic!("a finished run continues"),
        }
    }

    fn begin(&mut self, number: usize, worker: usize) {
        let now = self.now;
        let plane = &self.planes[self.targets[number].plane];
        let one = &self.targets[number];
        let hands = Hands {
            worker: format!("w{worker}.{}", one.workers[worker].life),
            secrets: one.workers[worker].secrets.clone(),
            intent: one.workers[worker].intent,
            tried: None,
            sinks: one.sinks.iter().map(|sink| (sink.name.clone(), sink.readable)).collect(),
            evidence: plane.evidence,
            recalls: plane.recalls,
            seals: plane.seals,
            unsealed: one.workers[worker].unsealed.clone(),
            marker: format!("keyturn:{}:", one.name),
        };
        let mut run = Run::new(&one.workers[worker].stream, one.rules.policy.clone(), hands);
        let clock = now + one.workers[worker].skew;
        let wanted = run.resume(None, clock, self.dice.share()).unwrap();
        self.proceed(number, worker, run, wanted);
    }

    fn answer(&mut self, number: usize, worker: usize, mut run: Run, answer: DriverReply) {
        let clock = self.now + self.targets[number].workers[worker].skew;
        self.targets[number].workers[worker].stage = Stage::Begin;
        let wanted = run.resume(Some(answer), clock, self.dice.share()).unwrap();
        self.proceed(number, worker, run, wanted);
    }

    fn proceed(&mut self, number: usize, worker: usize, run: Run, wanted: DriverRequest) {
        if let DriverRequest::Finish { progress } = wanted {
            return self.finish(number, worker, &run, progress);
        }
        self.targets[number].workers[worker].run = Some((run, wanted));
        let pause = self.pause(number, 1, 300);
        self.plan(number, worker, self.now + pause);
    }

    fn finish(&mut self, number: usize, worker: usize, run: &Run, progress: Progress) {
        let one = &mut self.targets[number].workers[worker];
        one.secrets = run.hands().secrets.clone();
        one.intent = run.hands().intent;
        one.unsealed = run.hands().unsealed.clone();
        one.stream = run.stream();
        let skew = one.skew;
        let again = match progress {
            Progress::Again => self.now + self.dice.between(1, 100),
            // Timers are not exact, and others may have written in the meantime.
            Progress::Wake(at) => {
                let late = self.dice.between(0, MINUTE);
                let look = self.now + self.dice.between(HOUR, 6 * HOUR);
                (at - skew + late).min(look)
            }
            Progress::Idle => return,
            Progress::Blocked(..) | Progress::AwaitsApproval => {
                self.counts.stops += u32::from(!self.targets[number].person);
                self.call(number, 0);
                self.now + self.dice.between(HOUR, 12 * HOUR)
            }
        };
        self.plan(number, worker, again);
    }

    fn append(&mut self, number: usize, worker: usize, run: Run, sequence: u64, line: String) {
        let one = &mut self.targets[number];
        let fails = !self.calm && self.dice.chance(0.002);
        let stored = one.lines.len() as u64 + 1 == sequence && !(fails && self.dice.chance(0.5));
        if stored {
            one.store(line.clone());
        }
        if !fails {
            return self.answer(number, worker, run, DriverReply::Appended { stored });
        }
        // The journal failed: the append of an outcome is retried, everything else starts over.
        let one = &mut self.targets[number].workers[worker];
        if run.has_outcome() {
            one.run = Some((run, DriverRequest::Append { sequence, line }));
        } else {
            one.intent = None;
        }
        let when = self.now + self.dice.between(SECOND, 10 * MINUTE);
        self.plan(number, worker, when);
    }

    /// Performs a step of an effect. Effects of several steps keep the run in between.
    fn effect(&mut self, number: usize, worker: usize, mut run: Run, effect: Effect) {
        let now = self.now;
        let clock = now + self.targets[number].workers[worker].skew;
        let outcome = match (&effect, self.targets[number].workers[worker].stage.clone()) {
            (Effect::Issue { until, marker, .. }, Stage::Begin) => {
                if clock >= *until {
                    self.counts.refused_late += 1;
                    Outcome::Failed { code: "out_of_time".to_owned(), again: true }
                } else if down(&self.planes[self.targets[number].plane].outages, now) && !self.calm {
                    Outcome::Failed { code: "connection_failed".to_owned(), again: true }
                } else {
                    let deadline = until - self.targets[number].workers[worker].skew;
                    let slow = !self.calm && self.dice.chance(0.02);
                    let arrives =
                        if slow { self.dice.between(now, deadline + LATE) } else { now + self.dice.between(20, 900) };
                    if !self.lost() {
                        self.at(arrives, Occurrence::Arrives(number, marker.clone()));
                    }
                    let answered = arrives + self.dice.between(20, 900);
                    let one = &mut self.targets[number].workers[worker];
                    one.stage = Stage::Sent;
                    one.run = Some((run, DriverRequest::Do { effect }));
                    return self.plan(number, worker, answered.min(deadline));
                }
            }
            (Effect::Issue { marker, .. }, _) => {
                let made = self.found(number, marker);
                match made.into_iter().next() {
                    Some(credential) if !self.lost() => {
                        // Sealing may fail; the only consequence is that a restart finds no copy.
                        let seals = self.planes[self.targets[number].plane].seals && !self.lost();
                        if seals {
                            self.targets[number].copies.insert(marker.clone(), credential.clone());
                        }
                        Outcome::Issued(credential)
                    }
                    _ => Outcome::Uncertain,
                }
            }
            (Effect::Deliver { client_id, sink, expected, .. }, stage) => {
                match self.write_checked(number, worker, &mut run, stage, (client_id, sink, Some(expected))) {
                    Some(outcome) => outcome,
                    None => return self.later(number, worker, run, effect),
                }
            }
            (Effect::Restore { client_id, sink }, stage) => {
                match self.write_checked(number, worker, &mut run, stage, (client_id, sink, None)) {
                    Some(outcome) => outcome,
                    None => return self.later(number, worker, run, effect),
                }
            }
            (effect, _) => self.perform(number, effect),
        };
        self.answer(number, worker, run, DriverReply::Outcome { outcome });
    }

    fn later(&mut self, number: usize, worker: usize, run: Run, effect: Effect) {
        self.targets[number].workers[worker].run = Some((run, DriverRequest::Do { effect }));
        let pause = self.pause(number, 5, 500);
        self.plan(number, worker, self.now + pause);
    }

    /// Performs an effect of a single request.
    fn perform(&mut self, number: usize, effect: &Effect) -> Outcome {
        let now = self.now;
        let failed = || Outcome::Failed { code: "connection_failed".to_owned(), again: true };
        let yes = |yes: bool| if yes { Outcome::Yes } else { Outcome::No };
        let lost_request = self.lost();
        let lost_answer = self.lost();
        let one = &mut self.targets[number];
        let out = !self.calm
            && match effect {
                Effect::Peek { sink, .. } | Effect::ReadBack { sink, .. } => {
                    one.sinks.iter().any(|place| place.name == *sink && down(&place.outages, now))
                }
                Effect::Parse { .. } | Effect::Unseal { .. } | Effect::Discard { .. } => false,
                _ => down(&self.planes[one.plane].outages, now),
            };
        if out || lost_request {
            return failed();
        }
        let works = |id: &String| one.made.get(id).is_some_and(|made| made.works(now));
        let outcome = match effect {
            Effect::Search { marker, .. } => {
                let made = one.made.values().filter(|made| made.marker == *marker && made.works(now));
                Outcome::Found(made.map(|made| made.facts.clone()).collect())
            }
            Effect::Recall { credential } | Effect::Login { credential } | Effect::Observe { credential } => {
                yes(works(credential))
            }
            Effect::Unseal { marker, .. } => match one.copies.get(marker) {
                Some(credential) => {
                    self.counts.unsealed += 1;
                    Outcome::Issued(credential.clone())
                }
                None => Outcome::Failed { code: "not_sealed".to_owned(), again: false },
            },
            Effect::Discard { marker } => {
                one.copies.remove(marker);
                Outcome::Yes
            }
            Effect::Parse { .. } => Outcome::Yes,
            Effect::Prove { since, .. } => {
                if now > since + 2 * HOUR {
                    Outcome::Yes
                } else {
                    Outcome::NotYet
                }
            }
            Effect::Peek { client_id, sink, .. } | Effect::ReadBack { client_id, sink } => {
                yes(one.sinks.iter().any(|place| place.name == *sink && place.held == *client_id))
            }
            Effect::End { credential } => {
                if let Some(made) = one.made.get_mut(credential) {
                    made.ended = true;
                    let holds = one.sinks.iter().find(|sink| sink.held == made.facts.client_id);
                    assert!(holds.is_none(), "{}: {credential} ends in a sink: {}", one.name, one.journal_tail());
                }
                Outcome::Yes
            }
            Effect::Issue { .. } | Effect::Deliver { .. } | Effect::Restore { .. } => panic!("it has several steps"),
        };
        if lost_answer { failed() } else { outcome }
    }

    /// Reads a sink, reads the journal again, and writes the sink.
    fn write_checked(
        &mut self,
        number: usize,
        worker: usize,
        run: &mut Run,
        stage: Stage,
        (client_id, sink, expected): (&str, &str, Option<&BTreeSet<String>>),
    ) -> Option<Outcome> {
        let failed = Outcome::Failed { code: "connection_failed".to_owned(), again: true };
        let at = self.targets[number].sinks.iter().position(|place| place.name == sink)?;
        let place = &self.targets[number].sinks[at];
        let (version, held, compares) = (place.version, place.held.clone(), place.compares);
        if !self.calm && down(&place.outages, self.now) {
            return Some(failed);
        }
        if expected.is_none() && !place.restores {
            return Some(Outcome::No);
        }
        match stage {
            Stage::Begin | Stage::Sent => {
                let foreign = place.readable && expected.is_some_and(|all| !all.is_empty() && !all.contains(&held));
                if foreign {
                    return Some(Outcome::Differs(held));
                }
                self.targets[number].workers[worker].stage = Stage::SinkRead(version, held);
                None
            }
            Stage::SinkRead(version, held) => {
                let fresh = self.targets[number].after(run.sequence() + 1);
                if !run.still_wanted(&fresh).unwrap() {
                    return Some(Outcome::Moved);
                }
                self.targets[number].workers[worker].stage = Stage::Checked(version, held);
                None
            }
            Stage::Checked(seen, held) => {
                if self.lost() {
                    return Some(failed);
                }
                if compares && version != seen {
                    return Some(Outcome::Moved);
                }
                self.write(number, at, client_id.to_owned());
                if self.lost() {
                    return Some(failed);
                }
                Some(if expected.is_some() { Outcome::Written(Some(held)) } else { Outcome::Yes })
            }
        }
    }

    /// Inspects everything, as a person does once a day.
    fn day(&mut self) {
        let now = self.now;
        for number in 0..self.targets.len() {
            for sink in 0..self.targets[number].sinks.len() {
                self.works(number, sink);
            }
            let one = &mut self.targets[number];
            let alive = one.made.values().filter(|made| made.works(now)).map(|made| made.facts.id.clone());
            one.seen.alive = Some(alive.collect());
        }
        let subjects = self.targets.iter().map(|one| Subject {
            name: &one.name,
            target: one.stream.target(),
            schedule: Some(&one.rules.schedule),
            limits: &one.rules.limits,
            seen: &one.seen,
        });
        for finding in findings(subjects, now) {
            // An orphan is allowed if nobody has its secret, but not if the journal does not know it or ended it.
            let bad = match finding.code {
                Code::Expired | Code::Overdue | Code::NoPolicy => true,
                Code::Orphan => !finding.message.contains("whose secret nobody has"),
                _ => false,
            };
            let number: usize = finding.target.trim_start_matches("target").parse().unwrap();
            assert!(!bad, "{finding:?} {}", self.targets[number].journal_tail());
        }
        if now < BEGIN + YEARS {
            self.at(now + DAY, Occurrence::Day);
        } else {
            // There are no more faults and no new rotations: everything in progress is completed.
            self.calm = true;
        }
    }

    /// Checks the final state.
    fn settled(&mut self) {
        for number in 0..self.targets.len() {
            let one = &self.targets[number];
            let target: &Target = one.stream.target();
            assert!(target.rotation.is_none(), "{} is not over: {}", one.name, one.journal_tail());
            let current = target.current.clone().unwrap();
            let alive: Vec<_> = one.made.values().filter(|made| !made.ended).map(|made| &made.facts.id).collect();
            assert_eq!(alive, [&current], "{}: {}", one.name, one.journal_tail());
            assert!(
                target.sealed.is_empty() && one.copies.is_empty(),
                "{} has copies: {}",
                one.name,
                one.journal_tail()
            );
            let client_id = &one.made[&current].facts.client_id;
            assert!(one.sinks.iter().all(|sink| sink.held == *client_id), "{}: {}", one.name, one.journal_tail());
            for line in &one.lines {
                self.counts.done += u32::from(line.contains(r#""event":"done""#));
                self.counts.undone += u32::from(line.contains(r#""event":"rolled-back""#));
            }
        }
    }
}

impl ManagedTarget {
    fn store(&mut self, line: String) {
        let (entry, head) = chain::read(&self.head, &line).unwrap();
        self.head = head;
        self.failures.apply(&entry);
        self.stream.feed(std::slice::from_ref(&line)).unwrap();
        self.lines.push(line);
    }

    fn after(&self, from: u64) -> Vec<String> {
        self.lines.get(usize::try_from(from).unwrap() - 1..).unwrap_or_default().to_vec()
    }

    /// Returns the end of the journal, for the message of a failure.
    fn journal_tail(&self) -> String {
        self.lines.iter().rev().take(25).rev().map(|line| format!("\n{line}")).collect()
    }
}

#[test]
fn two_years_of_five_hundred_targets() {
    let given = std::env::var("KEYTURN_SEED").ok().map(|seed| seed.parse().expect("KEYTURN_SEED is a number"));
    let seed = given.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::from(since.subsec_nanos()) ^ since.as_secs()
    });
    println!("KEYTURN_SEED={seed}");
    let mut world = World::new(seed);
    world.run();
    world.settled();
    let counts = &world.counts;
    println!("{counts:?}");
    // A simulation in which nothing happens proves nothing.
    assert!(
        counts.done > 4000 && counts.crashes > 500 && counts.lost > 1000 && counts.undone > 10 && counts.unsealed > 10
    );
}
