//! What a backend would tell of a healthy deployment.

use std::collections::BTreeMap;
use std::sync::Mutex;

use doctor::{Evidence, EvidenceError, Health, Phase, ProcessState, RedisValue, Variable};
use serde_json::json;

/// Healthy, but for what a test changes.
pub(crate) struct Backend {
    /// The queues that the one Sidekiq process consumes.
    pub(crate) queues: Vec<&'static str>,
    pub(crate) processes: Vec<ProcessState>,
    pub(crate) logs: BTreeMap<String, Vec<String>>,
    /// Where the test job is: `gone`, `waiting`, `failed …`.
    pub(crate) job: &'static str,
    /// The answer to a query for an app registered earlier.
    pub(crate) app: Vec<Vec<String>>,
    /// Whether there is any evidence at all.
    pub(crate) blind: bool,
    /// Scripts and commands given to Redis, by their last argument.
    pub(crate) pushed: Mutex<Vec<String>>,
}

impl Backend {
    pub(crate) fn new() -> Self {
        let names = [
            "postgres",
            "redis",
            "media",
            "mail",
            "ingress",
            "web",
            "streaming",
            "sidekiq-all",
        ];
        Self {
            queues: vec!["default", "ingress", "mailers", "scheduler"],
            processes: names.map(running).to_vec(),
            logs: BTreeMap::new(),
            job: "gone",
            app: Vec::new(),
            blind: false,
            pushed: Mutex::default(),
        }
    }

    /// That has no way to any evidence.
    pub(crate) fn blind() -> Self {
        Self {
            blind: true,
            ..Self::new()
        }
    }

    fn see(&self) -> Result<(), EvidenceError> {
        if self.blind {
            Err(EvidenceError::Unavailable(
                "a remote server cannot be looked into".into(),
            ))
        } else {
            Ok(())
        }
    }

    fn snapshot(&self) -> String {
        let now = jiff::Timestamp::now().as_second();
        let info = json!({"concurrency": 5, "queues": self.queues}).to_string();
        json!({
            "now": format!("{now}.000000"), "queues": {}, "retries": 0, "dead": 0, "failed": {}, "buried": {},
            "processes": [{"identity": "h:1:x", "info": info, "beat": now.to_string(), "busy": "0", "quiet": "false"}],
            "memory": "used_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
            "stats": "evicted_keys:0\r\n", "persistence": "rdb_last_bgsave_status:ok\r\n", "server": "redis_version:7.2.4\r\n",
        })
        .to_string()
    }
}

pub(crate) fn running(name: &str) -> ProcessState {
    ProcessState {
        name: name.into(),
        phase: Phase::Running,
        health: Health::Healthy,
        exit_code: None,
        oom_killed: false,
        restarts: 0,
        for_seconds: Some(60),
        memory_limit: None,
    }
}

impl Evidence for Backend {
    async fn redis(&self, command: &[&str]) -> Result<RedisValue, EvidenceError> {
        self.see()?;
        let text = |text: &str| Ok(RedisValue::Text(text.to_owned()));
        match command {
            ["TIME"] => Ok(RedisValue::List(vec![RedisValue::Text(
                jiff::Timestamp::now().as_second().to_string(),
            )])),
            ["EXISTS", _] => Ok(RedisValue::Integer(1)),
            ["EVAL", script, "0"] if script.contains("INFO") => text(&self.snapshot()),
            ["EVAL", script, "0", job] => {
                let what = if script.contains("LPUSH") {
                    "push"
                } else {
                    "take back"
                };
                self.pushed.lock().unwrap().push(format!("{what} {job}"));
                Ok(RedisValue::Integer(1))
            }
            ["EVAL", _, "0", _, _] => text(self.job),
            other => panic!("unexpected: {other:?}"),
        }
    }

    async fn sql(&self, query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        self.see()?;
        let row = |columns: &[&str]| Ok(vec![columns.iter().map(ToString::to_string).collect()]);
        if query.contains("max_connections") {
            row(&["17.2", "97", "12", "UTF8", "t"])
        } else if query.contains("clock_timestamp") {
            row(&[&jiff::Timestamp::now().as_second().to_string()])
        } else if query.contains("oauth_applications") {
            Ok(self.app.clone())
        } else {
            row(&["20260101000000"])
        }
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, EvidenceError> {
        self.see()?;
        Ok(self.processes.clone())
    }

    async fn logs(&self, process: &str, _tail: usize) -> Result<Vec<String>, EvidenceError> {
        self.see()?;
        Ok(self.logs.get(process).cloned().unwrap_or_default())
    }

    async fn environment(
        &self,
        process: &str,
    ) -> Result<BTreeMap<String, Variable>, EvidenceError> {
        self.see()?;
        let mut environment = BTreeMap::new();
        if process != "streaming" {
            environment.insert(
                "LOCAL_DOMAIN".into(),
                Variable::Shown("social.localhost".into()),
            );
            let ca = Variable::Shown("/etc/masto/ca.pem".into());
            environment.insert("SSL_CERT_FILE".into(), ca);
            for name in [
                "SECRET_KEY_BASE",
                "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
                "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
                "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
            ] {
                environment.insert(name.into(), Variable::Secret);
            }
        }
        Ok(environment)
    }

    async fn exec(&self, _process: &str, argv: &[&str]) -> Result<String, EvidenceError> {
        self.see()?;
        Ok(match argv[0] {
            "date" => jiff::Timestamp::now().as_second().to_string(),
            "df" => "head\n/dev/sda1 100000000 1 99999999 1% /\n".into(),
            "ls" => "db/migrate:\n20260101000000_x.rb\n".into(),
            other => panic!("unexpected: {other}"),
        })
    }
}
