use etcd_v2::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = std::env::args().nth(1).expect("an endpoint");
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let client = Client::new_with_client(&endpoint, http);
    let message = || client.put_key().key("message").body_map(|form| form.value("hello".to_owned()));
    println!("{}", message().send().await?.action);
    if let Err(Error::ErrorResponse(refused)) = message().prev_exist(false).send().await {
        println!("{} {}", refused.error_code.unwrap_or_default(), refused.message);
    }
    Ok(())
}
