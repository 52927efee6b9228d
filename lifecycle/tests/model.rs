//! Explores the protocol: two workers and an operator on one target, with crashes, lost requests and answers, and
//! workers that pause and resume late. The model checker explores the shipped state machine itself; the world around it
//! is written here.

#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking, and print what they explored"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use keyturn_lifecycle::{
    Credential, Effect, Entry, Event, Hands, Machine, Outcome, Phase, Policy, Progress, Reply, Request, Role, Target,
    event::{Evidence, Proof, Reason, Stop, Time},
    state::Ended,
};
use stateright::{Checker, Model, Property};

/// The properties of the control plane and the sink, and how often each fault may occur.
#[derive(Clone, Debug)]
struct World {
    /// Whether the control plane's records show the outcome of a call whose response was lost.
    evidence: bool,
    /// Whether the sink compares versions.
    compares: bool,
    /// Whether the control plane ends the old credential when it issues a new one.
    cuts: bool,
    /// Whether the secret of an active credential can be read again.
    recalls: bool,
    /// Whether workers seal copies of responses for use after a restart.
    seals: bool,
    crashes: u8,
    losses: u8,
    /// How often the journal may not respond to an append, which was stored, was not stored, or will be stored later.
    silences: u8,
    /// How often time may pass while a worker is in the middle of something.
    pauses: u8,
    /// How often the operator may report that a problem was resolved.
    resumes: u8,
    /// How often the operator may roll back.
    rollbacks: u8,
    /// How often somebody else may put the old credential into the sink before the grace period is over.
    outside: u8,
    mutant: Option<Mutant>,
}

/// A protocol with one deliberate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    /// The intent is written after the call.
    IntentAfterCall,
    /// Sinks are written without comparing, and a late worker does not read the journal again.
    NoFence,
    /// The old credential is ended without reading the sink back.
    NoReadBack,
    /// The call is made even after its deadline.
    NoDeadline,
    /// A lost credential is ended before another is in the sink.
    LostEndsAtOnce,
    /// An unknown outcome is treated as nothing issued.
    UnknownIsNone,
    /// An append without a response is treated as stored.
    SilenceIsYes,
    /// A sealed copy is deleted before the delivery.
    EarlyDiscard,
    /// A rollback skips sinks that still hold the old credential.
    RestoreByLooking,
}

/// A value that states share until one of them changes it. A step changes little of a state, and copying whole states
/// took most of the time of an exploration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shared<T>(Arc<T>);

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Worker {
    /// The incarnation. It changes with each crash, because a restarted process is another worker.
    life: u8,
    hands: Shared<Hands>,
    run: Option<(Shared<Machine>, Request)>,
    /// The progress of an effect of several steps.
    at: Stage,
    /// The worker is idle until this time, or until the journal has grown beyond this length.
    rest: Option<(Time, usize)>,
    /// An abandoned append that the journal may still store.
    afloat: Option<(u64, Entry)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Begin,
    /// The request was sent; this is the outcome, if the response arrives.
    Sent(Outcome),
    /// The sink had this version and this content.
    SinkRead(u32, String),
    /// The journal was read again.
    Checked(u32, String),
}

#[derive(Clone, Debug)]
struct State {
    now: Time,
    journal: Shared<Vec<Entry>>,
    /// The fold of the journal, kept so that it is not computed again for each use.
    target: Shared<Target>,
    /// The credentials by id: the marker of the intent that issued each, and whether it works.
    provider: Shared<BTreeMap<String, (String, bool)>>,
    /// How often each intent's call reached the provider.
    calls: Shared<BTreeMap<String, u8>>,
    sink: (u32, String),
    /// The sealed copies by marker: the credential, and whether the copy exists.
    copies: Shared<BTreeMap<String, (String, bool)>>,
    workers: Vec<Shared<Worker>>,
    crashes: u8,
    losses: u8,
    silences: u8,
    pauses: u8,
    resumes: u8,
    rollbacks: u8,
    outside: u8,
}

impl State {
    fn append(&mut self, mut entry: Entry) {
        // The author of an event matters only for the few that begin something; journals that differ only in other
        // authors are equivalent.
        if !matches!(entry.event, Event::Issuing { .. } | Event::Issued { .. } | Event::Late { .. }) {
            entry.by.clear();
        }
        self.target.apply(&entry);
        self.journal.push(entry);
        let length = self.journal.len();
        for worker in &mut self.workers {
            // A pending append that will be refused is equivalent to starting over later.
            if let Some((machine, Request::Append(sequence, _))) = &worker.run
                && *sequence <= length as u64
                && !machine.has_outcome()
            {
                worker.run = None;
            }
            if worker.rest.is_some_and(|(_, seen)| seen != length) {
                worker.rest = None;
            }
        }
    }

