import { automation } from './automation.js';
import { discord } from './discord.js';
import { googleChat } from './google-chat.js';
import { microsoftTeams } from './microsoft-teams.js';
import { pagerduty } from './pagerduty.js';
import { slack } from './slack.js';
import type { WebhookTemplate } from './template.js';

/** In the order in which they are shown: chats, alerts, automation, and what is none of these. */
export const webhookTemplates: readonly WebhookTemplate[] = [
  slack,
  microsoftTeams,
  discord,
  googleChat,
  pagerduty,
  ...automation,
];

export const webhookTemplateNames: readonly string[] = webhookTemplates.map(({ name }) => name);

/** Undefined for a name that is not in the list. */
export const findWebhookTemplate = (name: string): WebhookTemplate | undefined =>
  webhookTemplates.find((template) => template.name === name);

/** The transform of a webhook; if it has the wording of its template, then with a place for a parameter of the url. */
export function refillable({ transform: own }: WebhookTemplate, transform: string | null): string | null {
  const [start, end] = own?.split(/\{\{\w+\}\}/) ?? [];
  const isOwn = end !== undefined && transform?.startsWith(start!) && transform.endsWith(end);
  return isOwn ? own : transform;
}

/**
 * The url and the transform of a webhook that uses the template, with the parameters of the url that belong in the body
 * moved there. `url` is in its normal form; undefined: it does not fit the template.
 */
export function fitTemplate(
  { urlPattern }: WebhookTemplate,
  { url, transform }: { url: string; transform: string | null },
): { url: string; transform: string | null } | undefined {
  const match = new RegExp(urlPattern, 'u').exec(url);
  if (!match) return undefined;
  const moved = Object.entries(match.groups ?? {});
  if (moved.length === 0) return { url, transform };
  const rest = new URL(url);
  for (const [name] of moved) rest.searchParams.delete(name);
  return {
    url: rest.href,
    transform: moved.reduce<string | null>(
      (text, [name, value]) => text?.replaceAll(`{{${name}}}`, value) ?? null,
      transform,
    ),
  };
}
