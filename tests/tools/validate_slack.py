"""Says whether Slack would take these incoming-webhook payloads.

    validate_slack.py < payloads.ndjson     one JSON payload a line; exit code 1 if any is wrong
    validate_slack.py --self-test           checks that right payloads pass and wrong ones do not

A payload passes when Slack's own models (slack_sdk) parse its blocks, find them valid and write them back
unchanged (they drop what they do not know, so a misspelt key shows), and when it keeps the limits that
Slack publishes (https://docs.slack.dev/reference/block-kit/blocks) and the models do not check. Lengths
are in characters.
"""

import inspect
import json
import logging
import re
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.webhook import WebhookClient

MESSAGE_TEXT_MAX = 40_000  # Slack cuts the rest off
MESSAGE_BLOCKS_MAX = 50
MESSAGE_ATTACHMENTS_MAX = 100
SECTION_TEXT_MAX = 3_000
SECTION_FIELDS_MAX = 10
FIELD_TEXT_MAX = 2_000
HEADER_TEXT_MAX = 150
CONTEXT_ELEMENTS_MAX = 10
CONTEXT_TEXT_MAX = 3_000  # any text object; Slack states no lower one for context
ACTIONS_ELEMENTS_MAX = 25
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2_000
ALT_TEXT_MAX = 2_000
URL_MAX = 3_000
COLOR = re.compile(r"good|warning|danger|#[0-9A-Fa-f]{6}")

PAYLOAD_KEYS = set(inspect.signature(WebhookClient.send).parameters) - {"self", "headers"}
ATTACHMENT_KEYS = {"blocks", "color", "fallback"}


def problems(payload):
    """What is wrong with one payload, as (where, reason) pairs."""
    if not isinstance(payload, dict):
        return [("payload", "is not a JSON object")]
    found = [(key, "is not a key of an incoming-webhook message") for key in payload if key not in PAYLOAD_KEYS]
    # Slack shows `text` where blocks cannot be shown: in notifications and to screen readers.
    found += text_problems("text", payload.get("text"), MESSAGE_TEXT_MAX)
    blocks = payload.get("blocks", [])
    found += blocks_problems("blocks", blocks)
    attachments = payload.get("attachments", [])
    found += count_problems("attachments", attachments, MESSAGE_ATTACHMENTS_MAX)
    for at, attachment in enumerate(attachments if isinstance(attachments, list) else []):
        where = f"attachments[{at}]"
        if not isinstance(attachment, dict):
            found.append((where, "is not an object"))
            continue
        found += [(f"{where}.{key}", "is not expected beside blocks") for key in attachment if key not in ATTACHMENT_KEYS]
        if "color" in attachment and not COLOR.fullmatch(str(attachment["color"])):
            found.append((f"{where}.color", "is neither #RRGGBB nor good, warning or danger"))
        found += blocks_problems(f"{where}.blocks", attachment.get("blocks"))
    return found


def blocks_problems(where, blocks):
    found = count_problems(where, blocks, MESSAGE_BLOCKS_MAX)
    if not isinstance(blocks, list):
        return found
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    if len(ids) != len(set(ids)):
        found.append((where, "has two blocks of the same block_id"))
    for at, block in enumerate(blocks):
        here = f"{where}[{at}]"
        found += model_problems(here, block) or block_problems(here, block)
    return found


def model_problems(where, block):
    """What Slack's own models say."""
    try:
        parsed = Block.parse(block)
        if parsed is None:
            return [(where, f"is not a block that Slack knows: {block!r}")]
        parsed.validate_json()
        written = parsed.to_dict()
    except (SlackObjectFormationError, TypeError, AttributeError, KeyError, ValueError) as error:
        return [(where, str(error))]
    if written != block:
        return [(where, f"is read by Slack's models as {written!r}, but was {block!r}")]
    return []


