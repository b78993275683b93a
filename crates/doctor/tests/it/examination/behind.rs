use super::*;

#[tokio::test]
async fn a_job_that_nobody_takes_is_taken_back() {
    let mut world = World::new(Mastodon::new()).await;
    world.backend.job = "waiting";
    world.backend.queues = vec!["default", "mailers", "scheduler"];
    world.options.bound = Duration::from_secs(3);
    world
        .check(&expect![[r#"
            fail queues: nothing consumes ingress: messages from other servers never arrive
            fail ingress-job: the job was not taken within 2 s
            cause: no Sidekiq process consumes `ingress`: messages from other servers never arrive (queues ingress-job)
        "#]])
        .await;
    let pushed = world.backend.pushed.lock().unwrap();
    let [push, take_back] = pushed.as_slice() else {
        panic!("{pushed:?}");
    };
    assert_eq!(
        push.strip_prefix("push "),
        take_back.strip_prefix("take back ")
    );
}

#[tokio::test]
async fn a_process_out_of_memory_is_the_cause_of_what_it_does_not_do() {
    let mut world = World::new(Mastodon::new()).await;
    world.backend.job = "waiting";
    let sidekiq = world.backend.processes.last_mut().unwrap();
    sidekiq.phase = doctor::Phase::Exited;
    sidekiq.oom_killed = true;
    sidekiq.exit_code = Some(137);
    sidekiq.memory_limit = Some(256 << 20);
    world.options.bound = Duration::from_secs(3);
    world
        .check(&expect![[r#"
            fail processes: sidekiq-all is ended, for 60 s, exit status 137, killed for want of memory
            fail queues: nothing consumes default, ingress, mailers, scheduler: home feeds are not filled, nobody is notified, nothing streams
            fail ingress-job: the job was not taken within 2 s
            cause: `sidekiq-all` ran out of memory (processes queues ingress-job)
        "#]])
        .await;
}

#[tokio::test]
async fn one_replica_of_two_down_is_a_warning() {
    let mut world = World::new(Mastodon::new()).await;
    let mut second = running("web");
    second.phase = doctor::Phase::Restarting;
    world.backend.processes.push(second);
    let report = world
        .check(&expect![[r#"
            warn processes: web is being restarted, for 60 s
            cause: not every replica of `web` works (processes)
        "#]])
        .await;
    assert!(report.is_healthy());
}
