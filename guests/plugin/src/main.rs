//! A plugin that uses a service of its host's: what the README's host runs.

use insula_guest::*;
use serde::{Deserialize, Serialize};

/// What the host offers, as the first message brings it.
#[derive(Deserialize)]
struct Services {
    prices: SendPort,
}

#[derive(Serialize)]
struct PriceOf {
    item: String,
}

#[main]
async fn main(services: Services) -> Result<(), CallError> {
    while let Some(request) = port().recv().await {
        let item = "amphora".to_owned();
        let price: Result<u32, String> = services.prices.call(PriceOf { item }).await?;
        let quote = match price {
            Ok(price) => format!("an amphora costs {price}"),
            Err(why) => format!("no amphora today: {why}"),
        };
        if let Some(reply) = request.reply() {
            reply.send(quote).ok();
        }
    }
    Ok(())
}