    /// Returns whether a worker has something to do at once, so that letting time pass means pausing it.
    fn is_busy(&self) -> bool {
        self.workers.iter().any(|worker| worker.rest.is_none())
    }

    fn key(&self) -> impl Hash + PartialEq + '_ {
        let faults = (self.crashes, self.losses, self.silences, self.pauses);
        let budgets = (faults, self.resumes, self.rollbacks, self.outside);
        (self.now, &self.journal, &self.provider, &self.calls, &self.sink, &self.copies, &self.workers, budgets)
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key().hash(hasher);
    }
}

/// The state of a machine follows from its request and from how much of the journal it has read, so the hash of a
/// worker covers only these of its run.
impl Hash for Worker {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let run = self.run.as_ref().map(|(machine, ask)| (machine.target().sequence, ask));
        (self.life, &self.hands, run, &self.at, &self.rest, &self.afloat).hash(hasher);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    Start(usize),
    Step(usize),
    LoseRequest(usize),
    LoseAnswer(usize),
    /// The journal does not respond. The flag tells whether it has stored the event.
    Silence(usize, bool),
    /// The journal stores an event whose append was abandoned.
    Land(usize),
    Crash(usize),
    Pass(Time),
    Settle,
    Resume,
    Reissue,
    RollBack,
    Outside,
}

static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy {
    grace: 100,
    proofs: BTreeSet::from([Proof::Parsed, Proof::Token]),
    call_deadline: 10,
    margin: 2,
    hold: 20,
    poll: 10,
    max_intents: 3,
    max_failures: 6,
    backoff: 2,
    max_backoff: 4,
    ..Policy::default()
});

fn credential(id: &str) -> Credential {
    Credential { id: id.to_owned(), client_id: format!("{id}@"), created_at: None, expires_at: None }
}

fn id_of(client_id: &str) -> String {
    client_id.trim_end_matches('@').to_owned()
}

const WORKS: &str = "the sink holds a credential that works";
const TWICE: &str = "nothing is issued twice for an intent";
const KNOWN: &str = "every living credential is in the sink, in the journal, or in a window of doubt";
const ENDS: &str = "in the end every rotation is over, with one credential alive, in the sink";
const KEPT: &str = "what was sealed is neither lost nor replaced";
const DONE: &str = "a rotation is done";

const SINK: &str = "sink";

impl World {
    fn calm() -> Self {
        Self {
            evidence: true,
            compares: true,
            cuts: false,
            recalls: false,
            seals: false,
            crashes: 0,
            losses: 0,
            silences: 0,
            pauses: 0,
            resumes: 2,
            rollbacks: 0,
            outside: 0,
            mutant: None,
        }
    }

    fn hands(&self, worker: usize, life: u8) -> Hands {
        Hands {
            worker: format!("w{worker}.{life}"),
            sinks: BTreeMap::from([(SINK.to_owned(), true)]),
            evidence: self.evidence,
            recalls: self.recalls,
            seals: self.seals,
            marker: String::new(),
            ..Hands::default()
        }
    }

    /// Returns the policy. With [`Mutant::NoDeadline`] it has no margin, so that one late call is already too late.
    fn policy(&self) -> &'static Policy {
        static AT_ONCE: LazyLock<Policy> = LazyLock::new(|| Policy { margin: 0, ..POLICY.clone() });
        if self.is(Mutant::NoDeadline) { &AT_ONCE } else { &POLICY }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Passes the reply to a worker's machine.
    fn reply(&self, state: &mut State, worker: usize, reply: Option<Reply>) {
        let now = state.now;
        let length = state.journal.len();
        let one = &mut *state.workers[worker];
        one.at = Stage::Begin;
        let Some((machine, ask)) = &mut one.run else { return };
        *ask = machine.resume(reply, self.policy(), &mut one.hands, now, 0.0);
        // Reading early and reading late are equivalent: a worker that read too early fails to append, and reads again.
        // A worker's internal steps are invisible to others.
        loop {
            let reply = match ask {
                Request::Read(from) => {
                    Reply::Entries(state.journal.get(*from as usize - 1..).unwrap_or_default().to_vec())
                }
                Request::Do(Effect::Parse { .. } | Effect::Prove { .. }) => Reply::Outcome(Outcome::Yes),
                _ => break,
            };
            *ask = machine.resume(Some(reply), self.policy(), &mut one.hands, now, 0.0);
        }
        if let Request::Finish(progress) = ask {
            one.rest = match progress {
                Progress::Again => None,
                Progress::Wake(at) => Some((*at, length)),
                Progress::Idle | Progress::Blocked(..) | Progress::AwaitsApproval => Some((Time::MAX, length)),
            };
            one.run = None;
        }
    }

