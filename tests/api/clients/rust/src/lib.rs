//! The client that build.rs generates.

#![allow(unused_imports)]

include!(concat!(env!("OUT_DIR"), "/etcd.rs"));
