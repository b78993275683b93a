use crate::environment::TestEnvironment;

#[test]
fn the_schema_is_json_and_names_the_required_keys() {
    let answer = TestEnvironment::new().masto(["schema"]).answer();
    let schema: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let required: Vec<&str> = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|key| key.as_str())
        .collect();
    assert!(
        required.contains(&"name") && required.contains(&"domain"),
        "{required:?}"
    );
}
