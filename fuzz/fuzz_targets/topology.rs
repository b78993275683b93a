//! Any bytes are read as a topology file: no panic, and every place lies inside of the text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let parsed = topology::read_bytes(bytes);
    let text = parsed.text();
    let errors = parsed.problems.iter().filter(|problem| problem.is_error()).count();
    assert_eq!(parsed.topology.is_none(), errors > 0, "a topology, or an error");
    for problem in &parsed.problems {
        let related = problem.related.iter().map(|(span, _)| span);
        for span in problem.span.iter().chain(related) {
            assert!(text.get(span.start..span.end()).is_some(), "{span:?} lies inside of the text");
        }
    }
});
