//! Every environment variable masto reads: one documented constant each.
//!
//! [`crate::settings`] reads them, `masto help environment` and the manual page print them.

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident)+) => {
        $($(#[doc = $doc])+ pub(crate) const $name: &str = stringify!($name);)+

        /// Name and meaning of each variable, in the order of this file.
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+))),+];
    };
}

variables! {
    /// The topology file, as `--file`.
    MASTO_FILE
    /// Another name for the deployment than the file's, as `--project-name`.
    MASTO_PROJECT_NAME
    /// Which images to run, `official` or `kit`, as `--images`.
    MASTO_IMAGES
    /// Port of the HTTPS ingress, as `--https-port`.
    MASTO_HTTPS_PORT
    /// Port of the ingress that redirects to HTTPS, as `--http-port`.
    MASTO_HTTP_PORT
    /// How long `up` may take, as `--wait-timeout`.
    MASTO_WAIT_TIMEOUT
    /// How long to wait for another masto at work on the same deployment, as `--lock-timeout`.
    MASTO_LOCK_TIMEOUT
    /// How progress is shown, as `--progress`.
    MASTO_PROGRESS
    /// When to use colour, as `--color`.
    MASTO_COLOR
    /// Which internal log lines go to stderr, in the syntax of tracing's filters: `local=debug`.
    MASTO_LOG
    /// The password for the mail server of `mail.via.smtp`; never in the file, never a flag.
    MASTO_SMTP_PASSWORD
    /// A token of an account on the server of `doctor --peer https://…`, with the scopes `read`,
    /// `write` and `follow`: with it everything is tried both ways. Never a flag.
    MASTO_PEER_TOKEN
    /// Another endpoint than AWS for every service: an emulator, as in any AWS tool.
    AWS_ENDPOINT_URL
    /// Address of the Docker engine: `unix:///run/user/1000/docker.sock`, `tcp://host:2375`.
    DOCKER_HOST
    /// The Docker context to use where DOCKER_HOST is not set.
    DOCKER_CONTEXT
    /// Where Docker's client keeps its configuration; `~/.docker` when not set.
    DOCKER_CONFIG
    /// Any value but `false` and `0` means: no terminal tricks, no questions.
    CI
    /// Any value turns colour off.
    NO_COLOR
    /// Any value but `0` turns colour on, even where there is no terminal.
    CLICOLOR_FORCE
    /// `dumb` means a terminal that can neither colour nor move its cursor.
    TERM
    /// Names the character set; lines and signs are ASCII unless it is UTF-8.
    LC_ALL
    /// As LC_ALL, where that is not set.
    LC_CTYPE
    /// As LC_CTYPE, where that is not set.
    LANG
    /// Where the local CA, secrets and locks are kept, below `masto`; `~/.local/share` when not set.
    XDG_DATA_HOME
    /// Where a rootless Docker engine has its socket.
    XDG_RUNTIME_DIR
    /// The home directory.
    HOME
    /// Set by the completion scripts that `masto completion` prints.
    COMPLETE
}
