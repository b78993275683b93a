//! In the place of MinIO and its client `mc`: an S3 server that keeps objects on disk.
//!
//! The protocol (routing, XML, signatures, chunked uploads with trailers) is `s3s`; what is here
//! is storage, bucket policies, and how MinIO starts, answers probes and refuses.

mod access;
mod answer;
mod client;
mod download;
mod listing;
mod multipart;
mod object;
mod policy;
mod s3;
mod server;
mod settings;
mod storage;
mod upload;

#[cfg(test)]
mod tests;

pub(crate) use client::run as mc;
pub(crate) use server::run;
