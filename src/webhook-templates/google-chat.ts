import { message } from './message.js';
import { eventsForPeople, type WebhookTemplate } from './template.js';

// The body: https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages (at most 32,000 bytes)
// and https://developers.google.com/workspace/chat/api/reference/rest/v1/cards. Texts of widgets know a few HTML tags.
const transform = String.raw`(
${message}
  $escape := function($s) { $replace($replace($replace($s, "&", "&amp;"), "<", "&lt;"), ">", "&gt;") };

  {
    "fallbackText": $icon & " " & $title,
    "cardsV2": [{
      "cardId": "event",
      "card": {
        "header": {"title": $icon & " " & $title, "subtitle": $time},
        "sections": [{
          "widgets": [
            $exists($text) ? {"textParagraph": {"text": $replace($escape($text), "\n", "<br>")}},
            $facts.{"decoratedText": {"topLabel": name, "text": $escape(value), "wrapText": true}},
            $link ? {"buttonList": {"buttons": [{"text": "Open the recording", "onClick": {"openLink": {"url": $link}}}]}},
            {"textParagraph": {"text": "<i>" & $escape(event) & "</i>"}}
          ]
        }]
      }
    }]
  }
)`;

export const googleChat: WebhookTemplate = {
  name: 'google-chat',
  title: 'Google Chat',
  urlPattern: String.raw`^https://chat\.googleapis\.com/v1/spaces/[^/?#]+/messages\?(?:[^#]*&)?key=[^&#]+&(?:[^#]*&)?token=[^&#]+`,
  urlForm: 'https://chat.googleapis.com/v1/spaces/…/messages?key=…&token=…',
  events: eventsForPeople,
  transform,
  // 60 writes a minute in each space, shared by all its apps: https://developers.google.com/workspace/chat/limits
  rateLimitPerMinute: 60,
  rateLimitPerHour: null,
  steps: [
    'In Google Chat, in a browser, open the menu of the space and choose "Apps & integrations".',
    'Choose "Add webhooks" and give it a name.',
    'Copy the URL and use it as url here. Keep it secret: whoever has it can post to the space.',
  ],
};
