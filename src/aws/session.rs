//! From a topology to a plan on AWS: what `plan`, `up` and their like have in common.

use aws::lock::Fence;
use aws::secrets::Leaving;
use aws::{Account, AwsBackend, Connection, Id, Identity, Placement, Resource, Scope, TaskImages};
use engine::{Graph, Observed, Plan, PlanOptions};
use local::{ImageRefs, ImageRole, ImageSet};
use mastodon::{Deployment, Secret, Secrets};
use topology::{Aws, Dns, Domain, Name, Topology};

use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// One deployment in one account and region.
pub(crate) struct Session {
    /// The clients.
    pub(crate) account: Account,
    /// Whom AWS takes us for.
    pub(crate) identity: Identity,
    /// Account, region, name.
    pub(crate) scope: Scope,
    /// What shall run.
    pub(crate) topology: Topology,
    /// Its `aws:` part.
    pub(crate) aws: Aws,
    /// Another endpoint than AWS.
    pub(crate) is_emulated: bool,
    images: ImageSet,
    settings: Settings,
}

/// What shall be, next to what is.
pub(crate) struct Prepared {
    /// In Mastodon's terms.
    pub(crate) deployment: Deployment,
    /// In AWS's terms.
    pub(crate) graph: Graph<Resource>,
    /// What was found.
    pub(crate) observed: Observed<Resource>,
    /// The values that go into Secrets Manager.
    pub(crate) secrets: Secrets,
}

impl Session {
    /// Variables that every task has from its image, as far as they are known: those that a
    /// rehearsal gave it.
    pub(crate) fn image_env(&self) -> &'static [(&'static str, &'static str)] {
        match self.settings.stage {
            Some(_) => &local::rehearsal::BELIEVED,
            None => &[],
        }
    }

    /// Finds out whose account it is.
    pub(crate) async fn open(
        topology: Topology,
        images: ImageSet,
        selection: &Selection,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let aws = topology.aws.clone().ok_or_else(no_aws_part)?;
        let connection = Connection {
            region: aws.region.clone(),
            profile: selection.profile.clone(),
            endpoint: settings.aws_endpoint.clone(),
            access_key: settings
                .stage
                .as_ref()
                .map(|stage| stage.access_key.clone()),
        };
        let account = Account::connect(&connection).await.map_err(failed)?;
        let identity = account.identity().await.map_err(failed)?;
        let scope = identity.scope(&topology, &account);
        Ok(Self {
            account,
            identity,
            scope,
            topology,
            aws,
            is_emulated: settings.aws_endpoint.is_some(),
            images,
            settings: settings.clone(),
        })
    }

    /// The deployment's name.
    pub(crate) fn name(&self) -> &Name {
        &self.topology.name
    }

    /// Looks at what is there, once.
    pub(crate) async fn observe(&self) -> Result<Observed<Resource>, Error> {
        self.observe_within(&self.account.for_one_look()).await
    }

    /// The same as a part of a look, which asks for more than the resources.
    pub(crate) async fn observe_within(&self, look: &Account) -> Result<Observed<Resource>, Error> {
        aws::observe_within(look, &self.scope).await.map_err(failed)
    }

    /// In Mastodon's terms, next to what is there.
    pub(crate) fn deployment(&self, observed: &Observed<Resource>) -> Deployment {
        let mut surroundings = aws::surroundings(&self.topology);
        if let Some(stage) = &self.settings.stage {
            surroundings.trusted_proxies.push(stage.proxies.clone());
        }
        mastodon::deployment(&self.topology, &surroundings, &aws::schema(observed))
    }

    /// What shall be, next to what is. Makes the secrets that are missing: they have to be there
    /// before anything can be compared.
    pub(crate) async fn prepare(&self, leaving: Leaving) -> Result<Prepared, Error> {
        let look = &self.account.for_one_look();
        let observed = self.observe_within(look).await?;
        let deployment = self.deployment(&observed);
        let secrets = self.secrets(look, &deployment, leaving).await?;
        let placement = self
            .placement(look, &observed, &deployment, &secrets)
            .await?;
        let graph = self.graph(&deployment, &placement)?;
        Ok(Prepared {
            deployment,
            graph,
            observed,
            secrets,
        })
    }

    /// In AWS's terms.
    pub(crate) fn graph(
        &self,
        deployment: &Deployment,
        placement: &Placement,
    ) -> Result<Graph<Resource>, Error> {
        aws::desired(aws::Scene {
            deployment,
            topology: &self.topology,
            aws: &self.aws,
            scope: &self.scope,
            placement,
        })
        .map_err(|error| Error::Bug {
            message: error.to_string(),
        })
    }

    /// The secrets that Secrets Manager has, with those that are missing drawn; where there is
    /// data, none that it depends on is drawn anew.
    pub(crate) async fn secrets(
        &self,
        look: &Account,
        deployment: &Deployment,
        leaving: Leaving,
    ) -> Result<Secrets, Error> {
        let given = self
            .settings
            .smtp_password
            .as_ref()
            .map(|password| Secret::new(password.expose()));
        aws::secrets::prepare(
            look,
            &self.scope,
            deployment,
            given,
            leaving,
            &mut rand::rng(),
        )
        .await
        .map_err(failed)
    }

    /// What carries a plan out, for as long as the lock behind `fence` is held.
    pub(crate) fn backend(&self, secrets: Secrets, fence: Fence) -> AwsBackend {
        AwsBackend::new(self.account.clone(), self.scope.clone(), secrets).fenced(fence)
    }

    async fn placement(
        &self,
        look: &Account,
        observed: &Observed<Resource>,
        deployment: &Deployment,
        secrets: &Secrets,
    ) -> Result<Placement, Error> {
        let zones = aws::zones(look, observed.values());
        let hosted_zone = async {
            match &self.aws.dns {
                Dns::Zone(zone) => aws::hosted_zone(look, zone).await,
                Dns::Manual => Ok(None),
            }
        };
        let (zones, hosted_zone) = futures_util::try_join!(zones, hosted_zone).map_err(failed)?;
        if let (Dns::Zone(zone), None) = (&self.aws.dns, &hosted_zone) {
            return Err(self.no_zone(zone));
        }
        Ok(Placement {
            zones,
            images: match &self.settings.stage {
                Some(stage) => stage.images.clone(),
                None => images(&self.topology, self.images),
            },
            hosted_zone,
            secrets: aws::secrets::fingerprint(secrets, deployment),
        })
    }

    fn no_zone(&self, zone: &Domain) -> Error {
        Error::Usage {
            message: format!(
                "account {} has no hosted zone `{zone}` in Route 53",
                self.scope.account
            ),
            hint: Some(format!(
                "make it, and have the registrar point at its name servers:\n  aws route53 create-hosted-zone --name {zone} --caller-reference masto\nor keep your DNS where it is:  aws: {{ dns: manual }}"
            )),
        }
    }
}

