//! The stores, and what stands before them.

use serde_json::{Value, json};

use super::reference::{attribute, hole, identity, logical_name};
use super::{Template, tags};
use crate::attributes::Attribute;
use crate::desired::Scene;
use crate::id::{CertificateRole, DnsRole, GroupRole, Id, Tier, Zone};
use crate::kind::Kind as _;
use crate::names;
use crate::resource::{
    Bucket, Cache, CacheParameters, Certificate, Database, DatabaseParameters, Distribution, Dns,
    MailIdentity, MailUser, bucket, distribution,
};

/// Of a Route 53 zone that is there.
pub(super) const ZONE: &str = "HostedZoneId";
/// A certificate of CloudFront is made in us-east-1, wherever the stack is.
pub(super) const MEDIA_CERTIFICATE: &str = "MediaCertificateArn";

fn private_subnets() -> [String; 2] {
    Zone::ALL.map(|zone| identity(&Id::Subnet(Tier::Private, zone)))
}

/// A value of the secret, read by CloudFormation when it needs it.
fn secret_value(key: &str) -> String {
    format!(
        "{{{{resolve:secretsmanager:{}:SecretString:{key}}}}}",
        identity(&Id::Secret)
    )
}

pub(super) fn secret(template: &mut Template, scene: Scene<'_>) {
    template.parameter(
        super::reference::SECRET,
        "String",
        &format!(
            "ARN of the secret `{}`: one JSON document with all keys that the task definitions name",
            names::of(&Id::Secret, scene.scope)
        ),
    );
}

