use crate::environment::TestEnvironment;

#[test]
fn every_command_has_a_page_with_its_examples_and_the_exit_statuses() {
    let environment = TestEnvironment::new();
    let run = environment.masto(["man", "--dir", "pages"]);
    assert_eq!(run.status, 0, "{}", run.transcript());
    let pages: Vec<_> = std::fs::read_dir(environment.here().join("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(pages.len() > 20, "{pages:?}");
    assert!(
        pages.iter().any(|page| page.ends_with("masto-up.1")),
        "{pages:?}"
    );
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for section in ["SYNOPSIS", "EXIT STATUS", "ENVIRONMENT"] {
            assert!(
                text.contains(section),
                "{} has no {section}",
                page.display()
            );
        }
    }
}

#[test]
fn a_page_goes_to_stdout() {
    let text = TestEnvironment::new().masto(["man", "up"]).answer();
    assert!(
        text.contains(".TH") && text.contains("masto\\-up"),
        "{text}"
    );
    assert!(text.contains("EXAMPLES"), "{text}");
}