impl Prepared {
    /// The way from what is to what shall be.
    pub(crate) fn plan(&self, options: &PlanOptions<Id>) -> Plan<Resource> {
        engine::plan(&self.graph, &self.observed, options)
    }
}

/// What tasks are started from.
pub(crate) fn images(topology: &Topology, set: ImageSet) -> TaskImages {
    let refs = ImageRefs::new(topology, set);
    TaskImages {
        mastodon: refs.get(ImageRole::Mastodon).to_owned(),
        streaming: refs.get(ImageRole::Streaming).to_owned(),
    }
}

/// An error of the AWS backend, with the status it stands for.
pub(crate) fn failed(error: aws::Error) -> Error {
    use aws::ErrorKind;
    let status = match error.kind() {
        ErrorKind::Permission => ExitStatus::Permission,
        ErrorKind::Resource => ExitStatus::ResourceFailed,
        ErrorKind::Locked => ExitStatus::Locked,
        ErrorKind::Usage => ExitStatus::Usage,
        ErrorKind::Unreachable | ErrorKind::Bug => ExitStatus::Failure,
    };
    Error::backend(&error, status)
}

/// What to add to the file.
pub(crate) fn no_aws_part() -> Error {
    Error::Usage {
        message: "the topology file has no `aws:` part".to_owned(),
        hint: Some(
            "add it:\n  aws:\n    region: eu-central-1\n    dns: { zone: example.com }   # a Route 53 zone, or: manual"
                .to_owned(),
        ),
    }
}