def block_problems(where, block):
    """The published limits; the models have already said that the shape is right."""
    found = []
    kind = block["type"]
    if kind == "header":
        found += text_object_problems(f"{where}.text", block["text"], HEADER_TEXT_MAX, only="plain_text")
    elif kind == "section":
        if "text" in block:
            found += text_object_problems(f"{where}.text", block["text"], SECTION_TEXT_MAX)
        if "fields" in block:
            found += count_problems(f"{where}.fields", block["fields"], SECTION_FIELDS_MAX)
        for at, field in enumerate(block.get("fields", [])):
            found += text_object_problems(f"{where}.fields[{at}]", field, FIELD_TEXT_MAX)
        if block.get("accessory", {}).get("type") == "button":
            found += button_problems(f"{where}.accessory", block["accessory"])
    elif kind == "context":
        found += count_problems(f"{where}.elements", block["elements"], CONTEXT_ELEMENTS_MAX, least=1)
        for at, element in enumerate(block["elements"]):
            if element["type"] != "image":
                found += text_object_problems(f"{where}.elements[{at}]", element, CONTEXT_TEXT_MAX)
    elif kind == "image":
        found += text_problems(f"{where}.alt_text", block.get("alt_text"), ALT_TEXT_MAX)
    elif kind == "actions":
        found += count_problems(f"{where}.elements", block["elements"], ACTIONS_ELEMENTS_MAX, least=1)
        ids = [element.get("action_id") for element in block["elements"]]
        if len(ids) != len(set(ids)):
            found.append((f"{where}.elements", "has two elements of the same action_id"))
        for at, element in enumerate(block["elements"]):
            if element["type"] == "button":
                found += button_problems(f"{where}.elements[{at}]", element)
    return found


def button_problems(where, button):
    found = text_object_problems(f"{where}.text", button.get("text"), BUTTON_TEXT_MAX, only="plain_text")
    if "value" in button:
        found += text_problems(f"{where}.value", button["value"], BUTTON_VALUE_MAX)
    if "url" in button:
        found += text_problems(f"{where}.url", button["url"], URL_MAX)
        if not str(button["url"]).startswith(("http://", "https://")):
            found.append((f"{where}.url", "is not an http or https address"))
    return found


def text_object_problems(where, text, longest, only=None):
    if not isinstance(text, dict):
        return [(where, "is not a text object")]
    found = text_problems(where, text.get("text"), longest)
    if text.get("type") not in ("plain_text", "mrkdwn"):
        found.append((where, f"has the type {text.get('type')!r}, neither plain_text nor mrkdwn"))
    elif only and text["type"] != only:
        found.append((where, f"has the type {text['type']}, where Slack takes only {only}"))
    return found


def text_problems(where, text, longest):
    if not isinstance(text, str) or not text:
        return [(where, "is missing, empty or not a string")]
    if len(text) > longest:
        return [(where, f"has {len(text)} characters, more than {longest}")]
    return []


def count_problems(where, items, most, least=0):
    if not isinstance(items, list):
        return [(where, "is not a list")]
    if not least <= len(items) <= most:
        return [(where, f"has {len(items)} items, not {least} to {most}")]
    return []


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def plain(text):
    return {"type": "plain_text", "text": text, "emoji": True}


def message(*blocks, **more):
    return {"text": "Acme: negative mentions are up", "blocks": list(blocks), **more}


def button(**change):
    return {"type": "actions", "elements": [{"type": "button", "text": plain("Open"), "url": "https://a.example/", "action_id": "open"} | change]}


RIGHT = [
    message(
        {"type": "header", "text": plain("א" * 150)},
        {"type": "section", "text": mrkdwn("x" * 3_000), "fields": [mrkdwn("y" * 2_000)] * 10},
        {"type": "divider"},
        {"type": "context", "block_id": "c", "elements": [mrkdwn("z"), {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "i"}]},
        button(text=plain("b" * 75), url="https://a.example/" + "u" * 2_900),
    ),
    message(*[{"type": "divider"}] * 50, unfurl_links=False),
    {"text": "x" * 40_000, "attachments": [{"color": "#D40E0D", "blocks": [{"type": "divider"}]}]},
]

