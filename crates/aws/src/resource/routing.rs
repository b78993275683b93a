//! What a listener or one of its rules does with a request.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum,
};

use crate::error::Error;
use crate::id::{Id, TargetRole};

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routing {
    /// It goes to a target group.
    Forward(TargetRole),
    /// 301 to the same place over HTTPS.
    ToHttps,
    /// 301 to the same path on another host.
    ToHost(String),
    /// 400 with this text.
    Refuse(String),
}

impl Routing {
    /// The target group that it needs.
    pub(super) fn target(&self) -> Option<Id> {
        match self {
            Self::Forward(role) => Some(Id::TargetGroup(*role)),
            Self::ToHttps | Self::ToHost(_) | Self::Refuse(_) => None,
        }
    }

    /// As [`told`] tells of one that was found; `None` while the target group is not known.
    pub(super) fn told<'a>(&self, target: impl Fn(&Id) -> Option<&'a str>) -> Option<String> {
        Some(match self {
            Self::Forward(role) => forward(target(&Id::TargetGroup(*role))?),
            Self::ToHttps => redirect("#{host}"),
            Self::ToHost(host) => redirect(host),
            Self::Refuse(text) => answer("400", text),
        })
    }

    /// For a call to AWS.
    pub(super) fn action<'a>(
        &self,
        target: impl Fn(&Id) -> Result<&'a str, Error>,
    ) -> Result<Action, Error> {
        let to = |host: &str| {
            let redirect = RedirectActionConfig::builder()
                .protocol("HTTPS")
                .port("443")
                .host(host)
                .path("/#{path}")
                .query("#{query}")
                .status_code(RedirectActionStatusCodeEnum::Http301);
            Action::builder()
                .r#type(ActionTypeEnum::Redirect)
                .redirect_config(redirect.build())
        };
        let action = match self {
            Self::Forward(role) => Action::builder()
                .r#type(ActionTypeEnum::Forward)
                .target_group_arn(target(&Id::TargetGroup(*role))?),
            Self::ToHttps => to("#{host}"),
            Self::ToHost(host) => to(host),
            Self::Refuse(text) => {
                let response = FixedResponseActionConfig::builder()
                    .status_code("400")
                    .content_type("text/plain")
                    .message_body(text);
                Action::builder()
                    .r#type(ActionTypeEnum::FixedResponse)
                    .fixed_response_config(response.build())
            }
        };
        Ok(action.build())
    }
}

/// What the last of these actions does, in words.
pub(super) fn told(actions: &[Action]) -> String {
    let Some(action) = actions.last() else {
        return String::new();
    };
    if let Some(to) = action.redirect_config() {
        // What is not said is as in the request.
        let protocol = to.protocol().unwrap_or("#{protocol}");
        let port = to.port().unwrap_or("#{port}");
        let host = to.host().unwrap_or("#{host}");
        let path = to.path().unwrap_or("/#{path}");
        let query = to.query().unwrap_or("#{query}");
        let code = to
            .status_code()
            .map_or("", RedirectActionStatusCodeEnum::as_str);
        return format!("{code} to {protocol}://{host}:{port}{path}?{query}");
    }
    if let Some(response) = action.fixed_response_config() {
        let code = response.status_code().unwrap_or_default();
        return answer(code, response.message_body().unwrap_or_default());
    }
    let groups = action
        .forward_config()
        .map(|forward| forward.target_groups());
    let first = groups.and_then(|groups| groups.first());
    let group = action
        .target_group_arn()
        .or_else(|| first.and_then(|group| group.target_group_arn()));
    match group {
        Some(group) => forward(group),
        None => action
            .r#type()
            .map_or_else(String::new, ToString::to_string),
    }
}

fn forward(group: &str) -> String {
    format!("forward to {group}")
}

fn redirect(host: &str) -> String {
    format!("HTTP_301 to HTTPS://{host}:443/#{{path}}?#{{query}}")
}

fn answer(code: &str, text: &str) -> String {
    format!("{code}: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_reads_back_as_itself() {
        for routing in [
            Routing::Forward(TargetRole::Web),
            Routing::ToHttps,
            Routing::ToHost("web.example.com".to_owned()),
            Routing::Refuse("no".to_owned()),
        ] {
            let action = routing.action(|_| Ok("arn:web")).unwrap();
            assert_eq!(Some(told(&[action])), routing.told(|_| Some("arn:web")));
        }
        assert_eq!(Routing::Forward(TargetRole::Web).told(|_| None), None);
    }
}
