//! Every migration the releases know, oldest first.

use crate::release::{Line, Release};

/// When a migration may run while old processes still work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before the new code.
    Pre,
    /// After all old code is gone: `db/post_migrate`.
    Post,
}

/// What a migration does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Statements.
    Sql(&'static str),
    /// Encrypts the private keys of local accounts and moves them to `keypairs`.
    MovePrivateKeys,
}

/// One migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Migration {
    /// Its number, a time as `YYYYMMDDhhmmss`.
    pub(crate) version: i64,
    /// Its class.
    pub(crate) name: &'static str,
    /// The first release line that has it.
    pub(crate) since: Line,
    /// When it may run.
    pub(crate) phase: Phase,
    /// What it does.
    pub(crate) change: Change,
}

macro_rules! migrations {
    ($($since:ident $phase:ident $version:literal $file:literal $name:literal;)*) => {
        const SQL: &[Migration] = &[$(Migration {
            version: $version,
            name: $name,
            since: Line::$since,
            phase: Phase::$phase,
            change: Change::Sql(include_str!(concat!("migrations/", $version, "_", $file, ".sql"))),
        }),*];
    };
}

migrations! {
    V4_4 Pre 20160220174730 "create_accounts" "CreateAccounts";
    V4_4 Pre 20160220211917 "create_statuses" "CreateStatuses";
    V4_4 Pre 20160222143943 "devise_create_users" "DeviseCreateUsers";
    V4_4 Pre 20160223165723 "create_doorkeeper_tables" "CreateDoorkeeperTables";
    V4_4 Pre 20160905150353 "create_media_attachments" "CreateMediaAttachments";
    V4_4 Pre 20161006213403 "create_relationships" "CreateRelationships";
    V4_4 Pre 20161119211120 "create_notifications" "CreateNotifications";
    V4_4 Pre 20170112154826 "create_settings" "CreateSettings";
    V4_4 Pre 20180628181026 "create_custom_filters" "CreateCustomFilters";
    V4_4 Pre 20201017233919 "create_ip_blocks" "CreateIpBlocks";
    V4_4 Pre 20220613110711 "create_user_roles" "CreateUserRoles";
    V4_4 Pre 20230907150100 "create_session_activations" "CreateSessionActivations";
    V4_4 Pre 20240909014637 "add_attribution_domains_to_accounts" "AddAttributionDomainsToAccounts";
    V4_4 Post 20241007071624 "add_follows_index" "AddFollowsIndex";
    V4_4 Pre 20250313123400 "add_age_verified_at_to_users" "AddAgeVerifiedAtToUsers";
    V4_4 Post 20250627132728 "add_media_attachments_index" "AddMediaAttachmentsIndex";
    V4_5 Pre 20250717003848 "create_username_blocks" "CreateUsernameBlocks";
    V4_5 Post 20251023210145 "default_to_numeric_actor_ids" "DefaultToNumericActorIds";
    V4_6 Pre 20260212131934 "add_require_tos_interstitial_to_users" "AddRequireTosInterstitialToUsers";
    V4_6 Pre 20260415093012 "add_show_media_to_accounts" "AddShowMediaToAccounts";
    V4_7 Pre 20260623081517 "create_keypairs" "CreateKeypairs";
    V4_7 Pre 20260630121144 "add_last_emailed_challenge_at_to_users" "AddLastEmailedChallengeAtToUsers";
    V4_7 Post 20260701090002 "restate_show_media_default" "RestateShowMediaDefault";
    V4_7 Post 20260701090310 "add_statuses_reply_index" "AddStatusesReplyIndex";
    V4_7 Post 20260702143355 "add_mentions_status_index" "AddMentionsStatusIndex";
    V4_7 Post 20260703101500 "add_notifications_sender_index" "AddNotificationsSenderIndex";
    V4_7 Post 20260706080725 "add_access_tokens_owner_index" "AddAccessTokensOwnerIndex";
    V4_7 Post 20260707155048 "drop_user_agent_default" "DropUserAgentDefault";
    V4_7 Post 20260709122211 "validate_users_approved" "ValidateUsersApproved";
}

const MOVE_PRIVATE_KEYS: Migration = Migration {
    version: 20260714093405,
    name: "MoveLocalPrivateKeysToKeypairs",
    since: Line::V4_7,
    phase: Phase::Post,
    change: Change::MovePrivateKeys,
};

/// Those of a release, oldest first.
pub(crate) fn migrations(release: Release) -> impl Iterator<Item = &'static Migration> {
    SQL.iter()
        .chain([&MOVE_PRIVATE_KEYS])
        .filter(move |migration| migration.since <= release.line)
}

/// Statements that fail unless the tables are as the release's code expects them: what Rails
/// finds out when it loads its models.
pub(crate) fn expectation(release: Release) -> &'static str {
    match release.line {
        Line::V4_4 => "SELECT age_verified_at, role_id FROM users LIMIT 0",
        Line::V4_5 => "SELECT id_scheme FROM accounts LIMIT 0",
        Line::V4_6 => "SELECT show_media FROM accounts LIMIT 0",
        Line::V4_7 => "SELECT k.id, u.last_emailed_challenge_at FROM keypairs k, users u LIMIT 0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(from: &str, to: &str, phase: Phase) -> usize {
        let old: Vec<_> = migrations(from.parse().unwrap()).collect();
        migrations(to.parse().unwrap())
            .filter(|migration| migration.phase == phase && !old.contains(migration))
            .count()
    }

    #[test]
    fn versions_ascend_across_all_releases() {
        let versions: Vec<_> = migrations(crate::release::NEWEST)
            .map(|migration| migration.version)
            .collect();
        assert!(versions.is_sorted(), "{versions:?}");
    }

    #[test]
    fn upgrades_have_the_phases_of_the_real_ones() {
        assert_eq!(
            (
                count("4.5.20", "4.6.9", Phase::Pre),
                count("4.5.20", "4.6.9", Phase::Post)
            ),
            (2, 0)
        );
        assert_eq!(
            (
                count("4.6.9", "4.7.5", Phase::Pre),
                count("4.6.9", "4.7.5", Phase::Post)
            ),
            (2, 8)
        );
    }

    #[test]
    fn a_release_can_be_upgraded_live_from_the_line_before() {
        for (from, to) in [
            ("4.4.27", "4.5.20"),
            ("4.5.20", "4.6.9"),
            ("4.6.9", "4.7.5"),
        ] {
            let schema = migrations(from.parse().unwrap()).last().unwrap().version;
            assert!(schema >= to.parse::<Release>().unwrap().oldest_live_schema().0);
        }
    }
}
