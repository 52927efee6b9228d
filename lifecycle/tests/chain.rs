//! The journal's lines: every event round-trips, no changed line is accepted, and no event has a field for a secret.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use keyturn_lifecycle::{
    Credential, Entry, Event,
    chain::{Fault, Head, read, write},
    event::{Evidence, Proof, Reason, Step, Stop},
};
use proptest::prelude::*;
use serde_json::Value;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z:.-]{0,12}", any::<String>()]
}

/// Generates times that JavaScript represents exactly.
fn times() -> impl Strategy<Value = i64> {
    -(1_i64 << 53)..(1_i64 << 53)
}

fn credentials() -> impl Strategy<Value = Credential> {
    (texts(), texts(), any::<Option<u32>>(), any::<Option<i32>>()).prop_map(|(id, client_id, created, expires)| {
        Credential { id, client_id, created_at: created.map(i64::from), expires_at: expires.map(i64::from) }
    })
}

fn steps() -> impl Strategy<Value = Step> {
    prop::sample::select(vec![
        Step::Issue,
        Step::Search,
        Step::Recall,
        Step::Parse,
        Step::Login,
        Step::Look,
        Step::Deliver,
        Step::ReadBack,
        Step::Restore,
        Step::End,
        Step::Unseal,
        Step::Discard,
    ])
}

fn stops() -> impl Strategy<Value = Stop> {
    prop::sample::select(vec![
        Stop::OutcomeUnknown,
        Stop::TooManyIntents,
        Stop::Refused,
        Stop::NewCredentialRefused,
        Stop::SinkDiffers,
        Stop::RestoreByHand,
        Stop::SinkChanged,
        Stop::TooManyFailures,
    ])
}

fn proofs() -> impl Strategy<Value = Proof> {
    prop::sample::select(vec![Proof::Parsed, Proof::Token, Proof::Used, Proof::Quiet, Proof::Healthy])
}

/// Generates every kind of event. `fields_of` does not compile without a new variant, which has to be added here, too.
fn events() -> impl Strategy<Value = Event> {
    let reasons = prop::sample::select(vec![Reason::Asked, Reason::Due, Reason::First]);
    let evidence = prop::sample::select(vec![Evidence::Provider, Evidence::Person, Evidence::Answer]);
    let found = prop::collection::vec(credentials(), 0..3);
    let optional = prop::option::of(times());
    let one =
        prop_oneof![
            (credentials(), texts()).prop_map(|(credential, source)| Event::Adopted { credential, source }),
            (any::<u32>(), reasons).prop_map(|(rotation, reason)| Event::Planned { rotation, reason }),
            (any::<u32>(), texts(), times(), any::<bool>())
                .prop_map(|(intent, marker, until, sealed)| Event::Issuing { intent, marker, until, sealed }),
            (any::<u32>(), texts(), optional).prop_map(|(intent, code, retry_at)| Event::NotIssued {
                intent,
                code,
                retry_at
            }),
            (any::<u32>(), credentials(), times()).prop_map(|(intent, credential, hold_until)| Event::Issued {
                intent,
                credential,
                hold_until
            }),
            any::<u32>().prop_map(|intent| Event::Unknown { intent }),
            (any::<u32>(), found, evidence).prop_map(|(intent, found, evidence)| Event::Settled {
                intent,
                found,
                evidence
            }),
            (any::<u32>(), any::<u32>(), credentials(), times()).prop_map(
                |(rotation, intent, credential, hold_until)| {
                    Event::Late { rotation, intent, credential, hold_until }
                }
            ),
            times().prop_map(|hold_until| Event::Held { hold_until }),
        ];
    let two = prop_oneof![
        (texts(), texts()).prop_map(|(credential, code)| Event::Lost { credential, code }),
        texts().prop_map(|marker| Event::Discarded { marker }),
        any::<bool>().prop_map(|overlap| Event::Observed { overlap }),
        proofs().prop_map(|proof| Event::Verified { proof }),
        (texts(), prop::option::of(texts())).prop_map(|(sink, replaced)| Event::Delivered { sink, replaced }),
        texts().prop_map(|sink| Event::ReadBack { sink }),
        times().prop_map(|until| Event::Grace { until }),
        texts().prop_map(|credential| Event::Retiring { credential }),
        texts().prop_map(|credential| Event::Retired { credential }),
        texts().prop_map(|sink| Event::Restored { sink }),
    ];
    let three = prop_oneof![
        (steps(), texts(), texts(), times()).prop_map(|(step, about, code, retry_at)| Event::Failed {
            step,
            about,
            code,
            retry_at
        }),
        (stops(), texts()).prop_map(|(reason, about)| Event::Stopped { reason, about }),
        prop::sample::select(vec![
            Event::Approved,
            Event::Done,
            Event::RollingBack,
            Event::RolledBack,
            Event::Resumed,
            Event::Forgotten,
        ]),
    ];
    prop_oneof![one, two, three]
}

