"""Says whether a receiver with the Standard Webhooks library would take these requests.

    verify_webhook.py < requests.ndjson     one {"secret", "headers", "body"} a line

Prints a line for each: "ok", or why the standard's own Python library does not take it.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

for line in sys.stdin:
    request = json.loads(line)
    try:
        Webhook(request["secret"]).verify(request["body"], request["headers"])
        print("ok")
    except WebhookVerificationError as wrong:
        print(wrong)
