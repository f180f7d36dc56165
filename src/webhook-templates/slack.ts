import { message } from './message.js';
import { eventsForPeople, type WebhookTemplate } from './template.js';

// Blocks and their lengths: https://docs.slack.dev/reference/block-kit/blocks. What is escaped, and the form of dates:
// https://docs.slack.dev/messaging/formatting-message-text. `verbatim` keeps names and urls from becoming links.
const transform = String.raw`(
${message}
  $escape := function($s) { $replace($replace($replace($s, "&", "&amp;"), "<", "&lt;"), ">", "&gt;") };
  /* A cut may leave half an entity at the end. */
  $fit := function($s) { $replace($short($escape($s), 1500), /&[a-z]*…$/, "…") };
  $seconds := $floor($toMillis(timestamp) / 1000);

  {
    "text": $icon & " " & $title,
    "blocks": [
      {"type": "header", "text": {"type": "plain_text", "text": $icon & " " & $title}},
      $exists($text) ? {"type": "section", "text": {"type": "plain_text", "text": $fit($text)}},
      $count($facts) > 0 ? {
        "type": "section",
        "fields": [$facts.{"type": "mrkdwn", "text": "*" & name & "*\n" & $escape(value), "verbatim": true}]
      },
      $link ? {"type": "section", "text": {"type": "mrkdwn", "text": "<" & $escape($link) & "|Open the recording>"}},
      {"type": "context", "elements": [
        {"type": "mrkdwn", "text": "<!date^" & $seconds & "^{date_short_pretty} {time}|" & $time & ">"},
        {"type": "plain_text", "text": event}
      ]}
    ],
    "unfurl_links": false,
    "unfurl_media": false
  }
)`;

export const slack: WebhookTemplate = {
  name: 'slack',
  title: 'Slack',
  urlPattern: String.raw`^https://hooks\.slack(?:-gov)?\.com/services/[A-Za-z0-9]+/[A-Za-z0-9]+/[A-Za-z0-9]+$`,
  urlForm: 'https://hooks.slack.com/services/T…/B…/…',
  events: eventsForPeople,
  transform,
  // "1 per second, short bursts allowed": https://docs.slack.dev/apis/web-api/rate-limits, Incoming webhooks.
  rateLimitPerMinute: 60,
  rateLimitPerHour: null,
  steps: [
    'Open https://api.slack.com/apps and choose "Create New App", then "From scratch".',
    'In the new app, open "Incoming Webhooks" and switch them on.',
    'Choose "Add New Webhook to Workspace" and pick the channel.',
    'Copy the webhook URL and use it as url here. Keep it secret: whoever has it can post to the channel.',
  ],
};