    fn issue(&self, state: &mut State, marker: &str) -> String {
        *state.calls.entry(marker.to_owned()).or_default() += 1;
        let id = format!("c{}", state.provider.len());
        if self.cuts {
            for (_, alive) in state.provider.values_mut() {
                *alive = false;
            }
        }
        state.provider.insert(id.clone(), (marker.to_owned(), true));
        id
    }

    /// Performs one step of a worker's request.
    fn step(&self, state: &mut State, worker: usize, lose_request: bool, lose_answer: bool) {
        let Some((_, ask)) = &state.workers[worker].run else { return };
        let reply = match ask.clone() {
            Request::Append(sequence, entry) => {
                if let (true, Event::Issuing { marker, .. }) = (self.is(Mutant::IntentAfterCall), &entry.event)
                    && state.workers[worker].at == Stage::Begin
                {
                    self.issue(state, marker);
                    state.workers[worker].at = Stage::Sent(Outcome::Uncertain);
                    return;
                }
                let free = state.journal.len() as u64 + 1 == sequence;
                if free {
                    if let (true, Event::Lost { credential, .. }) = (self.is(Mutant::LostEndsAtOnce), &entry.event) {
                        state.provider.get_mut(credential).unwrap().1 = false;
                    }
                    let own = state.workers[worker].run.take();
                    state.append(entry);
                    state.workers[worker].run = own;
                }
                Reply::Appended(free)
            }
            Request::Do(effect) => match self.effect(state, worker, &effect, lose_request, lose_answer) {
                Some(outcome) => {
                    if let Outcome::Issued(credential) = &outcome {
                        state.workers[worker].hands.secrets.insert(credential.id.clone());
                    }
                    Reply::Outcome(outcome)
                }
                None => return,
            },
            Request::Read(_) | Request::Finish(_) => return,
        };
        self.reply(state, worker, Some(reply));
    }

