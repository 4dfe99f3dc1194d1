//! The description of the interface.

use crate::page;
use crate::route::{Answer, Anyone, Call, Nothing, Route, Text};

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/", "description.page", "This description, for people").by(show_page),
        Route::get("/style.css", "description.style", "How the page looks").by(show_style),
        Route::get("/openapi.json", "description.openapi", "This description, for programs (OpenAPI 3.1)")
            .by(show_openapi),
    ]
}

type Asked = Call<Nothing, Nothing, Nothing, Anyone>;

async fn show_page(call: Asked) -> Answer<Text> {
    Ok(Text("text/html; charset=utf-8", call.edge.documents.page.clone()))
}

async fn show_style(_: Asked) -> Answer<Text> {
    Ok(Text("text/css; charset=utf-8", page::STYLE.into()))
}

async fn show_openapi(call: Asked) -> Answer<Text> {
    Ok(Text("application/json", call.edge.documents.openapi.clone()))
}
