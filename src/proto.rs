//! The wire types of `proto/groundswell/v1`, generated at build time.

#![allow(missing_docs, clippy::doc_markdown)]

include!(concat!(env!("OUT_DIR"), "/groundswell.v1.rs"));
