//! Generates the client. progenitor gives an operation one type of error; here it is `types::EtcdError`, what servers
//! say in JSON. Statuses that come with text or nothing are taken out of the description, and so reach the caller as
//! `UnexpectedResponse`, with the answer unread.

use std::{env, error::Error, fs, path::Path};

use openapiv3::{OpenAPI, Operation, ReferenceOr, Response, StatusCode};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};

const SPEC: &str = "api/openapi.yaml";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={SPEC}");
    let mut spec: OpenAPI = serde_yaml::from_reader(fs::File::open(SPEC)?)?;
    let components = spec.components.clone().unwrap_or_default();
    for path in spec.paths.paths.values_mut() {
        let ReferenceOr::Item(path) = path else { continue };
        let operations = [&mut path.get, &mut path.head, &mut path.put, &mut path.post, &mut path.delete];
        for operation in operations.into_iter().flatten() {
            keep_typed(operation, |reference| {
                let name = reference.trim_start_matches("#/components/responses/");
                components.responses[name].as_item().expect("a response")
            });
        }
    }
    let code =
        Generator::new(GenerationSettings::new().with_interface(InterfaceStyle::Builder)).generate_tokens(&spec)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("etcd.rs"), code.to_string())?;
    Ok(())
}

/// Leaves an operation its successes and its errors in JSON.
fn keep_typed<'a>(operation: &mut Operation, resolve: impl Fn(&str) -> &'a Response) {
    operation.responses.responses.retain(|status, response| {
        let json = match response {
            ReferenceOr::Item(response) => response,
            ReferenceOr::Reference { reference } => resolve(reference),
        }
        .content
        .contains_key("application/json");
        matches!(status, StatusCode::Code(200..=299)) || json
    });
}
