//! The JSON, its schema and the protobuf say the same: checked against the `.proto` file itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use jsonschema::Validator;
use proptest::prelude::*;
use prost::Message as _;
use protox::prost_reflect::{
    Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    ReflectMessage as _, Value as ProtoValue,
};
use serde_json::Value;

use super::alert;
use crate::incident::fixtures::{
    ONSET, change, change_of, fall, incident, resolved, silent_feed, silent_partitions,
};
use crate::incident::{Acknowledgement, Change, Incident, State};
use crate::notify::hostile;
use crate::proto;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn schema() -> Value {
    let path = format!("{ROOT}/proto/alert.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::options().should_validate_formats(true).build(&schema()).unwrap()
}

fn descriptor() -> MessageDescriptor {
    let include = format!("{ROOT}/proto");
    let mut compiler = protox::Compiler::new([include]).unwrap();
    compiler.open_file("groundswell/v1/alert.proto").unwrap();
    compiler.descriptor_pool().get_message_by_name("groundswell.v1.Alert").unwrap()
}

fn json(change: &Change) -> Value {
    serde_json::to_value(alert(change)).unwrap()
}

/// One change of every sort.
fn changes() -> Vec<Change> {
    let escalated = Incident { state: State::Escalated, ..incident() };
    let unknown = Incident {
        state: State::Acknowledged,
        peak_z: f64::NAN,
        upper: f64::INFINITY,
        acknowledged: Some(Acknowledgement { by: "Dana".into(), at: ONSET }),
        ..incident()
    };
    vec![
        change(),
        change_of(escalated, 1),
        change_of(unknown, 2),
        change_of(resolved(incident(), 190), 3),
        change_of(Incident { state: State::Updated, ..incident() }, 2),
        change_of(fall(), 0),
        change_of(silent_feed(), 0),
        change_of(silent_partitions(&[3, 0], 12), 0),
    ]
}

#[test]
fn the_json_is_as_documented() {
    insta::assert_snapshot!("alert", serde_json::to_string_pretty(&json(&change())).unwrap());
}

#[test]
fn every_alert_is_valid() {
    let validator = validator();
    for change in changes() {
        let json = json(&change);
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn the_schema_refuses_what_is_no_alert() {
    let validator = validator();
    let spoil: [fn(&mut Value); 6] = [
        |json| json["severity"] = "CRITICAL".into(),
        |json| json["onset"] = "yesterday".into(),
        |json| json["mentions"] = (-1).into(),
        |json| json["sources"][0]["share"] = "78 %".into(),
        |json| json["samples"][0]["role"] = Value::Null,
        |json| {
            json.as_object_mut().unwrap().remove("event_id");
        },
    ];
    for (i, spoil) in spoil.into_iter().enumerate() {
        let mut json = json(&change());
        spoil(&mut json);
        assert!(!validator.is_valid(&json), "{i}");
    }
}

#[test]
fn receivers_accept_what_is_yet_to_come() {
    let mut json = json(&change());
    json["reach"] = 5.into();
    assert!(validator().is_valid(&json));
}

#[test]
fn schema_and_proto_have_the_same_fields() {
    let schema = schema();
    compare_fields(&descriptor(), &schema, &schema);
}

/// Compares `message` with its schema `object`, and so on down.
fn compare_fields(message: &MessageDescriptor, object: &Value, schema: &Value) {
    let name = message.name();
    let fields: BTreeSet<String> = message.fields().map(|f| f.name().into()).collect();
    let properties = object["properties"].as_object().unwrap();
    let documented: BTreeSet<String> = properties.keys().cloned().collect();
    assert_eq!(fields, documented, "properties of {name}");
    let required = object["required"].as_array().unwrap();
    let required: BTreeSet<String> = required.iter().map(|r| r.as_str().unwrap().into()).collect();
    assert_eq!(fields, required, "required of {name}");
    for field in message.fields() {
        let property = &properties[field.name()];
        assert!(property["description"].is_string(), "{name}.{}", field.name());
        compare_kind(&field, property, schema);
    }
}

fn compare_kind(field: &FieldDescriptor, property: &Value, schema: &Value) {
    let list = field.cardinality() == Cardinality::Repeated;
    assert_eq!(list, property["type"] == "array", "{}", field.full_name());
    let item = if list { &property["items"] } else { property };
    // What may be absent is this or null.
    let reference = item["$ref"].as_str().or_else(|| item["anyOf"][0]["$ref"].as_str());
    let definition = reference.map(|reference| {
        let name = reference.strip_prefix("#/$defs/").unwrap();
        (name, &schema["$defs"][name])
    });
    match field.kind() {
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            assert_eq!(item["format"], "date-time");
        }
        Kind::Message(message) => {
            let (name, object) = definition.unwrap();
            assert_eq!(name, message.name());
            compare_fields(&message, object, schema);
        }
        Kind::Enum(names) => {
            let (name, object) = definition.unwrap();
            assert_eq!(name, names.name());
            let documented = object["oneOf"].as_array().unwrap();
            let documented: BTreeSet<_> = documented
                .iter()
                .map(|value| value["const"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(documented, json_names(&names).collect::<BTreeSet<_>>());
        }
        _ => assert!(definition.is_none(), "{}", field.full_name()),
    }
}

/// The values of an enum as JSON writes them, without the unspecified one.
fn json_names(names: &EnumDescriptor) -> impl Iterator<Item = String> {
    let names: Vec<String> = names
        .values()
        .filter(|value| value.number() != 0)
        .map(|value| json_name(names, value.name()))
        .collect();
    names.into_iter()
}

/// `SOURCE_KIND_LINK` of `SourceKind` is `link`.
fn json_name(names: &EnumDescriptor, value: &str) -> String {
    let words = names.name().chars().filter(|c| c.is_uppercase()).count();
    let prefix = names.name().len() + words;
    value[prefix..].to_lowercase()
}

/// Asserts that `json` says what `message` says, field by field, no more and no less.
fn assert_same_message(message: &DynamicMessage, json: &Value) {
    let json = json.as_object().unwrap();
    let keys: BTreeSet<&str> = json.keys().map(String::as_str).collect();
    let descriptor = message.descriptor();
    let names: Vec<String> = descriptor.fields().map(|f| f.name().into()).collect();
    assert_eq!(keys, names.iter().map(String::as_str).collect());
    for field in descriptor.fields() {
        let json = &json[field.name()];
        if field.supports_presence() && !message.has_field(&field) {
            assert!(json.is_null(), "{}: {json}", field.full_name());
            continue;
        }
        match message.get_field(&field).as_ref() {
            ProtoValue::List(items) => {
                let list = json.as_array().unwrap();
                assert_eq!(items.len(), list.len(), "{}", field.full_name());
                for (item, json) in items.iter().zip(list) {
                    assert_same(&field, item, json);
                }
            }
            value => assert_same(&field, value, json),
        }
    }
}

fn assert_same(field: &FieldDescriptor, value: &ProtoValue, json: &Value) {
    let name = field.full_name();
    match (field.kind(), value) {
        (Kind::Enum(names), ProtoValue::EnumNumber(number)) => {
            let value = names.get_value(*number).unwrap();
            assert_eq!(json, &json_name(&names, value.name()), "{name}");
        }
        (Kind::Message(_), ProtoValue::Message(message)) => {
            match message.transcode_to::<prost_types::Timestamp>() {
                Ok(at) if message.descriptor().name() == "Timestamp" => {
                    let told: jiff::Timestamp = json.as_str().unwrap().parse().unwrap();
                    let at = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos);
                    assert_eq!(told.as_nanosecond(), at, "{name}");
                }
                _ => assert_same_message(message, json),
            }
        }
        (_, ProtoValue::String(text)) => assert_eq!(json, text, "{name}"),
        (_, ProtoValue::I32(number)) => assert_eq!(json, number, "{name}"),
        (_, ProtoValue::U32(number)) => assert_eq!(json, number, "{name}"),
        (_, ProtoValue::U64(number)) => assert_eq!(json, number, "{name}"),
        (_, ProtoValue::F64(number)) => assert_eq!(json, number, "{name}"),
        (kind, value) => panic!("{name}: no rule for {kind:?} {value:?}"),
    }
}

fn dynamic(change: &Change, descriptor: MessageDescriptor) -> DynamicMessage {
    let bytes = proto::Alert::from(change).encode_to_vec();
    DynamicMessage::decode(descriptor, bytes.as_slice()).unwrap()
}

#[test]
fn json_and_protobuf_carry_the_same() {
    let descriptor = descriptor();
    for change in changes() {
        assert_same_message(&dynamic(&change, descriptor.clone()), &json(&change));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_it_holds(change in hostile::change()) {
        let json = json(&change);
        assert_same_message(&dynamic(&change, descriptor()), &json);
        // Without formats: RFC 3339 knows no years beyond 9999, hostile moments do.
        let mut schema = schema();
        schema["properties"]["samples"]["maxItems"] = 100.into();
        prop_assert!(jsonschema::is_valid(&schema, &json));
    }
}
