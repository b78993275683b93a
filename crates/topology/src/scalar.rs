//! Which values are read from a single word, and the rule they break when they are wrong.

use crate::postgres_version::PostgresVersion;
use crate::reader::text_values;
use crate::region::Region;
use crate::retention::Retention;
use crate::sender::Sender;
use crate::server::{Login, Server};
use crate::username::Username;
use crate::{
    Architecture, Domain, Email, ImageRef, Memory, Name, NetworkProfile, ProcessName, Queue,
    RedisEngine, Search, Size, SmtpTls, StoreVersion, Vcpu, Version,
};

text_values! {
    Name: NAME, "a name";
    ProcessName: NAME, "a name";
    Domain: DOMAIN, "a domain";
    Server: DOMAIN, "a host name";
    Login: WRONG_TYPE, "a user name";
    Email: EMAIL, "a mail address";
    Sender: EMAIL, "a mail address";
    Username: USERNAME, "a user name";
    ImageRef: IMAGE, "an image";
    Version: MASTODON_VERSION, "a release of Mastodon";
    PostgresVersion: STORE_VERSION, "a version";
    StoreVersion: STORE_VERSION, "a version";
    Memory: SIZE, "a size";
    Vcpu: CPU, "a number of processors";
    Retention: RETENTION, "a number of days";
    Region: REGION, "a region of AWS";
    Queue: UNKNOWN_VALUE, "a queue";
    RedisEngine: UNKNOWN_VALUE, "`redis` or `valkey`";
    Size: UNKNOWN_VALUE, "a size";
    SmtpTls: UNKNOWN_VALUE, "a kind of TLS";
    Search: UNKNOWN_VALUE, "`none`";
    NetworkProfile: UNKNOWN_VALUE, "`public`, `private` or `ha`";
    Architecture: UNKNOWN_VALUE, "`arm64` or `amd64`";
}