    /// Performs one step of an effect. Returns its outcome once it is over.
    fn effect(
        &self,
        state: &mut State,
        worker: usize,
        effect: &Effect,
        no_request: bool,
        no_answer: bool,
    ) -> Option<Outcome> {
        let failed = Outcome::Failed { code: "lost".to_owned(), again: true };
        let at = state.workers[worker].at.clone();
        match effect {
            Effect::Issue { marker, until, .. } => match at {
                Stage::Begin if state.now >= *until && !self.is(Mutant::NoDeadline) => {
                    Some(Outcome::Failed { code: "out_of_time".to_owned(), again: true })
                }
                Stage::Begin => {
                    let answer = if no_request {
                        Outcome::Uncertain
                    } else {
                        let id = if self.is(Mutant::IntentAfterCall) {
                            state
                                .provider
                                .iter()
                                .find(|(_, (made, _))| made == marker)
                                .map(|(id, _)| id.clone())
                                .unwrap()
                        } else {
                            self.issue(state, marker)
                        };
                        Outcome::Issued(credential(&id))
                    };
                    state.workers[worker].at = Stage::Sent(answer);
                    None
                }
                Stage::Sent(answer) => {
                    if let (Outcome::Issued(credential), true, false) = (&answer, self.seals, no_answer) {
                        state.copies.insert(marker.clone(), (credential.id.clone(), true));
                    }
                    Some(if no_answer { Outcome::Uncertain } else { answer })
                }
                _ => Some(failed),
            },
            Effect::Search { marker, .. } => {
                if no_request {
                    return Some(failed);
                }
                if self.is(Mutant::UnknownIsNone) {
                    return Some(Outcome::Found(Vec::new()));
                }
                Some(Outcome::Found(self.made(state, marker)))
            }
            Effect::Recall { credential } => {
                if no_request {
                    return Some(failed);
                }
                let alive = state.provider.get(credential).is_some_and(|(_, alive)| *alive);
                if alive {
                    state.workers[worker].hands.secrets.insert(credential.clone());
                }
                Some(if alive { Outcome::Yes } else { Outcome::No })
            }
            Effect::Unseal { marker, .. } => Some(match state.copies.get(marker) {
                _ if no_request => failed,
                Some((id, true)) => Outcome::Issued(credential(id)),
                _ => Outcome::Failed { code: "not_sealed".to_owned(), again: false },
            }),
            Effect::Discard { marker } => {
                if no_request {
                    return Some(failed);
                }
                if let Some((_, there)) = state.copies.get_mut(marker) {
                    *there = false;
                }
                Some(if no_answer { failed } else { Outcome::Yes })
            }
            Effect::Parse { .. } => Some(Outcome::Yes),
            Effect::Login { credential } | Effect::Observe { credential } => {
                if no_request {
                    return Some(failed);
                }
                let alive = state.provider.get(credential).is_some_and(|(_, alive)| *alive);
                Some(if alive { Outcome::Yes } else { Outcome::No })
            }
            Effect::Prove { .. } => Some(Outcome::Yes),
            Effect::ReadBack { client_id, .. } | Effect::Peek { client_id, .. } => {
                if no_request {
                    return Some(failed);
                }
                let is = state.sink.1 == *client_id
                    || self.is(Mutant::NoReadBack) && matches!(effect, Effect::ReadBack { .. });
                Some(if is { Outcome::Yes } else { Outcome::No })
            }
            Effect::Deliver { client_id, expected, .. } => {
                if self.is(Mutant::EarlyDiscard) {
                    for (_, there) in state.copies.values_mut() {
                        *there = false;
                    }
                }
                self.write(state, worker, at, effect, (client_id, Some(expected)), no_request, no_answer)
            }
            Effect::Restore { client_id, .. } => {
                self.write(state, worker, at, effect, (client_id, None), no_request, no_answer)
            }
            Effect::End { credential } => {
                if no_request {
                    return Some(failed);
                }
                if let Some((_, alive)) = state.provider.get_mut(credential) {
                    *alive = false;
                }
                Some(if no_answer { failed } else { Outcome::Yes })
            }
        }
    }

    /// Reads a sink, reads the journal again, and writes the sink.
    #[allow(clippy::too_many_arguments, reason = "the fields of the effect")]
    fn write(
        &self,
        state: &mut State,
        worker: usize,
        at: Stage,
        effect: &Effect,
        (client_id, expected): (&str, Option<&BTreeSet<String>>),
        no_request: bool,
        no_answer: bool,
    ) -> Option<Outcome> {
        match at {
            Stage::Begin => {
                let (version, held) = state.sink.clone();
                if let Some(expected) = expected
                    && !expected.is_empty()
                    && !expected.contains(&held)
                {
                    return Some(Outcome::Differs(held));
                }
                if expected.is_none() && self.is(Mutant::RestoreByLooking) && held == client_id {
                    return Some(Outcome::Yes);
                }
                state.workers[worker].at = Stage::SinkRead(version, held);
                None
            }
            Stage::SinkRead(version, held) => {
                let one = &mut *state.workers[worker];
                let (machine, _) = one.run.as_mut().unwrap();
                let fresh = state.journal.get(machine.target().sequence as usize..).unwrap_or_default().to_vec();
                if !machine.still_wanted(&fresh, effect) && !self.is(Mutant::NoFence) {
                    return Some(Outcome::Moved);
                }
                one.at = Stage::Checked(version, held);
                None
            }
            Stage::Checked(version, held) => {
                if no_request {
                    return Some(Outcome::Failed { code: "lost".to_owned(), again: true });
                }
                if self.compares && state.sink.0 != version && !self.is(Mutant::NoFence) {
                    return Some(Outcome::Moved);
                }
                state.sink = (state.sink.0 + 1, client_id.to_owned());
                Some(match expected {
                    _ if no_answer => Outcome::Uncertain,
                    Some(_) => Outcome::Written(Some(held)),
                    None => Outcome::Yes,
                })
            }
            Stage::Sent(_) => Some(Outcome::Moved),
        }
    }

