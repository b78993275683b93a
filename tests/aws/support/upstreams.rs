//! Which emulator answers which call.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::call::Call;
use super::emulator::{Ask, Emulator};

/// Services that moto knows more of than MiniStack does: it checks what a VPC, a load balancer and
/// a database are made from, and scales services. ACM comes with them, because a listener wants
/// its certificate there.
const OF_MOTO: [&str; 6] = [
    "acm",
    "application-autoscaling",
    "ec2",
    "elasticloadbalancing",
    "rds",
    "route53",
];

/// Where the emulators listen: `127.0.0.1:43211`.
pub(crate) struct Upstreams {
    /// Answers whatever moto does not.
    pub(crate) ministack: String,
    /// Answers for [`OF_MOTO`]; `None` where MiniStack is alone.
    moto: Option<String>,
    subnets: Mutex<Loans>,
}

/// Subnets of MiniStack's that stand for moto's: it makes no subnet group of what it has not.
#[derive(Default)]
struct Loans {
    free: Vec<String>,
    /// MiniStack's by moto's.
    lent: BTreeMap<String, String>,
}

impl Upstreams {
    /// MiniStack, and moto where there is one beside it.
    pub(crate) fn new(ministack: &Emulator, moto: Option<&Emulator>) -> Self {
        let subnets = Loans {
            free: moto.map_or_else(Vec::new, |_| two_subnets(ministack)),
            lent: BTreeMap::new(),
        };
        Self {
            ministack: ministack.address.clone(),
            moto: moto.map(|moto| moto.address.clone()),
            subnets: Mutex::new(subnets),
        }
    }

    /// Whose answer masto gets.
    pub(crate) fn answering(&self, call: &Call) -> &str {
        match &self.moto {
            Some(moto) if OF_MOTO.contains(&call.service.as_str()) => moto,
            _ => &self.ministack,
        }
    }

    /// Who has to hear of it as well: moto scales only services that it has, and MiniStack is the
    /// one that knows how a deployment of them goes.
    pub(crate) fn listening(&self, call: &Call) -> Option<&str> {
        let is_news = call.service == "ecs" && !call.is_read() && call.action != "RunTask";
        self.moto.as_deref().filter(|_| is_news)
    }

    /// The body for whoever answers; `None` where it is as masto wrote it.
    pub(crate) fn translated(&self, call: &Call) -> Option<String> {
        if self.moto.is_none() || call.service != "elasticache" {
            return None;
        }
        let mut loans = self.subnets.lock().unwrap();
        let values = call
            .body
            .split('&')
            .filter_map(|pair| pair.split('=').nth(1));
        for subnet in values.filter(|value| value.starts_with("subnet-")) {
            if !loans.lent.contains_key(subnet) {
                let free = loans.free.pop().expect("a third subnet");
                loans.lent.insert(subnet.to_owned(), free);
            }
        }
        let lent = loans.lent.iter();
        Some(lent.fold(call.body.clone(), |body, (theirs, ours)| {
            body.replace(theirs, ours)
        }))
    }

    /// The answer as masto has to read it.
    pub(crate) fn translated_back(&self, call: &Call, answer: String) -> String {
        if call.service != "elasticache" {
            return answer;
        }
        let loans = self.subnets.lock().unwrap();
        let lent = loans.lent.iter();
        lent.fold(answer, |answer, (theirs, ours)| {
            answer.replace(ours, theirs)
        })
    }
}

/// In a network that masto never hears of.
fn two_subnets(ministack: &Emulator) -> Vec<String> {
    let made = |form: &str, field: &str| {
        let form = format!("{form}&Version=2016-11-15");
        let answer = ministack.ask("ec2", &Ask::Form(&form));
        super::emulator::between(&answer, field).to_owned()
    };
    let vpc = made("Action=CreateVpc&CidrBlock=10.99.0.0/16", "vpcId");
    let subnet = |third: u8, zone: char| {
        let form = format!(
            "Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.99.{third}.0/24&AvailabilityZone=eu-central-1{zone}"
        );
        made(&form, "subnetId")
    };
    vec![subnet(0, 'a'), subnet(1, 'b')]
}
