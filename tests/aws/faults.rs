//! Bad days: AWS throttles, breaks, and loses answers.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::support::{Call, Cloud, Verdict};

/// A small generator with a seed: a failing run can be played again.
fn chance(seed: u64, call: &Call, one_in: u64) -> bool {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in call.action.bytes().chain(call.nth.to_le_bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    (state >> 24).is_multiple_of(one_in)
}

#[test]
fn a_day_of_throttling_and_lost_answers_ends_with_one_server() {
    let cloud = Cloud::new();
    let lost = Mutex::new(BTreeSet::new());
    cloud.proxy.judge(move |call: &Call| {
        // Every fifth call is refused; the first answer of every write is lost.
        if chance(20_261_125, call, 5) {
            return match call.action.starts_with("ec2:") {
                true => Verdict::Refuse("RequestLimitExceeded", 503),
                false => Verdict::Refuse("ThrottlingException", 400),
            };
        }
        if call.is_write && lost.lock().unwrap().insert(call.action.clone()) {
            return Verdict::Lose;
        }
        Verdict::Pass
    });
    cloud.masto(&["up", "--aws", "--yes"]).success();
    cloud.proxy.judge(|_: &Call| Verdict::Pass);
    cloud
        .masto(&["plan", "--aws", "--detailed-exitcode"])
        .exits(0);
    cloud.masto(&["down", "--aws", "--data", "--yes"]).success();
}