WRONG = {
    "not an object": ([], "payload"),
    "an unknown key": (message(link_names=True), "link_names"),
    "no text": ({"blocks": [{"type": "divider"}]}, "text"),
    "a long text": ({"text": "x" * 40_001}, "text"),
    "too many blocks": (message(*[{"type": "divider"}] * 51), "blocks"),
    "an unknown block": (message({"type": "heading", "text": plain("x")}), "blocks[0]"),
    "a block that is a string": (message("divider"), "blocks[0]"),
    "a misspelt key": (message({"type": "section", "texts": mrkdwn("x"), "fields": [mrkdwn("y")]}), "blocks[0]"),
    "a section of nothing": (message({"type": "section"}), "blocks[0]"),
    "an empty section": (message({"type": "section", "text": mrkdwn("")}), "blocks[0]"),
    "a long section": (message({"type": "section", "text": mrkdwn("x" * 3_001)}), "blocks[0]"),
    "too many fields": (message({"type": "section", "fields": [mrkdwn("x")] * 11}), "blocks[0]"),
    "a long field": (message({"type": "section", "fields": [mrkdwn("x" * 2_001)]}), "blocks[0].fields[0]"),
    "a long header": (message({"type": "header", "text": plain("x" * 151)}), "blocks[0]"),
    "a header in mrkdwn": (message({"type": "header", "text": mrkdwn("x")}), "blocks[0].text"),
    "too many context elements": (message({"type": "context", "elements": [mrkdwn("x")] * 11}), "blocks[0]"),
    "a context of nothing": (message({"type": "context", "elements": []}), "blocks[0]"),
    "the same block_id twice": (message(*[{"type": "divider", "block_id": "a"}] * 2), "blocks"),
    "a long button": (message(button(text=plain("x" * 76))), "blocks[0]"),
    "a long address": (message(button(url="https://a.example/" + "u" * 3_000)), "blocks[0]"),
    "a button to nowhere": (message(button(url="javascript:x")), "blocks[0].elements[0].url"),
    "a long value": (message(button(value="x" * 2_001)), "blocks[0]"),
    "two buttons of one action": (message({"type": "actions", "elements": button()["elements"] * 2}), "blocks[0].elements"),
    "a picture that nobody describes": (message({"type": "image", "slack_file": {"id": "F1"}, "alt_text": ""}), "blocks[0]"),
    "a colour by name": ({"text": "x", "attachments": [{"color": "red", "blocks": [{"type": "divider"}]}]}, "attachments[0].color"),
    "a bad block in an attachment": ({"text": "x", "attachments": [{"blocks": [{"type": "section"}]}]}, "attachments[0].blocks[0]"),
}


def self_test():
    """The count of payloads that were not judged as they should be."""
    mistakes = 0
    for at, payload in enumerate(RIGHT):
        for where, reason in problems(payload):
            print(f"right payload {at}: {where}: {reason}")
            mistakes += 1
    for name, (payload, expected) in WRONG.items():
        found = problems(payload)
        if not any(where == expected for where, _ in found):
            print(f"{name}: expected a problem at {expected}, found {found}")
            mistakes += 1
    print(f"validate_slack: {len(RIGHT)} right and {len(WRONG)} wrong payloads, {mistakes} misjudged")
    return mistakes


def main():
    logging.disable()  # the models log what they skip; here every skip is an error of its own
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    if sys.argv[1:]:
        print(__doc__, file=sys.stderr)
        return 2
    failed = False
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            found = problems(json.loads(line))
        except ValueError as error:
            found = [("payload", f"is not JSON: {error}")]
        for where, reason in found:
            print(f"line {number}: {where}: {reason}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
