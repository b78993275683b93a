use std::collections::BTreeSet;

use expect_test::expect;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;

fn everything() -> BTreeSet<SecretName> {
    SecretName::ALL
        .into_iter()
        .filter(|name| name.is_generated())
        .collect()
}

fn made(seed: u64) -> Secrets {
    generate(&mut StdRng::seed_from_u64(seed), &everything())
}

/// A pair whose private key begins with zero bytes, and that key as older tools write it.
const SHORT_KEY: &str = "AQ==";
const PADDED_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
/// The generator of the curve, which is the public key of the private key 1.
const GENERATOR: &str =
    "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU=";

proptest! {
    #[test]
    fn whatever_is_made_has_its_shape(seed: u64) {
        let secrets = made(seed);
        prop_assert_eq!(secrets.problems(), Vec::new());
        let lengths: Vec<_> =
            secrets.iter().map(|(_, secret)| secret.expose().len()).collect();
        prop_assert_eq!(lengths, [128, 32, 32, 32, 44, 88, 32, 32, 20, 40, 32]);
        let distinct: BTreeSet<_> = secrets.iter().map(|(_, secret)| secret.expose()).collect();
        prop_assert_eq!(distinct.len(), everything().len());
        for (name, secret) in secrets.iter() {
            let alphabet = |allowed: fn(u8) -> bool| secret.expose().bytes().all(allowed);
            let fits = match name {
                SecretName::SecretKeyBase | SecretName::OwnerPassword => {
                    alphabet(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
                }
                SecretName::VapidPrivateKey | SecretName::VapidPublicKey => {
                    secret.expose().ends_with('=')
                        && alphabet(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte))
                }
                _ => alphabet(|byte| byte.is_ascii_alphanumeric()),
            };
            prop_assert!(fits, "{}", name);
        }
    }

    #[test]
    fn vapid_keys_are_a_pair(one: u64, other: u64) {
        prop_assume!(one != other);
        let pair = |private: u64, public: u64| {
            let private = made(private).get(SecretName::VapidPrivateKey).cloned();
            let public = made(public).get(SecretName::VapidPublicKey).cloned();
            shape::is_vapid_pair(private.unwrap().expose(), public.unwrap().expose())
        };
        prop_assert!(pair(one, one));
        prop_assert!(!pair(one, other));
    }

    #[test]
    fn completing_fills_what_is_missing_and_touches_nothing_else(
        seed: u64,
        kept in proptest::sample::subsequence(SecretName::ALL.to_vec(), 0..12),
    ) {
        let everything = everything();
        let half = kept.contains(&SecretName::VapidPublicKey) && !kept.contains(&SecretName::VapidPrivateKey);
        prop_assume!(!half);
        let before: Secrets = made(seed)
            .iter()
            .filter(|(name, _)| kept.contains(name))
            .map(|(name, secret)| (*name, secret.clone()))
            .collect();
        let mut after = before.clone();
        let added = after.complete(&mut StdRng::seed_from_u64(seed ^ 1), &everything).unwrap();
        prop_assert_eq!(&added, &before.missing(&everything));
        prop_assert!(after.missing(&everything).is_empty());
        prop_assert_eq!(after.problems(), Vec::new());
        for (name, secret) in before.iter() {
            prop_assert_eq!(after.get(*name), Some(secret));
        }
        let mut again = after.clone();
        prop_assert!(again.complete(&mut StdRng::seed_from_u64(seed), &everything).unwrap().is_empty());
        prop_assert_eq!(again, after);
    }
}

#[test]
fn a_key_with_leading_zeros_is_the_same_with_and_without_them() {
    for private in [
        SHORT_KEY,
        PADDED_KEY,
        SHORT_KEY.trim_end_matches('='),
        PADDED_KEY.trim_end_matches('='),
    ] {
        let public = generation::vapid_public_key(private).unwrap();
        assert_eq!(public.expose(), GENERATOR, "{private}");
    }
    for wrong in ["", "AAAA", "not base64!", GENERATOR] {
        assert_eq!(generation::vapid_public_key(wrong), None, "{wrong}");
    }
}

#[test]
fn a_lost_public_key_is_derived_and_a_lost_private_key_is_refused() {
    let mut rng = StdRng::seed_from_u64(1);
    let pair = BTreeSet::from([SecretName::VapidPrivateKey, SecretName::VapidPublicKey]);
    let mut secrets: Secrets = [(SecretName::VapidPrivateKey, Secret::new(PADDED_KEY))]
        .into_iter()
        .collect();
    secrets.complete(&mut rng, &pair).unwrap();
    assert_eq!(
        secrets.get(SecretName::VapidPublicKey).unwrap().expose(),
        GENERATOR
    );

    let mut orphan: Secrets = [(SecretName::VapidPublicKey, Secret::new(GENERATOR))]
        .into_iter()
        .collect();
    let before = orphan.clone();
    assert_eq!(
        orphan.complete(&mut rng, &pair),
        Err(SecretError::UnpairedVapidKeys)
    );
    assert_eq!(orphan, before);
}

