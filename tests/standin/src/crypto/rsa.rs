//! RSA key pairs of actors, in the PEM forms Mastodon keeps and publishes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use num_bigint::BigUint;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};

use crate::crypto::prime::random_prime;

/// A key pair: PKCS#1 private, SubjectPublicKeyInfo public.
pub(crate) struct KeyPair {
    /// `-----BEGIN RSA PRIVATE KEY-----`
    pub(crate) private_pem: String,
    /// `-----BEGIN PUBLIC KEY-----`
    pub(crate) public_pem: String,
}

/// The algorithm identifier of RSA, as it stands in a SubjectPublicKeyInfo.
const RSA_ENCRYPTION: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// Makes a pair of 2048 bits. Takes tens of milliseconds of one core: call it off the runtime.
pub(crate) fn generate() -> KeyPair {
    let exponent = BigUint::from(65_537u32);
    let one = BigUint::from(1u8);
    loop {
        let (p, q) = std::thread::scope(|scope| {
            let other = scope.spawn(|| random_prime(1024));
            let p = random_prime(1024);
            (p, other.join().unwrap_or_else(|_| random_prime(1024)))
        });
        let (p, q) = if p > q { (p, q) } else { (q, p) };
        let totient = (&p - &one) * (&q - &one);
        let (Some(d), Some(inverse)) = (exponent.modinv(&totient), q.modinv(&p)) else {
            continue;
        };
        let modulus = &p * &q;
        let parts = [
            BigUint::ZERO,
            modulus.clone(),
            exponent.clone(),
            d.clone(),
            p.clone(),
            q.clone(),
            &d % (&p - &one),
            &d % (&q - &one),
            inverse,
        ];
        let private = sequence(&parts.iter().map(integer).collect::<Vec<_>>().concat());
        let public = sequence(&[integer(&modulus), integer(&exponent)].concat());
        let bits = [vec![0], public].concat();
        let public = sequence(&[RSA_ENCRYPTION.to_vec(), tagged(0x03, &bits)].concat());
        return KeyPair {
            private_pem: pem("RSA PRIVATE KEY", &private),
            public_pem: pem("PUBLIC KEY", &public),
        };
    }
}

/// Signs with RSASSA-PKCS1-v1_5 and SHA-256; base64.
///
/// # Errors
/// When the PEM is no private RSA key.
pub(crate) fn sign(private_pem: &str, message: &[u8]) -> Result<String, String> {
    let der = from_pem(private_pem).ok_or("the private key is no PEM")?;
    let pair = RsaKeyPair::from_der(&der).map_err(|error| error.to_string())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &ring::rand::SystemRandom::new(),
        message,
        &mut signature,
    )
    .map_err(|_| "signing failed")?;
    Ok(BASE64_STANDARD.encode(signature))
}

/// Whether the base64 signature is the key's over the message.
pub(crate) fn verify(public_pem: &str, message: &[u8], signature: &str) -> bool {
    let Some(der) = from_pem(public_pem) else {
        return false;
    };
    let Ok(signature) = BASE64_STANDARD.decode(signature.trim()) else {
        return false;
    };
    // What ring takes is the PKCS#1 key inside the SubjectPublicKeyInfo.
    let key = inner_public_key(&der).unwrap_or(&der);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(message, &signature)
        .is_ok()
}

fn inner_public_key(der: &[u8]) -> Option<&[u8]> {
    let (body, _) = element(der, 0x30)?;
    let rest = body.strip_prefix(&RSA_ENCRYPTION)?;
    let (bits, _) = element(rest, 0x03)?;
    bits.strip_prefix(&[0])
}

fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if first & 0x80 == 0 {
        (usize::from(*first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (
            bytes.iter().try_fold(0usize, |length, byte| {
                length
                    .checked_mul(256)
                    .map(|length| length + usize::from(*byte))
            })?,
            rest,
        )
    };
    rest.split_at_checked(length)
}

fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|byte| byte & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    tagged(0x02, &bytes)
}

fn sequence(content: &[u8]) -> Vec<u8> {
    tagged(0x30, content)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 128 => der.push(length),
        _ => {
            let length: Vec<u8> = content
                .len()
                .to_be_bytes()
                .into_iter()
                .skip_while(|byte| *byte == 0)
                .collect();
            der.push(0x80 | u8::try_from(length.len()).unwrap_or(8));
            der.extend(length);
        }
    }
    der.extend(content);
    der
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend(
        text.as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned()),
    );
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

fn from_pem(text: &str) -> Option<Vec<u8>> {
    let body: String = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    BASE64_STANDARD
        .decode(body)
        .ok()
        .filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_half_signs_the_other_verifies() {
        let pair = generate();
        let signature = sign(&pair.private_pem, b"(request-target): post /inbox").unwrap();
        assert!(verify(
            &pair.public_pem,
            b"(request-target): post /inbox",
            &signature
        ));
        assert!(!verify(
            &pair.public_pem,
            b"(request-target): get /inbox",
            &signature
        ));
        assert!(!verify(
            &generate().public_pem,
            b"(request-target): post /inbox",
            &signature
        ));
    }

    #[test]
    fn keys_have_the_labels_other_servers_read() {
        let pair = generate();
        assert!(
            pair.private_pem
                .starts_with("-----BEGIN RSA PRIVATE KEY-----\n")
        );
        assert!(
            pair.public_pem.starts_with(
                "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
            ),
            "{}",
            pair.public_pem
        );
    }

    #[test]
    fn garbage_verifies_nothing() {
        assert!(!verify("", b"x", ""));
        assert!(!verify(
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            b"x",
            "AAAA"
        ));
        assert!(sign("", b"x").is_err());
    }
}
