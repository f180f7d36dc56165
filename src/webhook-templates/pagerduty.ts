import { message } from './message.js';
import type { WebhookTemplate } from './template.js';

// The body and its lengths: https://developer.pagerduty.com/docs/send-alert-event. Events with the same key belong to
// one alert: a webhook that recovers resolves what its failing began; a limit that is reached adds to its warning.
const transform = String.raw`(
${message}
  $key := $match(event, /^webhook\.(failing|recovered|disabled)$/) ? "irisx-webhook-" & $line($d.webhook_id, 20)
    : $match(event, /^tenant\.limit\./) ? "irisx-limit-" & $line($d.resource, 100) & "-" & $line($d.month, 20)
    : event & "-" & event_id;

  {
    "routing_key": "{{routing_key}}",
    "event_action": event = "webhook.recovered" ? "resolve" : "trigger",
    "dedup_key": $short($key, 120),
    "payload": {
      "summary": $title & ($exists($text) ? ": " & $short($line($text, 300), 300)),
      "source": "IRISX",
      "severity": event in ["webhook.disabled", "tenant.limit.reached"] ? "critical"
        : $level in ["error", "warning"] ? $level
        : "info",
      "timestamp": timestamp,
      "class": event,
      "custom_details": $merge($facts.{name: value})
    },
    "links": [$link ? {"href": $link, "text": "Recording"}],
    "client": "IRISX"
  }
)`;

export const pagerduty: WebhookTemplate = {
  name: 'pagerduty',
  title: 'PagerDuty',
  urlPattern: String.raw`^https://events\.(?:eu\.)?pagerduty\.com/v2/enqueue\?routing_key=(?<routing_key>[0-9A-Za-z]{32})$`,
  urlForm: 'https://events.pagerduty.com/v2/enqueue?routing_key=<the integration key of 32 letters and digits>',
  events: ['tenant.limit.warning', 'tenant.limit.reached', 'webhook.failing', 'webhook.recovered', 'webhook.disabled'],
  transform,
  // PagerDuty adjusts its limit to the traffic (https://developer.pagerduty.com/docs/events-api-v2-overview); its staff
  // names 120 events a minute for each key: https://community.pagerduty.com/forum/t/monitoring-api-rate-limiting/3318
  rateLimitPerMinute: 120,
  rateLimitPerHour: null,
  steps: [
    'In PagerDuty, open the service that is to be alerted, then "Integrations", then "Add an integration".',
    'Choose "Events API V2" and copy its integration key, which has 32 letters and digits.',
    'Use https://events.pagerduty.com/v2/enqueue?routing_key=<the key> as url here (events.eu.pagerduty.com for accounts in the EU).',
    'The key is moved from the url into the transform, because PagerDuty expects it in the body. To change it later, set the url with the new key; if you have changed the transform, set that too, with {{routing_key}} for the key.',
  ],
};
