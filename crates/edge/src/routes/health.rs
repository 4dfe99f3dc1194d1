//! Whether the service lives, and whether it can be given work.

use crate::problem::Problem;
use crate::route::{Answer, Anyone, Call, Done, Nothing, Route};

const UNREADY: &[&str] =
    &["service.stopping", "service.overloaded", "store.timeout", "store.unreachable", "store.full"];
/// When to ask again.
const RETRY_SECONDS: u32 = 5;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/health/live", "health.live", "Whether the process answers").by(live),
        Route::get(
            "/health/ready",
            "health.ready",
            "Whether it can be given work: its store answers, its writer lives, it is not stopping",
        )
        .refuses(UNREADY)
        .by(ready),
    ]
}

type Asked = Call<Nothing, Nothing, Nothing, Anyone>;

async fn live(_: Asked) -> Answer<Done> {
    Ok(Done)
}

async fn ready(call: Asked) -> Answer<Done> {
    let edge = &call.edge;
    if edge.is_stopping() {
        return Err(Problem::of("service.stopping").retry_after(RETRY_SECONDS));
    }
    if !edge.core.is_alive() {
        return Err(Problem::failure("the writer's thread has ended"));
    }
    edge.core.read(|reader| reader.read(|scope| kernel::journal::size_and_root(scope.tx).map(drop))).await?;
    Ok(Done)
}
