import { message } from './message.js';
import { eventsForPeople, type WebhookTemplate } from './template.js';

// The body: https://discord.com/developers/docs/resources/webhook#execute-webhook. Lengths of embeds (6000 characters
// in all): https://discord.com/developers/docs/resources/message#embed-object-embed-limits.
const transform = String.raw`(
${message}
  /* A backslash takes the meaning from any punctuation: bold, links, mentions, headings, quotes, emoji. */
  $escape := function($s) { $replace($s, /([\\*_~|<>@#:\[\]()\x60-])/, "\\$1") };
  $colors := {"error": 15548997, "warning": 16705372, "success": 5763719, "info": 5793266};

  {
    "embeds": [{
      "title": $icon & " " & $escape($title),
      "url": $link,
      "description": $escape($text),
      "color": $lookup($colors, $level),
      "fields": [$facts.{"name": name, "value": $escape(value), "inline": true}],
      "footer": {"text": event},
      "timestamp": timestamp
    }],
    "allowed_mentions": {"parse": []}
  }
)`;

export const discord: WebhookTemplate = {
  name: 'discord',
  title: 'Discord',
  urlPattern: String.raw`^https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]+/[A-Za-z0-9_-]+(?:\?[^#]*)?$`,
  urlForm: 'https://discord.com/api/webhooks/…/…',
  events: eventsForPeople,
  transform,
  // Discord limits a webhook to 5 requests in 2 seconds and a channel's webhooks to 30 messages a minute; it tells by
  // its headers: https://discord.com/developers/docs/topics/rate-limits
  rateLimitPerMinute: 30,
  rateLimitPerHour: null,
  steps: [
    'In Discord, open the settings of the channel, then "Integrations", then "Webhooks".',
    'Choose "New Webhook" and give it a name.',
    'Choose "Copy Webhook URL" and use it as url here. Keep it secret: whoever has it can post to the channel.',
  ],
};
