//! The document that describes the API, made from its code and from the schema of alerts.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// What an incident is made of is what alerts tell of it.
const ALERT: &str = include_str!("../../../proto/alert.schema.json");
/// What an alert tells of itself, and no incident has.
const OF_ALERTS: [&str; 3] = ["schema_version", "event_id", "sequence"];

/// The document, as JSON.
pub fn document(described: OpenApi) -> String {
    let mut document = serde_json::to_value(described).unwrap_or_default();
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "Groundswell",
        "version": "1",
        "description": "Open incidents, what has happened to them, and what people do about them.",
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    });
    document["servers"] = json!([{ "url": super::ROOT }]);
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token of the configuration ([[http.token]]). None is needed on the machine \
                            itself as long as there are none.",
        }
    });
    document["security"] = json!([{ "token": [] }]);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.extend(of_alerts());
    }
    refuse_everywhere(&mut document);
    refuse_unknown(&mut document);
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

/// Answers that any path may give: from who may ask, and how often, and from a store that is away.
fn refuse_everywhere(document: &mut Value) {
    let problem = |what: &str| {
        json!({
            "description": what,
            "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
            }
        })
    };
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let answers = &mut operation["responses"];
        answers["401"] = problem("A token is needed, or it is not known.");
        answers["403"] = problem("The token's role does not allow this.");
        answers["429"] = problem("This address asks too often.");
        answers["503"] = problem("The store fails; nothing is shown or done until it works again.");
    }
}

/// A response with a property that means nothing is refused: it may have been meant to.
fn refuse_unknown(document: &mut Value) {
    let given = document["components"]["schemas"]["Given"]["oneOf"].as_array_mut();
    for act in given.into_iter().flatten() {
        act["additionalProperties"] = json!(false);
    }
}

/// `Incident`, and what it is made of.
fn of_alerts() -> Map<String, Value> {
    let text = ALERT.replace("#/$defs/", "#/components/schemas/");
    let Ok(Value::Object(mut alert)) = serde_json::from_str(&text) else { return Map::new() };
    let Some(Value::Object(mut schemas)) = alert.remove("$defs") else { return Map::new() };
    for key in ["$schema", "$id"] {
        alert.remove(key);
    }
    alert.insert("title".to_owned(), json!("Incident"));
    alert.insert(
        "description".to_owned(),
        json!("An incident as it stands: what an alert tells of it, and how people stand to it."),
    );
    if let Some(properties) = alert.get_mut("properties").and_then(Value::as_object_mut) {
        OF_ALERTS.iter().for_each(|key| {
            properties.remove(*key);
        });
        properties.insert(
            "silenced_until".to_owned(),
            json!({
                "description": "Until when no more is told of it, unless it becomes more severe. null: it is not silenced.",
                "type": ["string", "null"],
                "format": "date-time",
            }),
        );
        properties.insert(
            "marked".to_owned(),
            json!({
                "description": "What people say it was. null: nobody has said.",
                "type": ["string", "null"],
                "enum": ["false_alarm", "real", null],
            }),
        );
    }
    if let Some(required) = alert.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|key| !OF_ALERTS.iter().any(|it| key == it));
        required.extend([json!("silenced_until"), json!("marked")]);
    }
    schemas.insert("Incident".to_owned(), Value::Object(alert));
    schemas
}
