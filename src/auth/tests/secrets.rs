use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use ed25519_dalek::{Signer, SigningKey};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{check_corpus, encode, secret};
use crate::auth::{ClientSecret, ConfigError, SecretError, base64};

const PREFIX: &str = "secret-token:conductorone.com:v1:";

/// Encodes bytes in a single call of the crate.
fn by<E: Encoding>(bytes: impl AsRef<[u8]>) -> String {
    let mut buffer = vec![0; bytes.as_ref().len() * 2 + 4];
    E::encode(bytes.as_ref(), &mut buffer).unwrap().to_owned()
}

fn code(text: &[u8]) -> &'static str {
    ClientSecret::parse(text).map_or_else(|error| error.code(), |_| "accepted")
}

fn wrap(jwk: &str) -> String {
    format!("{PREFIX}{}", encode(jwk))
}

/// Returns the JWK of [`secret`] with one text replaced by another.
fn jwk(from: &str, to: &str) -> String {
    let (d, x) = (encode([7; 32]), encode(secret().public_key()));
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{d}"}}"#);
    assert!(from.is_empty() || jwk.contains(from));
    if from.is_empty() { jwk } else { jwk.replace(from, to) }
}

#[test]
fn secrets_round_trip() {
    let text = secret().to_text();
    assert!(text.starts_with(PREFIX) && !text.contains('='));
    assert_eq!(ClientSecret::parse(text.as_bytes()).unwrap().public_key(), secret().public_key());
    // The key pair of RFC 8037, appendix A.
    let known = wrap(
        r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    );
    assert_eq!(
        encode(ClientSecret::parse(known.as_bytes()).unwrap().public_key()),
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    );
}

