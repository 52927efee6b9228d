//! Two kinds of random numbers. [`Dice`] is a fixed sequence, so ids and seeds are the same in every run. [`Entropy`]
//! is unpredictable, and the only source of keys and tokens.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha512};

/// A repeatable sequence of numbers (SplitMix64) for everything that is not a secret.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Creates the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the position of the sequence, from which [`Dice::new`] continues.
    pub fn position(&self) -> u64 {
        self.0
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit` (0 if the limit is 0).
    pub fn below(&mut self, limit: usize) -> usize {
        self.next().checked_rem(limit as u64).unwrap_or(0) as usize
    }

    /// Returns one of the items.
    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let index = self.below(items.len());
        items.get(index).copied().unwrap_or_default()
    }

    /// Returns an object id in C1's format: 27 letters and digits.
    pub fn id(&mut self) -> String {
        const DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..27).map(|_| DIGITS.get(self.below(DIGITS.len())).copied().map_or('0', char::from)).collect()
    }

    /// Returns a credential's name in C1's format: two words and five digits, such as `brisk-otter-48213`.
    pub fn cute_name(&mut self) -> String {
        let (adjective, animal) = (self.pick(&ADJECTIVES), self.pick(&ANIMALS));
        format!("{adjective}-{animal}-{}", 10_000 + self.below(90_000))
    }
}

const ADJECTIVES: [&str; 32] = [
    "amber", "bold", "brisk", "calm", "clever", "copper", "dapper", "eager", "fabled", "gentle", "golden", "hardy",
    "humble", "icy", "jolly", "keen", "lively", "lucid", "mellow", "nimble", "patient", "plucky", "proud", "quiet",
    "rapid", "rustic", "silver", "sunny", "tidy", "velvet", "witty", "zesty",
];

const ANIMALS: [&str; 32] = [
    "badger", "bison", "crane", "dingo", "dolphin", "egret", "falcon", "finch", "gecko", "gibbon", "heron", "ibex",
    "jackal", "koala", "lemur", "lynx", "marmot", "marten", "newt", "ocelot", "otter", "panda", "puffin", "quail",
    "raven", "salmon", "stork", "tapir", "turtle", "walrus", "weasel", "yak",
];

/// Unpredictable bytes, derived from 32 bytes of the host by SHA-512 of those bytes and a counter.
pub struct Entropy {
    key: [u8; 32],
    drawn: u64,
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Entropy")
    }
}

impl Entropy {
    /// Creates the source from bytes of the host's own secure random source.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, drawn: 0 }
    }

    /// Returns the next 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.drawn = self.drawn.wrapping_add(1);
        let digest = Sha512::new().chain_update(self.key).chain_update(self.drawn.to_le_bytes()).finalize();
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = from;
        }
        bytes
    }

    /// Returns the next 32 bytes as text that is safe in a header.
    pub fn token(&mut self) -> String {
        Base64UrlUnpadded::encode_string(&self.bytes())
    }
}

/// Returns a 64-bit hash of a text (FNV-1a), which turns names into seeds.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_repeat_themselves() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        let names: Vec<_> = (0..100).map(|_| one.cute_name()).collect();
        assert!(names.iter().all(|name| *name == two.cute_name()));
        assert_eq!(Dice::new(one.position()).id(), two.id());
        assert_eq!(one.id().len(), 27);
        assert_eq!(Dice::new(1).below(0), 0);
    }

    #[test]
    fn entropy_never_repeats_and_never_shows() {
        let mut entropy = Entropy::new([7; 32]);
        let tokens: std::collections::BTreeSet<_> = (0..1000).map(|_| entropy.token()).collect();
        assert_eq!(tokens.len(), 1000);
        assert_eq!(format!("{entropy:?}"), "Entropy");
        assert_ne!(Entropy::new([8; 32]).token(), Entropy::new([7; 32]).token());
    }
}
