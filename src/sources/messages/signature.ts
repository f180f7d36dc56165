import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import type { TwilioAccount } from './twilio-account.js';

/**
 * Whether a callback was signed with a token of the account that it names. `url` is the one that Twilio was given, with
 * its query and without fragment; `form` every field as it came. Never throws; false without a token.
 */
export function isAuthentic(
  accounts: readonly TwilioAccount[],
  callback: { accountSid: string; signature: string | undefined; url: string; form: Record<string, unknown> },
): boolean {
  const { accountSid, signature, url, form } = callback;
  const tokens = accounts.find(({ sid }) => sid === accountSid)?.tokens ?? [];
  try {
    // An empty key would make a signature that everybody can make.
    return tokens.some((token) => token !== '' && validateRequest(token, signature ?? '', url, form));
  } catch {
    // What the library stumbles over is nothing that Twilio sent.
    return false;
  }
}
