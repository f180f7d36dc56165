import { z } from 'zod';
import { baseUrl, withoutLastSlash } from './environment.js';

/** The Twilio accounts whose SMS and MMS become events, and the one that sends. */
export interface TwilioConfig {
  /** The account that sends; one of `accounts`. */
  readonly accountSid: string;
  /** Accounts whose callbacks are trusted, each with its auth token and, during a rotation, the next one. Secrets. */
  readonly accounts: readonly { readonly sid: string; readonly tokens: readonly string[] }[];
  /** Replaces Twilio's own, for tests. */
  readonly apiBaseUrl?: string;
}

const accountSidForm = /^AC[0-9a-fA-F]{32}$/;

export const twilioVariables = {
  TWILIO_ACCOUNT_SID: z.string().regex(accountSidForm, 'must be AC and 32 hexadecimal digits').optional(),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TWILIO_NEXT_AUTH_TOKEN: z.string().optional(),
  TWILIO_SUBACCOUNTS: z.string().default('').transform(parseSubaccounts),
  TWILIO_API_BASE_URL: baseUrl
    .refine((value) => !hasTwoLabels(value), 'must not have a host name of two labels: the SDK doubles it')
    .transform(withoutLastSlash)
    .optional(),
};

type Variables = z.output<z.ZodObject<typeof twilioVariables>> & { PUBLIC_BASE_URL?: string | undefined };

/** Undefined if no account is named. Without a token anybody could sign, so an account without one is a problem. */
export function loadTwilio(variables: Variables, problems: string[]): TwilioConfig | undefined {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: token, PUBLIC_BASE_URL: publicBaseUrl } = variables;
  const isMeant = accountSid || token || variables.TWILIO_NEXT_AUTH_TOKEN || variables.TWILIO_SUBACCOUNTS.length > 0;
  if (!isMeant) return undefined;
  if (!accountSid) problems.push('TWILIO_ACCOUNT_SID is missing: the account, AC…, to which TWILIO_AUTH_TOKEN belongs');
  if (!token) problems.push('TWILIO_AUTH_TOKEN is missing or empty: callbacks could not be told from forged ones');
  if (!publicBaseUrl)
    problems.push(
      'PUBLIC_BASE_URL is missing: Twilio signs the url that it calls, for example https://hooks.example.com',
    );
  else if (new URL(publicBaseUrl).hostname.includes('_'))
    problems.push('PUBLIC_BASE_URL has an underscore in its host name, which Twilio refuses as a callback');
  if (accountSid && variables.TWILIO_SUBACCOUNTS.some(({ sid }) => sid === accountSid))
    problems.push('TWILIO_SUBACCOUNTS names TWILIO_ACCOUNT_SID, which has its own variables');
  if (!accountSid || !token) return undefined;
  const tokens = [token, ...(variables.TWILIO_NEXT_AUTH_TOKEN ? [variables.TWILIO_NEXT_AUTH_TOKEN] : [])];
  return {
    accountSid,
    accounts: [{ sid: accountSid, tokens }, ...variables.TWILIO_SUBACCOUNTS],
    ...(variables.TWILIO_API_BASE_URL && { apiBaseUrl: variables.TWILIO_API_BASE_URL }),
  };
}

/** `AC…:token` or, during a rotation, `AC…:token:next`, separated by commas. */
function parseSubaccounts(list: string, context: z.RefinementCtx): { sid: string; tokens: string[] }[] {
  const entries = list.split(',').map((entry) => entry.trim());
  const accounts = entries.filter(Boolean).flatMap((entry, index) => {
    const [sid = '', ...tokens] = entry.split(':');
    if (accountSidForm.test(sid) && tokens.length >= 1 && tokens.length <= 2 && tokens.every(Boolean))
      return [{ sid, tokens }];
    context.addIssue(`number ${index + 1} must be AC…:token or AC…:token:next`);
    return [];
  });
  if (new Set(accounts.map(({ sid }) => sid)).size < accounts.length) context.addIssue('names an account twice');
  return accounts;
}

/** Whether the host name has exactly two labels, such as twilio.local. */
function hasTwoLabels(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname.split('.').length === 2 && !hostname.startsWith('[');
}
