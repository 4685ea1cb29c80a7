//! The judge of Slack messages that the other tests trust; `validate_slack.py --self-test` is its own test.

use serde_json::json;

use crate::support::slack;

#[test]
fn slack_takes_a_right_message_and_says_what_is_wrong_with_another() {
    let right = json!({"text": "up", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Acme"}}]});
    let wrong = json!({"text": "up", "blocks": [{"type": "section"}]});

    assert_eq!(slack::validate(std::slice::from_ref(&right)), Ok(()));
    let reasons = slack::validate(&[right, wrong]).unwrap_err();
    assert_eq!(reasons, "line 2: blocks[0]: text or fields attribute must be specified\n");
}