/// Returns the fields that an event may have besides those of the line, including those of its credential.
fn fields_of(event: &Event) -> &'static [&'static str] {
    match event {
        Event::Adopted { .. } => &["credential", "source"],
        Event::Planned { .. } => &["rotation", "reason"],
        Event::Issuing { .. } => &["intent", "marker", "until", "sealed"],
        Event::NotIssued { .. } => &["intent", "code", "retryAt"],
        Event::Issued { .. } => &["intent", "credential", "holdUntil"],
        Event::Unknown { .. } => &["intent"],
        Event::Settled { .. } => &["intent", "found", "evidence"],
        Event::Late { .. } => &["rotation", "intent", "credential", "holdUntil"],
        Event::Held { .. } => &["holdUntil"],
        Event::Observed { .. } => &["overlap"],
        Event::Verified { .. } => &["proof"],
        Event::Delivered { .. } => &["sink", "replaced"],
        Event::ReadBack { .. } | Event::Restored { .. } => &["sink"],
        Event::Grace { .. } => &["until"],
        Event::Lost { .. } => &["credential", "code"],
        Event::Discarded { .. } => &["marker"],
        Event::Retiring { .. } | Event::Retired { .. } => &["credential"],
        Event::Failed { .. } => &["step", "about", "code", "retryAt"],
        Event::Stopped { .. } => &["reason", "about"],
        Event::Approved | Event::Done | Event::RollingBack | Event::RolledBack | Event::Resumed | Event::Forgotten => {
            &[]
        }
    }
}

fn entries() -> impl Strategy<Value = Entry> {
    (times(), texts(), events()).prop_map(|(at, by, event)| Entry { at, by, event })
}

fn lines(entries: &[Entry]) -> Vec<String> {
    let mut head = Head::default();
    entries
        .iter()
        .map(|entry| {
            let (line, next) = write(&head, entry);
            head = next;
            line
        })
        .collect()
}

fn fold(lines: &[String]) -> Result<(Vec<Entry>, Head), (u64, Fault)> {
    let mut head = Head::default();
    let mut entries = Vec::new();
    for line in lines {
        let (entry, next) = read(&head, line).map_err(|broken| (broken.sequence, broken.fault))?;
        head = next;
        entries.push(entry);
    }
    Ok((entries, head))
}

