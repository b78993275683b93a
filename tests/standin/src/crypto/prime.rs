//! Random primes, because the crates that sign with RSA do not make keys.

use num_bigint::BigUint;
use rand::Rng;

/// A random prime of this many bits, its two highest bits set, so that the product of two has
/// twice as many.
pub(crate) fn random_prime(bits: usize) -> BigUint {
    let small = small_primes();
    loop {
        let mut candidate = random_bits(bits);
        candidate.set_bit(bits as u64 - 1, true);
        candidate.set_bit(bits as u64 - 2, true);
        candidate.set_bit(0, true);
        // Remainders once, then every odd number above by addition only.
        let remainders: Vec<u32> = small
            .iter()
            .map(|prime| small_remainder(&candidate, *prime))
            .collect();
        for step in (0..4096u32).step_by(2) {
            let divisible = small
                .iter()
                .zip(&remainders)
                .any(|(prime, remainder)| (remainder + step) % prime == 0);
            if !divisible {
                let number = &candidate + step;
                if is_probable_prime(&number) {
                    return number;
                }
            }
        }
    }
}

fn random_bits(bits: usize) -> BigUint {
    let mut bytes = vec![0; bits / 8];
    rand::rng().fill(bytes.as_mut_slice());
    BigUint::from_bytes_be(&bytes)
}

fn small_remainder(number: &BigUint, prime: u32) -> u32 {
    (number % prime)
        .to_u32_digits()
        .first()
        .copied()
        .unwrap_or(0)
}

fn small_primes() -> Vec<u32> {
    let mut sieve = vec![true; 8192];
    for number in 2..91 {
        if sieve[number] {
            sieve
                .iter_mut()
                .skip(number * number)
                .step_by(number)
                .for_each(|prime| *prime = false);
        }
    }
    (3u32..)
        .zip(&sieve[3..])
        .filter(|(_, prime)| **prime)
        .map(|(number, _)| number)
        .collect()
}

/// Miller and Rabin. For random candidates of 1024 bits eight rounds leave an error below
/// 2^-100 (Damgård, Landrock and Pomerance).
fn is_probable_prime(number: &BigUint) -> bool {
    let one = BigUint::from(1u8);
    let less = number - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    let bits = usize::try_from(number.bits()).unwrap_or(usize::MAX);
    (0..8).all(|_| {
        let base = random_bits(bits.saturating_sub(1) / 8 * 8) + 2u8;
        let mut power = base.modpow(&odd, number);
        if power == one || power == less {
            return true;
        }
        (1..twos).any(|_| {
            power = &power * &power % number;
            power == less
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_told_from_products() {
        let prime = (BigUint::from(1u8) << 127) - 1u8;
        assert!(is_probable_prime(&prime));
        assert!(!is_probable_prime(
            &(&prime * ((BigUint::from(1u8) << 61) - 1u8))
        ));
        // A Carmichael number fools Fermat, not this.
        assert!(!is_probable_prime(&BigUint::from(
            349_407_515_342_287_435_050_603_204_719_587_201u128
        )));
    }

    #[test]
    fn a_random_prime_has_its_highest_bits_set() {
        let prime = random_prime(256);
        assert_eq!(prime.bits(), 256);
        assert!(prime.bit(254) && prime.bit(0));
    }
}