#[test]
fn what_only_the_operator_knows_is_asked_for_and_nothing_is_added() {
    let mut secrets = Secrets::default();
    let wanted = BTreeSet::from(SecretName::ALL);
    let error = secrets
        .complete(&mut StdRng::seed_from_u64(1), &wanted)
        .unwrap_err();
    assert_eq!(
        error,
        SecretError::NotGiven {
            name: SecretName::SmtpPassword
        }
    );
    assert!(error.hint().contains("MASTO_SMTP_PASSWORD"));
    assert_eq!(secrets, Secrets::default());
    secrets.insert(SecretName::SmtpPassword, Secret::new("theirs"));
    assert_eq!(
        secrets
            .complete(&mut StdRng::seed_from_u64(1), &wanted)
            .unwrap()
            .len(),
        11
    );
    assert_eq!(
        secrets.get(SecretName::SmtpPassword).unwrap().expose(),
        "theirs"
    );
}

#[test]
fn secrets_that_data_was_written_with_are_never_made_anew() {
    let none = Secrets::default();
    let error = none.require(&everything()).unwrap_err();
    expect!["the database exists, but these secrets that it was written with are missing: `SECRET_KEY_BASE`, `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY`, `ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY`, `ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT`, `VAPID_PRIVATE_KEY`, `POSTGRES_PASSWORD`"]
        .assert_eq(&error.to_string());
    assert_eq!(made(1).require(&everything()), Ok(()));
    let wanted = BTreeSet::from([SecretName::RedisPassword, SecretName::OwnerPassword]);
    assert_eq!(none.require(&wanted), Ok(()));
}

#[test]
fn damaged_secrets_are_named_and_not_shown() {
    let damaged: Secrets = SecretName::ALL
        .into_iter()
        .map(|name| (name, Secret::new("canary\n")))
        .collect();
    let told: Vec<_> = damaged
        .problems()
        .iter()
        .map(|error| format!("{error}\n"))
        .collect();
    expect![[r#"
        the stored secret `SECRET_KEY_BASE` is damaged: it must be 128 hexadecimal digits
        the stored secret `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY` is damaged: it must be 32 letters and digits
        the stored secret `ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY` is damaged: it must be 32 letters and digits
        the stored secret `ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT` is damaged: it must be 32 letters and digits
        the stored secret `VAPID_PRIVATE_KEY` is damaged: it must be a P-256 private key in url-safe base64
        the stored secret `VAPID_PUBLIC_KEY` is damaged: it must be an uncompressed P-256 point in url-safe base64
        the stored secret `POSTGRES_PASSWORD` is damaged: it must be 16 to 128 letters and digits
        the stored secret `REDIS_PASSWORD` is damaged: it must be 16 to 128 letters and digits
        the stored secret `MEDIA_ACCESS_KEY` is damaged: it must be 3 to 20 letters and digits
        the stored secret `MEDIA_SECRET_KEY` is damaged: it must be 8 to 128 letters and digits
        the stored secret `SMTP_PASSWORD` is damaged: it must be one line of text
        the stored secret `OWNER_PASSWORD` is damaged: it must be 8 to 72 printable characters without spaces
    "#]]
    .assert_eq(&told.concat());

    let mut mixed = made(1);
    mixed.insert(SecretName::VapidPublicKey, Secret::new(GENERATOR));
    assert_eq!(mixed.problems(), [SecretError::UnpairedVapidKeys]);
}

#[test]
fn nothing_shows_a_secret() {
    let secrets: Secrets = SecretName::ALL
        .into_iter()
        .map(|name| (name, Secret::new("canary")))
        .collect();
    let mut shown = vec![format!("{secrets:?}"), format!("{secrets:#?}")];
    shown.extend(secrets.iter().map(|(_, secret)| format!("{secret:?}")));
    for error in secrets.problems() {
        shown.extend([
            error.to_string(),
            format!("{error:?}"),
            error.hint().to_owned(),
        ]);
    }
    assert!(
        shown.iter().all(|text| !text.contains("canary")),
        "{shown:?}"
    );
    assert!(shown[0].contains("SecretKeyBase: <secret>"), "{}", shown[0]);
}

#[test]
fn names_are_written_as_in_a_file() {
    for name in SecretName::ALL {
        let in_file = serde_json::to_value(name).unwrap();
        assert_eq!(in_file, serde_json::Value::from(name.as_str()));
        assert_eq!(serde_json::from_value::<SecretName>(in_file).unwrap(), name);
    }
}