    /// Makes a worker abandon an append. It keeps only what no other worker knows.
    fn silence(&self, state: &mut State, worker: usize, stored: bool) {
        let Some((machine, Request::Append(sequence, entry))) = state.workers[worker].run.take() else { return };
        if self.is(Mutant::SilenceIsYes) {
            state.workers[worker].run = Some((machine, Request::Append(sequence, entry)));
            self.reply(state, worker, Some(Reply::Appended(true)));
            return;
        }
        let outcome = machine.has_outcome();
        if stored {
            if state.journal.len() as u64 + 1 == sequence {
                state.append(entry.clone());
            }
        } else {
            state.workers[worker].afloat = Some((sequence, entry.clone()));
        }
        if outcome {
            state.workers[worker].run = Some((machine, Request::Append(sequence, entry)));
        } else {
            state.workers[worker].hands.intent = None;
        }
    }

    fn made(&self, state: &State, marker: &str) -> Vec<Credential> {
        let made = state.provider.iter().filter(|(_, (made, alive))| made == marker && *alive);
        made.map(|(id, _)| credential(id)).collect()
    }

    /// Returns the next moment at which a resting worker has something to do.
    fn next_wake(&self, state: &State) -> Option<Time> {
        let rests = state.workers.iter().filter_map(|worker| worker.rest.as_ref());
        rests.map(|(at, _)| *at).filter(|at| *at > state.now && *at < Time::MAX).min()
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let first = credential("c0");
        let entry = |event| Entry { at: 0, by: "operator".to_owned(), event };
        let worker = |number| Worker {
            life: 0,
            hands: self.hands(number, 0).into(),
            run: None,
            at: Stage::Begin,
            rest: None,
            afloat: None,
        };
        let journal = vec![
            entry(Event::Adopted { credential: first, source: SINK.to_owned() }),
            entry(Event::Planned { rotation: 1, reason: Reason::Asked }),
        ];
        vec![State {
            now: 1,
            target: Target::fold(&journal).into(),
            journal: journal.into(),
            provider: BTreeMap::from([("c0".to_owned(), (String::new(), true))]).into(),
            calls: BTreeMap::new().into(),
            sink: (0, "c0@".to_owned()),
            copies: BTreeMap::new().into(),
            workers: (0..2).map(|number| worker(number).into()).collect(),
            crashes: self.crashes,
            losses: self.losses,
            silences: self.silences,
            pauses: self.pauses,
            resumes: self.resumes,
            rollbacks: self.rollbacks,
            outside: self.outside,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let target = &state.target;
        for (number, worker) in state.workers.iter().enumerate() {
            match &worker.run {
                None => {
                    let rests =
                        worker.rest.as_ref().is_some_and(|(at, seen)| state.now < *at && state.journal.len() == *seen);
                    let over =
                        target.rotation.is_none() && target.ending().next().is_none() && target.sealed.is_empty();
                    if !rests && !over {
                        actions.push(Action::Start(number));
                    }
                }
                Some((_, ask)) => {
                    actions.push(Action::Step(number));
                    if let (Request::Append(..), 1.., None) = (ask, state.silences, &worker.afloat) {
                        actions.push(Action::Silence(number, true));
                        actions.push(Action::Silence(number, false));
                    }
                    if state.losses > 0
                        && let Request::Do(effect) = ask
                    {
                        let sends = match effect {
                            Effect::Issue { .. } => worker.at == Stage::Begin,
                            Effect::Deliver { .. } | Effect::Restore { .. } => matches!(worker.at, Stage::Checked(..)),
                            Effect::Parse { .. } | Effect::Prove { .. } => false,
                            _ => true,
                        };
                        if sends {
                            actions.push(Action::LoseRequest(number));
                        }
                        let answers = match effect {
                            Effect::Issue { .. } => matches!(worker.at, Stage::Sent(..)),
                            Effect::Deliver { .. } | Effect::Restore { .. } => matches!(worker.at, Stage::Checked(..)),
                            Effect::End { .. } | Effect::Discard { .. } => true,
                            _ => false,
                        };
                        if answers {
                            actions.push(Action::LoseAnswer(number));
                        }
                    }
                }
            }
            if worker.afloat.is_some() {
                actions.push(Action::Land(number));
            }
            // A worker that holds nothing and does nothing is unchanged by a crash.
            if state.crashes > 0 && (worker.run.is_some() || !worker.hands.secrets.is_empty()) {
                actions.push(Action::Crash(number));
            }
        }
        if let Some(at) = self.next_wake(state)
            && (!state.is_busy() || state.pauses > 0)
        {
            actions.push(Action::Pass(at));
        }
        let Some(rotation) = &target.rotation else { return };
        if let (Phase::Unknown { until, .. }, Some((Stop::OutcomeUnknown, _))) = (&rotation.phase, &rotation.stopped) {
            // A person looks once no call can be in flight any more.
            if state.now >= until + POLICY.margin {
                actions.push(Action::Settle);
            } else if self.next_wake(state).is_none() && (!state.is_busy() || state.pauses > 0) {
                actions.push(Action::Pass(until + POLICY.margin));
            }
        } else if let (Some((reason, _)), 1..) = (&rotation.stopped, state.resumes) {
            match reason {
                // The delivered credential is gone from the sink, so it has to be issued again.
                Stop::SinkChanged | Stop::NewCredentialRefused => actions.push(Action::Reissue),
                _ => actions.push(Action::Resume),
            }
        }
        if state.rollbacks > 0 && target.cannot_roll_back().is_none() {
            actions.push(Action::RollBack);
        }
        let in_time = !matches!(&rotation.phase, Phase::Grace { until, .. } if state.now >= *until);
        if state.outside > 0 && in_time && state.sink.1 != "c0@" && state.provider["c0"].1 {
            actions.push(Action::Outside);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let operator = |state: &mut State, event| {
            state.append(Entry { at: state.now, by: "operator".to_owned(), event });
        };
        match action {
            Action::Start(worker) => {
                state.workers[worker].rest = None;
                state.workers[worker].run =
                    Some((Machine::new(Target::default()).into(), Request::Finish(Progress::Idle)));
                self.reply(&mut state, worker, None);
            }
            Action::Step(worker) => self.step(&mut state, worker, false, false),
            Action::LoseRequest(worker) => {
                state.losses -= 1;
                self.step(&mut state, worker, true, false);
            }
            Action::LoseAnswer(worker) => {
                state.losses -= 1;
                self.step(&mut state, worker, false, true);
            }
            Action::Silence(worker, stored) => {
                state.silences -= 1;
                self.silence(&mut state, worker, stored);
            }
            Action::Land(worker) => {
                let (sequence, entry) = state.workers[worker].afloat.take()?;
                if state.journal.len() as u64 + 1 == sequence {
                    state.append(entry);
                }
            }
            Action::Crash(number) => {
                state.crashes -= 1;
                let life = state.workers[number].life + 1;
                state.workers[number] = Worker {
                    life,
                    hands: self.hands(number, life).into(),
                    run: None,
                    at: Stage::Begin,
                    rest: None,
                    afloat: None,
                }
                .into();
            }
            Action::Pass(at) => {
                if state.is_busy() {
                    state.pauses -= 1;
                }
                state.now = at;
                for worker in &mut state.workers {
                    if worker.rest.is_some_and(|(until, _)| until <= at) {
                        worker.rest = None;
                    }
                }
            }
            Action::Settle => {
                let rotation = state.target.rotation.clone();
                let Some(Phase::Unknown { intent, marker, .. }) = rotation.map(|rotation| rotation.phase) else {
                    return None;
                };
                let found = self.made(&state, &marker);
                operator(&mut state, Event::Settled { intent, found, evidence: Evidence::Person });
            }
            Action::Resume => {
                state.resumes -= 1;
                operator(&mut state, Event::Resumed);
            }
            Action::Reissue => {
                state.resumes -= 1;
                let id = state.target.new_credential()?.credential.id.clone();
                operator(&mut state, Event::Resumed);
                operator(&mut state, Event::Lost { credential: id, code: String::new() });
            }
            Action::RollBack => {
                state.rollbacks -= 1;
                operator(&mut state, Event::RollingBack);
            }
            Action::Outside => {
                state.outside -= 1;
                state.sink = (state.sink.0 + 1, "c0@".to_owned());
            }
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(WORKS, |world: &World, state: &State| {
                world.cuts || state.provider.get(&id_of(&state.sink.1)).is_some_and(|(_, alive)| *alive)
            }),
            Property::always(TWICE, |_, state: &State| state.calls.values().all(|calls| *calls <= 1)),
            Property::always(KNOWN, |_, state: &State| {
                let target = &state.target;
                let doubt = target.doubt().map(|doubt| doubt.marker);
                state.provider.iter().all(|(id, (marker, alive))| {
                    !alive
                        || state.sink.1 == format!("{id}@")
                        || target.credentials.contains_key(id)
                        || doubt.as_ref() == Some(marker)
                        // A running worker will receive the response and write it.
                        || state.workers.iter().any(|worker| holds_answer(worker, id))
                })
            }),
            Property::always(ENDS, |world: &World, state: &State| {
                let mut actions = Vec::new();
                world.actions(state, &mut actions);
                if !actions.is_empty() {
                    return true;
                }
                let target = &state.target;
                if target.rotation.as_ref().is_some_and(|rotation| rotation.stopped.is_some()) && state.resumes == 0 {
                    // The rotation stopped for a person more often than the person of this world acts.
                    return true;
                }
                let alive: Vec<_> = state.provider.iter().filter(|(_, (_, alive))| *alive).map(|(id, _)| id).collect();
                target.rotation.is_none()
                    && target.last.is_some()
                    && target.sealed.is_empty()
                    && state.copies.values().all(|(_, there)| !there)
                    && alive == [&id_of(&state.sink.1)]
                    && target.current.as_deref() == Some(&id_of(&state.sink.1))
            }),
            Property::always(KEPT, |world: &World, state: &State| {
                let by_person = state.resumes < world.resumes || state.rollbacks < world.rollbacks;
                by_person
                    || state.copies.values().all(|(id, _)| {
                        let role = state.target.credentials.get(id).map(|known| known.role);
                        !matches!(role, Some(Role::Orphan | Role::Leftover))
                    })
            }),
            Property::sometimes(DONE, |_, state: &State| {
                state.target.last.is_some_and(|(ended, _)| ended == Ended::Done)
            }),
        ]
    }
}

fn holds_answer(worker: &Worker, id: &str) -> bool {
    matches!(&worker.at, Stage::Sent(Outcome::Issued(credential)) if credential.id == id)
        || worker.hands.secrets.contains(id)
}

/// A violated property and the path to it.
struct Found {
    property: &'static str,
    story: String,
}

/// Explores a world to the end, or to the first violation.
fn explore(name: &str, world: World) -> Option<Found> {
    let mutant = world.mutant.is_some();
    let checker = world.checker().threads(2).spawn_dfs().join();
    println!("{name}: {} states, depth {}", checker.unique_state_count(), checker.max_depth());
    let wrong = checker.discoveries().into_iter().find(|(property, _)| *property != DONE);
    if let Some((property, path)) = wrong {
        let last = path.last_state().clone();
        let describe = |entry: &Entry| format!("  {} {} {:?}\n", entry.at, entry.by, entry.event);
        let events: String = last.journal.iter().map(describe).collect();
        let actions = path.into_actions();
        let story = format!("{actions:?}\n{events}sink {:?}, provider {:?}", last.sink, last.provider);
        return Some(Found { property, story });
    }
    if !mutant {
        checker.assert_any_discovery(DONE);
    }
    None
}

fn holds(name: &str, world: World) {
    if let Some(Found { property, story }) = explore(name, world) {
        panic!("{name}: not so: {property}\n{story}");
    }
}

fn caught(mutant: Mutant, world: World, expected: &[&str]) {
    let found = explore(&format!("mutant {mutant:?}"), World { mutant: Some(mutant), ..world });
    let Some(found) = found else { panic!("{mutant:?} was not caught") };
    println!("  caught: not so: {}", found.property);
    assert!(expected.contains(&found.property), "{mutant:?}: {}\n{}", found.property, found.story);
}

#[test]
fn one_thing_goes_wrong() {
    holds("calm", World::calm());
    holds("a pause", World { pauses: 1, ..World::calm() });
    holds("a crash", World { crashes: 1, ..World::calm() });
    holds("a loss", World { losses: 1, ..World::calm() });
    holds("a rollback", World { rollbacks: 1, ..World::calm() });
    holds("another hand", World { outside: 1, ..World::calm() });
}

#[test]
fn two_things_go_wrong() {
    holds("a crash and a loss", World { crashes: 1, losses: 1, ..World::calm() });
    holds("a rollback and a crash", World { rollbacks: 1, crashes: 1, ..World::calm() });
    holds("a rollback and a loss", World { rollbacks: 1, losses: 1, resumes: 0, ..World::calm() });
    holds("a rollback and a pause", World { rollbacks: 1, pauses: 1, resumes: 0, ..World::calm() });
}

#[test]
fn a_worker_stops_and_something_goes_wrong() {
    holds("a pause and a loss", World { pauses: 1, losses: 1, resumes: 1, ..World::calm() });
    holds("a pause and a crash", World { pauses: 1, crashes: 1, resumes: 1, ..World::calm() });
}

#[test]
fn a_journal_that_gives_no_answer() {
    let world = World { silences: 1, resumes: 0, ..World::calm() };
    holds("a silence", world.clone());
    holds("two silences", World { silences: 2, ..world.clone() });
    holds("a silence and a crash", World { crashes: 1, ..world.clone() });
    // The call was not made, so no person is asked about its outcome.
    holds("a silence, no evidence", World { evidence: false, ..world.clone() });
    caught(Mutant::SilenceIsYes, World { crashes: 1, ..world }, &[KNOWN, WORKS, ENDS, TWICE]);
}

#[test]
fn without_evidence_a_person_settles() {
    let world = World { evidence: false, resumes: 1, ..World::calm() };
    holds("no evidence, a crash", World { crashes: 1, ..world.clone() });
    holds("no evidence, a loss", World { losses: 1, ..world.clone() });
    holds("no evidence, a pause", World { pauses: 1, ..world });
}

#[test]
fn a_tenant_that_ends_the_old_credential_at_once() {
    let world = World { cuts: true, resumes: 1, ..World::calm() };
    holds("cuts, a crash", World { crashes: 1, ..world.clone() });
    holds("cuts, a rollback", World { rollbacks: 1, ..world.clone() });
    holds("cuts, a rollback and a crash", World { rollbacks: 1, crashes: 1, ..world.clone() });
    holds("cuts, a loss", World { losses: 1, ..world });
}

#[test]
fn secrets_that_can_be_recalled() {
    let world = World { recalls: true, resumes: 1, ..World::calm() };
    holds("recalls, a crash", World { crashes: 1, ..world.clone() });
    holds("recalls, a pause", World { pauses: 1, ..world });
}

#[test]
fn answers_that_are_sealed_for_a_restart() {
    let world = World { seals: true, resumes: 1, ..World::calm() };
    holds("sealed, calm", world.clone());
    holds("sealed, a crash", World { crashes: 1, ..world.clone() });
    holds("sealed, a loss", World { losses: 1, ..world.clone() });
    holds("sealed, a pause", World { pauses: 1, ..world.clone() });
    holds("sealed, a rollback", World { rollbacks: 1, ..world.clone() });
    holds("sealed, no evidence, a crash", World { evidence: false, crashes: 1, ..world.clone() });
    holds("sealed, cuts, a crash", World { cuts: true, crashes: 1, ..world.clone() });
    holds("sealed, a crash and a loss", World { crashes: 1, losses: 1, resumes: 0, ..world });
}

#[test]
fn a_sink_without_versions_is_safe_unless_workers_pause() {
    let world = World { compares: false, resumes: 1, ..World::calm() };
    holds("no comparing, a crash", World { crashes: 1, ..world.clone() });
    // The assumption about leases is necessary.
    let late = explore("no comparing, pauses", World { pauses: 2, resumes: 0, ..world });
    assert!(late.is_some_and(|found| [WORKS, ENDS].contains(&found.property)));
}

#[test]
fn mutants_are_caught() {
    let crash = World { crashes: 1, ..World::calm() };
    let late = World { pauses: 2, resumes: 0, ..World::calm() };
    caught(Mutant::IntentAfterCall, crash.clone(), &[KNOWN, TWICE, ENDS]);
    caught(Mutant::NoFence, late.clone(), &[WORKS, ENDS]);
    caught(Mutant::NoReadBack, World { outside: 1, ..World::calm() }, &[WORKS, ENDS]);
    // The call is late, and then the worker is lost together with the response.
    caught(Mutant::NoDeadline, World { crashes: 1, pauses: 1, resumes: 0, ..World::calm() }, &[KNOWN, ENDS, TWICE]);
    caught(Mutant::LostEndsAtOnce, late, &[WORKS, ENDS]);
    caught(Mutant::UnknownIsNone, World { losses: 1, ..World::calm() }, &[KNOWN, ENDS]);
    caught(Mutant::EarlyDiscard, World { seals: true, ..crash }, &[KEPT]);
    caught(Mutant::RestoreByLooking, World { rollbacks: 1, pauses: 1, resumes: 1, ..World::calm() }, &[WORKS, ENDS]);
}
