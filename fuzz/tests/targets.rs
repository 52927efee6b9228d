//! Runs each target: `cargo test -p keyturn-fuzz NAME`. `KEYTURN_RUNS` sets the number of runs; a failure prints its
//! `BOLERO_RANDOM_SEED`, which reproduces it.

use keyturn_fuzz::{harness, targets::ALL};

macro_rules! targets {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let target = ALL.iter().find(|target| target.name == stringify!($name));
            harness::run(target.unwrap_or_else(|| unreachable!("no target of this name")));
        }
    )*

        #[test]
        fn every_target_is_run() {
            assert_eq!([$(stringify!($name)),*], ALL.map(|target| target.name));
        }
    };
}

targets! {
    answers
    assertions
    client_ids
    dates
    redaction
    requests
    secrets
    tables
    tenants
    token_answers
}