pub(super) fn database_subnets(template: &mut Template, scene: Scene<'_>) {
    let id = Id::DatabaseSubnets;
    template.resource(
        &id,
        "AWS::RDS::DBSubnetGroup",
        json!({
            "DBSubnetGroupName": names::of(&id, scene.scope),
            "DBSubnetGroupDescription": "The private subnets",
            "SubnetIds": private_subnets(),
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn database_parameters(
    template: &mut Template,
    parameters: &DatabaseParameters,
    scene: Scene<'_>,
) {
    let id = Id::DatabaseParameters;
    template.resource(
        &id,
        "AWS::RDS::DBParameterGroup",
        json!({
            "Family": parameters.family,
            "Description": "Settings of Mastodon's database",
            "Parameters": parameters.parameters,
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn database(template: &mut Template, database: &Database, scene: Scene<'_>) {
    let resource = template.resource(
        &Id::Database,
        "AWS::RDS::DBInstance",
        json!({
            "DBInstanceIdentifier": names::of(&Id::Database, scene.scope),
            "Engine": "postgres",
            "EngineVersion": database.version.to_string(),
            "DBInstanceClass": database.class,
            "AllocatedStorage": database.storage.to_string(),
            "MaxAllocatedStorage": database.max_storage,
            "StorageType": "gp3",
            "StorageEncrypted": true,
            "MultiAZ": database.multi_az,
            "BackupRetentionPeriod": database.backups,
            "CopyTagsToSnapshot": true,
            "DeletionProtection": true,
            "PubliclyAccessible": false,
            "DBName": database.database,
            "MasterUsername": database.user,
            "MasterUserPassword": secret_value("POSTGRES_PASSWORD"),
            "DBSubnetGroupName": identity(&Id::DatabaseSubnets),
            "DBParameterGroupName": identity(&Id::DatabaseParameters),
            "VPCSecurityGroups": [identity(&Id::SecurityGroup(GroupRole::Postgres))],
            "Tags": tags(&Id::Database, scene),
        }),
    );
    keep(resource, "Snapshot");
}

pub(super) fn cache_subnets(template: &mut Template, scene: Scene<'_>) {
    let id = Id::CacheSubnets;
    template.resource(
        &id,
        "AWS::ElastiCache::SubnetGroup",
        json!({
            "CacheSubnetGroupName": names::of(&id, scene.scope),
            "Description": "The private subnets",
            "SubnetIds": private_subnets(),
            "Tags": tags(&id, scene),
        }),
    );
}

pub(super) fn cache_parameters(
    template: &mut Template,
    parameters: &CacheParameters,
    scene: Scene<'_>,
) {
    template.resource(
        &Id::CacheParameters,
        "AWS::ElastiCache::ParameterGroup",
        json!({
            "CacheParameterGroupFamily": parameters.family,
            "Description": "Jobs are never evicted",
            "Properties": { "maxmemory-policy": "noeviction" },
            "Tags": tags(&Id::CacheParameters, scene),
        }),
    );
}

pub(super) fn cache(template: &mut Template, cache: &Cache, scene: Scene<'_>) {
    let is_doubled = cache.nodes > 1;
    let resource = template.resource(
        &Id::Cache,
        "AWS::ElastiCache::ReplicationGroup",
        json!({
            "ReplicationGroupId": names::of(&Id::Cache, scene.scope),
            "ReplicationGroupDescription": "Queues and feeds of Mastodon",
            "Engine": cache.engine.to_string(),
            "EngineVersion": cache.engine_version(),
            "CacheNodeType": cache.node_type,
            "NumCacheClusters": cache.nodes,
            "AutomaticFailoverEnabled": is_doubled,
            "MultiAZEnabled": is_doubled,
            "TransitEncryptionEnabled": true,
            "AtRestEncryptionEnabled": true,
            "AuthToken": secret_value("REDIS_PASSWORD"),
            "SnapshotRetentionLimit": 1,
            "CacheParameterGroupName": identity(&Id::CacheParameters),
            "CacheSubnetGroupName": identity(&Id::CacheSubnets),
            "SecurityGroupIds": [identity(&Id::SecurityGroup(GroupRole::Redis))],
            "Tags": tags(&Id::Cache, scene),
        }),
    );
    keep(resource, "Snapshot");
    for part in [Attribute::Host, Attribute::Port] {
        template.output(
            &format!("Cache{part:?}"),
            "Goes into the key REDIS_URL of the secret, with rediss:// and the password",
            attribute(&Id::Cache, part),
        );
    }
}

pub(super) fn bucket(template: &mut Template, bucket: &Bucket, scene: Scene<'_>) {
    let name = names::of(&Id::Bucket, scene.scope);
    let days = bucket::KEPT;
    let resource = template.resource(
        &Id::Bucket,
        "AWS::S3::Bucket",
        json!({
            "BucketName": name,
            "OwnershipControls": { "Rules": [{ "ObjectOwnership": "BucketOwnerEnforced" }] },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": true,
                "IgnorePublicAcls": true,
                "BlockPublicPolicy": !bucket.is_public,
                "RestrictPublicBuckets": !bucket.is_public,
            },
            "VersioningConfiguration": { "Status": "Enabled" },
            "LifecycleConfiguration": { "Rules": [{
                "Id": "masto",
                "Status": "Enabled",
                "NoncurrentVersionExpiration": { "NoncurrentDays": days },
                "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": days },
            }] },
            "CorsConfiguration": { "CorsRules": [{
                "AllowedOrigins": ["*"],
                "AllowedMethods": ["GET", "HEAD"],
                "AllowedHeaders": ["*"],
                "MaxAge": 86_400,
            }] },
            "Tags": tags(&Id::Bucket, scene),
        }),
    );
    keep(resource, "Retain");
    if bucket.is_public {
        policy(template, json!("*"), None, scene);
    }
}

/// Who may read the bucket.
fn policy(template: &mut Template, principal: Value, from: Option<String>, scene: Scene<'_>) {
    let name = names::of(&Id::Bucket, scene.scope);
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": format!("arn:{}:s3:::{name}/*", scene.scope.partition()),
    });
    if let Some(from) = from {
        statement["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": from } });
    }
    template.named(
        "BucketPolicy",
        "AWS::S3::BucketPolicy",
        json!({
            "Bucket": identity(&Id::Bucket),
            "PolicyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        }),
    );
}

pub(super) fn origin_access_control(template: &mut Template, scene: Scene<'_>) {
    let id = Id::OriginAccessControl;
    template.resource(
        &id,
        "AWS::CloudFront::OriginAccessControl",
        json!({
            "OriginAccessControlConfig": {
                "Name": names::of(&id, scene.scope),
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        }),
    );
}

pub(super) fn distribution(template: &mut Template, distribution: &Distribution, scene: Scene<'_>) {
    let id = Id::Distribution;
    template.parameter(
        MEDIA_CERTIFICATE,
        "String",
        &format!(
            "ARN of an issued certificate for {} in us-east-1",
            distribution.alias
        ),
    );
    template.resource(
        &id,
        "AWS::CloudFront::Distribution",
        json!({
            "DistributionConfig": {
                "Comment": names::of(&id, scene.scope),
                "Enabled": true,
                "HttpVersion": "http2and3",
                "IPV6Enabled": true,
                "PriceClass": "PriceClass_All",
                "Aliases": [distribution.alias],
                "Origins": [{
                    "Id": "media",
                    "DomainName": attribute(&Id::Bucket, Attribute::Host),
                    "OriginAccessControlId": identity(&Id::OriginAccessControl),
                    "S3OriginConfig": { "OriginAccessIdentity": "" },
                }],
                "DefaultCacheBehavior": {
                    "TargetOriginId": "media",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "AllowedMethods": ["GET", "HEAD"],
                    "CachedMethods": ["GET", "HEAD"],
                    "Compress": true,
                    "CachePolicyId": distribution::CACHE_POLICY,
                    "ResponseHeadersPolicyId": distribution::RESPONSE_HEADERS_POLICY,
                },
                "ViewerCertificate": {
                    "AcmCertificateArn": hole(MEDIA_CERTIFICATE),
                    "SslSupportMethod": "sni-only",
                    "MinimumProtocolVersion": "TLSv1.2_2021",
                },
            },
            "Tags": tags(&id, scene),
        }),
    );
    let from = format!(
        "arn:{}:cloudfront::{}:distribution/{}",
        scene.scope.partition(),
        scene.scope.account,
        identity(&id)
    );
    policy(
        template,
        json!({ "Service": "cloudfront.amazonaws.com" }),
        Some(from),
        scene,
    );
    template.output(
        "MediaHost",
        "What the name of the media host has to lead to",
        attribute(&id, Attribute::Host),
    );
}

/// Only the server's: that of the media host is a parameter.
pub(super) fn certificate(template: &mut Template, certificate: &Certificate, scene: Scene<'_>) {
    if certificate.role != CertificateRole::Server {
        return;
    }
    let id = certificate.id();
    let mut properties = json!({
        "DomainName": certificate.domain,
        "ValidationMethod": "DNS",
        "Tags": tags(&id, scene),
    });
    if !certificate.others.is_empty() {
        properties["SubjectAlternativeNames"] = json!(certificate.others);
    }
    if scene.scope.zone.is_some() {
        let names = std::iter::once(&certificate.domain).chain(&certificate.others);
        let options: Vec<Value> = names
            .map(|name| json!({ "DomainName": name, "HostedZoneId": hole(ZONE) }))
            .collect();
        properties["DomainValidationOptions"] = json!(options);
        zone(template);
    }
    template.resource(&id, "AWS::CertificateManager::Certificate", properties);
}

fn zone(template: &mut Template) {
    template.parameter(
        ZONE,
        "AWS::Route53::HostedZone::Id",
        "The hosted zone of the domain",
    );
}

pub(super) fn dns(template: &mut Template, dns: &Dns) {
    let records: Vec<Value> = match dns.role {
        // CloudFormation makes them with the certificate.
        DnsRole::Certificate(_) => return,
        DnsRole::Server => aliases(
            dns,
            &["A"],
            &attribute(&Id::LoadBalancer, Attribute::Host),
            &attribute(&Id::LoadBalancer, Attribute::ZoneId),
        ),
        DnsRole::Media => aliases(
            dns,
            &["A", "AAAA"],
            &attribute(&Id::Distribution, Attribute::Host),
            crate::cloudfront::ZONE_ID,
        ),
        DnsRole::Mail => {
            let identity = logical_name(&Id::MailIdentity);
            (1..=3)
                .map(|token| {
                    json!({
                        "Name": hole(&format!("{identity}.DkimDNSTokenName{token}")),
                        "Type": "CNAME",
                        "TTL": "300",
                        "ResourceRecords": [hole(&format!("{identity}.DkimDNSTokenValue{token}"))],
                    })
                })
                .collect()
        }
    };
    zone(template);
    template.resource(
        &dns.id(),
        "AWS::Route53::RecordSetGroup",
        json!({ "HostedZoneId": hole(ZONE), "RecordSets": records }),
    );
}

fn aliases(dns: &Dns, types: &[&str], to: &str, zone: &str) -> Vec<Value> {
    let hosts = dns.hosts.iter();
    hosts
        .flat_map(|host| {
            types.iter().map(move |kind| {
                json!({
                    "Name": host,
                    "Type": kind,
                    "AliasTarget": { "DNSName": to, "HostedZoneId": zone },
                })
            })
        })
        .collect()
}

pub(super) fn mail_identity(template: &mut Template, identity: &MailIdentity, scene: Scene<'_>) {
    template.resource(
        &Id::MailIdentity,
        "AWS::SES::EmailIdentity",
        json!({
            "EmailIdentity": identity.domain,
            "Tags": tags(&Id::MailIdentity, scene),
        }),
    );
}

pub(super) fn mail_user(template: &mut Template, user: &MailUser, scene: Scene<'_>) {
    let id = Id::MailUser;
    template.resource(
        &id,
        "AWS::IAM::User",
        json!({
            "UserName": names::of(&id, scene.scope),
            "Policies": [{
                "PolicyName": "masto",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Action": ["ses:SendEmail", "ses:SendRawEmail"],
                        "Resource": "*",
                        "Condition": { "StringEquals": { "ses:FromAddress": user.from } },
                    }],
                },
            }],
            "Tags": tags(&id, scene),
        }),
    );
}

/// What holds data outlives the stack.
fn keep(resource: &mut Value, policy: &str) {
    resource["DeletionPolicy"] = json!(policy);
    resource["UpdateReplacePolicy"] = json!(policy);
}