proptest! {
    #[test]
    fn every_event_round_trips(entries in prop::collection::vec(entries(), 1..6)) {
        let lines = lines(&entries);
        let (found, head) = fold(&lines).unwrap();
        prop_assert_eq!(&found, &entries);
        prop_assert_eq!(head.sequence, entries.len() as u64);
        prop_assert!(lines.iter().all(|line| !line.contains('\n')));
    }

    #[test]
    fn no_event_has_a_field_for_a_secret(entry in entries()) {
        let (line, _) = write(&Head::default(), &entry);
        let value: Value = serde_json::from_str(&line).unwrap();
        let allowed: BTreeSet<_> =
            ["v", "n", "prev", "at", "by", "event", "hash"].iter().chain(fields_of(&entry.event)).copied().collect();
        for (name, value) in value.as_object().unwrap() {
            prop_assert!(allowed.contains(name.as_str()), "{}", name);
            let inner = match value {
                Value::Array(values) => values.clone(),
                value => vec![value.clone()],
            };
            for fields in inner.iter().filter_map(Value::as_object) {
                for name in fields.keys() {
                    prop_assert!(["id", "clientId", "createdAt", "expiresAt"].contains(&name.as_str()), "{}", name);
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_found(entries in prop::collection::vec(entries(), 1..4), at: prop::sample::Index, bit in 0_u8..8) {
        let lines = lines(&entries);
        let mut bytes: Vec<_> = lines.iter().map(|line| line.clone().into_bytes()).collect();
        let total: usize = bytes.iter().map(Vec::len).sum();
        let mut at = at.index(total);
        let mut line = 0;
        while at >= bytes[line].len() {
            at -= bytes[line].len();
            line += 1;
        }
        bytes[line][at] ^= 1 << bit;
        // Bytes that are not UTF-8 never get here, because a journal returns text.
        if let Ok(text) = String::from_utf8(bytes[line].clone()) {
            let mut changed = lines.clone();
            changed[line] = text;
            prop_assert_eq!(fold(&changed).map_err(|(sequence, _)| sequence), Err(line as u64 + 1));
        }
    }

    #[test]
    fn moved_and_removed_lines_are_found(entries in prop::collection::vec(entries(), 3..6), at: prop::sample::Index) {
        let lines = lines(&entries);
        let at = at.index(lines.len() - 1);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        prop_assert_eq!(fold(&swapped).map(|_| ()), Err((at as u64 + 1, Fault::OutOfPlace)));
        let mut without = lines.clone();
        without.remove(at);
        prop_assert_eq!(fold(&without).map(|_| ()), Err((at as u64 + 1, Fault::OutOfPlace)));
        let mut twice = lines.clone();
        twice.insert(at, lines[at].clone());
        prop_assert_eq!(fold(&twice).map(|_| ()), Err((at as u64 + 2, Fault::OutOfPlace)));
    }
}

fn entry(event: Event) -> Entry {
    Entry { at: 5, by: "w".to_owned(), event }
}

/// Returns a line that this build would not write, with a correct hash.
fn forged(line: &str, from: &str, to: &str) -> String {
    use sha2::{Digest, Sha256};
    let changed = line.replace(from, to);
    let body = &changed[..changed.len() - 75];
    let hash: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body},\"hash\":\"{hash}\"}}")
}

#[test]
fn newer_lines_are_distinguished_from_damaged_ones() {
    let (line, _) = write(&Head::default(), &entry(Event::Done));
    let fault = |line: &str| read(&Head::default(), line).map_err(|broken| broken.fault).map(|_| ());
    assert_eq!(fault(&forged(&line, "nothing", "nothing")), Ok(()));
    for newer in [
        forged(&line, "\"done\"", "\"transcended\""),
        forged(&line, "\"done\"", "\"done\",\"more\":1"),
        forged(&line, "\"v\":1", "\"v\":2"),
        "{\"v\":3}".to_owned(),
    ] {
        assert_eq!(fault(&newer), Err(Fault::Newer), "{newer}");
    }
    for damaged in [
        "",
        "{}",
        "null",
        "{\"v\":1}",
        "{\"v\":\"1\"}",
        &line[1..],
        &line[..line.len() - 1],
        &line.replace("done", "gone"),
    ] {
        assert_eq!(fault(damaged), Err(Fault::Damaged), "{damaged}");
    }
}

#[test]
fn the_form_of_a_line_is_stable() {
    let (line, head) = write(&Head::default(), &entry(Event::ReadBack { sink: "s".to_owned() }));
    let hash = &head.hash;
    assert_eq!(
        line,
        format!(
            "{{\"v\":1,\"n\":1,\"prev\":\"\",\"at\":5,\"by\":\"w\",\"event\":\"read-back\",\"sink\":\"s\",\"hash\":\"{hash}\"}}"
        )
    );
    // Computed with `printf '%s' '{"v":1,...,"sink":"s"' | sha256sum`.
    assert_eq!(hash, "8156123f45da315dd70efa9bed9a6075388087259cefdca148af7e37b82cf384");
    assert_eq!(head.origin, hash[..8]);
    let (next, _) = write(&head, &entry(Event::Done));
    assert!(next.starts_with(&format!("{{\"v\":1,\"n\":2,\"prev\":\"{hash}\",")));
}
