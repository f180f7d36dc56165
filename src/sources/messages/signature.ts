import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import type { TwilioAccount } from './twilio-account.js';

/**
 * Whether a callback was signed with a token of the account that it names. `url` is the one that Twilio was given, with
 * its query and without its fragment; `form` has every field as received. Never throws; false without a token.
 */
export function isAuthentic(
  accounts: readonly TwilioAccount[],
  callback: { accountSid: string; signature: string | undefined; url: string; form: Record<string, unknown> },
): boolean {
  const { accountSid, signature, url, form } = callback;
  const tokens = accounts.find(({ sid }) => sid === accountSid)?.tokens ?? [];
  try {
    // Anybody could sign with an empty key.
    return tokens.some((token) => token !== '' && validateRequest(token, signature ?? '', url, form));
  } catch {
    // If the library throws, Twilio did not send it.
    return false;
  }
}