#[test]
fn keys_and_signatures_are_those_of_rfc_8032() {
    // Section 7.1, tests 1 to 3.
    let vectors = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (seed, public, message, signature) in vectors {
        let [seed, public, message, signature] = [seed, public, message, signature].map(hex);
        let secret = ClientSecret::from_seed(Zeroizing::new(seed.try_into().unwrap()));
        assert_eq!(secret.public_key().as_slice(), public);
        assert_eq!(secret.sign(&message).as_slice(), signature);
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn every_form_that_people_paste_is_read() {
    let text = secret().to_text().to_string();
    // Additional members are ignored; `~?` makes the alphabets differ.
    let jwk = jwk(
        "{",
        r#"{ "kid":"~~~???>>>", "alg":"EdDSA", "use":"sig", "key_ops":["sign",{"x":1}], "ext":true, "n":null, "#,
    );
    let [standard, unpadded, padded] = [by::<Base64>(&jwk), by::<Base64Unpadded>(&jwk), by::<Base64Url>(&jwk)];
    assert!(standard.contains(['+', '/']) && padded.contains(['-', '_']) && standard.ends_with('='));
    for text in [
        format!(" {text}\r\n"),
        format!("\"{text}\""),
        format!("'{text}' \n"),
        format!("\u{feff}{text}"),
        format!("{PREFIX}{standard}"),
        format!("{PREFIX}{unpadded}"),
        format!("{PREFIX}{padded}"),
        wrap(&jwk),
        wrap(&format!(" \n{jwk}\n")),
    ] {
        let read = ClientSecret::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.public_key(), secret().public_key());
    }
}

#[test]
fn every_malformed_secret_says_which_part_is_wrong() {
    let good = secret().to_text().to_string();
    let body = good.strip_prefix(PREFIX).unwrap();
    let (d, x) = (encode([7; 32]), encode(secret().public_key()));
    let cases = [
        (String::new(), "secret_empty"),
        (" '' ".into(), "secret_empty"),
        (format!("{PREFIX}{}", "A".repeat(5000)), "secret_long"),
        ("strange-hydra-68836@acme.conductor.one/pcc".into(), "secret_is_client_id"),
        ("eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJ4In0.c2ln".into(), "secret_is_token"),
        (jwk("", ""), "secret_is_jwk"),
        ("hunter2".into(), "secret_prefix_missing"),
        (body.into(), "secret_prefix_missing"),
        (format!("conductorone.com:v1:{body}"), "secret_prefix_missing"),
        (format!("token:conductorone.com:v1:{body}"), "secret_prefix_missing"),
        (format!("CONDUCTORONE_CLIENT_SECRET={good}"), "secret_prefix_missing"),
        (good.to_uppercase(), "secret_prefix_missing"),
        (good.replace("v1:", "v1: "), "secret_space"),
        (format!("{}\n{}", &good[..80], &good[80..]), "secret_space"),
        (good.replace("conductorone.com", "example.com"), "secret_issuer"),
        (good.replace("conductorone.com", ""), "secret_issuer"),
        (good.replace("conductorone.com", "ConductorOne.com"), "secret_issuer"),
        ("secret-token:".into(), "secret_parts"),
        ("secret-token:conductorone.com".into(), "secret_parts"),
        ("secret-token:conductorone.com:v1".into(), "secret_parts"),
        (good.replace(":v1:", ":v2:"), "secret_version"),
        (good.replace(":v1:", "::"), "secret_version"),
        (PREFIX.into(), "secret_key_empty"),
        (format!("{PREFIX}*{body}"), "secret_key_character"),
        (format!("{PREFIX}{body}:x"), "secret_key_character"),
        (format!("{PREFIX}{body}==="), "secret_key_character"),
        (format!("{PREFIX}{}={}", &body[..8], &body[8..]), "secret_key_character"),
        (format!("{PREFIX}\u{e9}{body}"), "secret_key_character"),
        (format!("{PREFIX}AAAAA"), "secret_key_length"),
        (format!("{PREFIX}eyJ9/x"), "secret_key_bits"),
        (format!("{PREFIX}="), "secret_jwk_truncated"),
        (format!("{PREFIX}{}", &body[..body.len() / 2 / 4 * 4]), "secret_jwk_truncated"),
        (wrap("  "), "secret_jwk_truncated"),
        (wrap("{\"kty\":\"OKP\","), "secret_jwk_truncated"),
        (wrap("hello"), "secret_jwk_syntax"),
        (wrap("{'kty':'OKP'}"), "secret_jwk_syntax"),
        (wrap("{} x"), "secret_jwk_syntax"),
        (wrap("{\"kty\"}"), "secret_jwk_syntax"),
        (wrap("{\"kty\":}"), "secret_jwk_syntax"),
        (wrap("{\"kty\":tru}"), "secret_jwk_syntax"),
        (wrap("true story"), "secret_jwk_syntax"),
        (format!("{PREFIX}{}", encode([0xff, 0xfe])), "secret_jwk_syntax"),
        (wrap("[]"), "secret_jwk_object"),
        (wrap("\"x\""), "secret_jwk_object"),
        (wrap("1"), "secret_jwk_object"),
        (wrap("null"), "secret_jwk_object"),
        (wrap(&jwk("{", "{\"d\":\"x\",")), "secret_jwk_twice"),
        (wrap(&jwk("{", "{\"kty\":\"RSA\",")), "secret_jwk_twice"),
        (wrap("{}"), "secret_jwk_kty_missing"),
        (wrap(&jwk("kty", "typ")), "secret_jwk_kty_missing"),
        (wrap(&jwk("\"OKP\"", "null")), "secret_jwk_kty_missing"),
        (wrap(&jwk("OKP", "EC")), "secret_jwk_kty"),
        (wrap(&jwk("\"OKP\"", "1")), "secret_jwk_kty"),
        (wrap(&jwk("OKP", "okp")), "secret_jwk_kty"),
        (wrap(&jwk("crv", "curve")), "secret_jwk_crv_missing"),
        (wrap(&jwk("Ed25519", "X25519")), "secret_jwk_crv"),
        (wrap(&jwk("\"Ed25519\"", "[]")), "secret_jwk_crv"),
        (wrap(&jwk(&format!(",\"d\":\"{d}\""), "")), "secret_jwk_public"),
        (wrap(&jwk(&format!("\"{d}\""), "null")), "secret_jwk_public"),
        (wrap(&jwk(&d, "")), "secret_jwk_public"),
        (wrap(&jwk(&d, &d.replace('B', "*"))), "secret_jwk_d"),
        (wrap(&jwk(&format!("\"{d}\""), "7")), "secret_jwk_d"),
        (wrap(&jwk(&format!("\"d\":\"{d}"), &format!("\"d\":\"\\u0042{}", &d[1..]))), "secret_jwk_d"),
        (wrap(&jwk(&d, &encode([7; 31]))), "secret_jwk_d_length"),
        (wrap(&jwk(&d, &encode([7; 64]))), "secret_jwk_d_length"),
        (wrap(&jwk(&format!("\"x\":\"{x}\","), "")), "secret_jwk_x_missing"),
        (wrap(&jwk(&format!("\"{x}\""), "{}")), "secret_jwk_x"),
        (wrap(&jwk(&x, "****")), "secret_jwk_x"),
        (wrap(&jwk(&x, &encode([1; 33]))), "secret_jwk_x_length"),
        (wrap(&jwk(&x, &encode([1; 32]))), "secret_jwk_mismatch"),
        (wrap(&jwk(&d, &encode([8; 32]))), "secret_jwk_mismatch"),
    ];
    let got: Vec<_> = cases.iter().map(|(text, expected)| (text.as_str(), *expected, code(text.as_bytes()))).collect();
    assert!(got.len() >= 60);
    check_corpus(&got, SecretError::CODES, &[]);
}

#[test]
fn nothing_prints_a_secret() {
    let good = secret().to_text();
    let parsed = ClientSecret::parse(good.as_bytes()).unwrap();
    assert_eq!(format!("{parsed:?}"), "ClientSecret([redacted])");
    let error = ClientSecret::parse(b"CaNaRy").unwrap_err();
    let config = ConfigError::from(error);
    assert_eq!(config.option, "clientSecret");
    assert!(!format!("{error} {error:?} {config} {config:?}").contains("CaNaRy"));
}

proptest! {
    // Unoptimized Ed25519 is slow.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "[A-Za-z0-9_=+/-]{0,60}", jwk in "[{}\\[\\]\":,a-z0-9\\\\ ]{0,40}") {
        let _ = ClientSecret::parse(&bytes);
        let _ = ClientSecret::parse(&[PREFIX.as_bytes(), &bytes].concat());
        let _ = ClientSecret::parse(format!("{PREFIX}{text}").as_bytes());
        let _ = ClientSecret::parse(wrap(&jwk).as_bytes());
    }

    #[test]
    fn every_key_round_trips(seed in any::<[u8; 32]>()) {
        let secret = ClientSecret::from_seed(Zeroizing::new(seed));
        let read = ClientSecret::parse(secret.to_text().as_bytes()).unwrap();
        prop_assert_eq!(read.public_key(), secret.public_key());
    }

    /// Compares both halves: the public key and the signature.
    #[test]
    fn keys_and_signatures_match_ed25519_dalek(
        seed in any::<[u8; 32]>(),
        message in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let (secret, key) = (ClientSecret::from_seed(Zeroizing::new(seed)), SigningKey::from_bytes(&seed));
        prop_assert_eq!(*secret.public_key(), key.verifying_key().to_bytes());
        prop_assert_eq!(secret.sign(&message), key.sign(&message).to_bytes());
    }

    /// A truncated secret is never accepted as a whole one.
    #[test]
    fn no_prefix_of_a_secret_is_accepted(seed in any::<[u8; 32]>(), cut in 1usize..200) {
        let text = ClientSecret::from_seed(Zeroizing::new(seed)).to_text();
        prop_assert!(ClientSecret::parse(&text.as_bytes()[..text.len().saturating_sub(cut)]).is_err());
    }

    #[test]
    fn base64_matches_base64ct(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let url = encode(&bytes);
        prop_assert_eq!(&url, &by::<Base64UrlUnpadded>(&bytes));
        prop_assert_eq!(base64::encoded_len(bytes.len()), url.len());
        for text in [url, by::<Base64>(&bytes), by::<Base64Unpadded>(&bytes), by::<Base64Url>(&bytes)] {
            prop_assert_eq!(&*base64::decode(text.as_bytes()).unwrap(), &bytes);
        }
    }
}
