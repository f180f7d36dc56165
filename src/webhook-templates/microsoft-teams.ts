import { message } from './message.js';
import { eventsForPeople, type WebhookTemplate } from './template.js';

// The message: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
// (an Adaptive Card, at most 28 KB). Text of callers and senders is in text runs, which know no Markdown:
// https://adaptivecards.io/explorer/TextRun.html. {{DATE}} shows the reader's own time.
const transform = String.raw`(
${message}
  $colors := {"error": "Attention", "warning": "Warning", "success": "Good"};
  $color := $lookup($colors, $level);
  $seconds := $substringBefore(timestamp, ".") & "Z";

  {
    "type": "message",
    "attachments": [{
      "contentType": "application/vnd.microsoft.card.adaptive",
      "contentUrl": null,
      "content": {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": $title,
        "body": [
          {"type": "RichTextBlock", "inlines": [{
            "type": "TextRun",
            "text": $icon & " " & $title,
            "size": "Large",
            "weight": "Bolder",
            "color": $exists($color) ? $color : "Default"
          }]},
          $exists($text) ? {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": $text}]},
          $facts.{"type": "RichTextBlock", "spacing": "Small", "inlines": [
            {"type": "TextRun", "text": name & "  ", "isSubtle": true},
            {"type": "TextRun", "text": value}
          ]},
          {
            "type": "TextBlock",
            "text": "{{DATE(" & $seconds & ", SHORT)}} {{TIME(" & $seconds & ")}}",
            "isSubtle": true,
            "size": "Small",
            "wrap": true
          }
        ],
        "actions": [$link ? {"type": "Action.OpenUrl", "title": "Open the recording", "url": $link}]
      }
    }]
  }
)`;

export const microsoftTeams: WebhookTemplate = {
  name: 'microsoft-teams',
  title: 'Microsoft Teams',
  // The older form ends in logic.azure.com, the newer one in powerplatform.com; both have .us and .cn for their clouds.
  urlPattern: String.raw`^https://[a-z0-9.-]+\.(?:logic\.azure\.(?:com|us|cn)|powerplatform\.(?:com|us|cn)|powerplatform\.microsoft\.us)/(?:[^?#]+/)?workflows/[^?#]+/paths/invoke/?\?(?:[^#]*&)?sig=[^&#]+`,
  urlForm: 'https://….powerplatform.com/…/workflows/…/triggers/manual/paths/invoke?…&sig=…',
  events: eventsForPeople,
  transform,
  // "If more than four requests are made in a second, the client connection is throttled":
  // https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
  rateLimitPerMinute: 240,
  rateLimitPerHour: null,
  steps: [
    'In Teams, open the menu of the channel and choose "Workflows".',
    'Choose the template "Send webhook alerts to a channel" ("Post to a channel when a webhook request is received").',
    'Pick the team and the channel, and save the workflow. "Anyone" must be allowed to trigger it.',
    'Copy the URL that is shown, whole, and use it as url here. Keep it secret: whoever has it can post to the channel.',
  ],
};
