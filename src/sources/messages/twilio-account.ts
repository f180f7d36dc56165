/** An account of Twilio's, or a sub-account, which signs with a token of its own. */
export interface TwilioAccount {
  /** `AC…` */
  readonly sid: string;
  /** The current auth token, and during a rotation the next one. Secrets; none is empty. */
  readonly tokens: readonly string[];
}

/** Whether the number is in the account. A number of which nothing was said is in the one that sends. */
export const isIn = (
  number: { accountSid: string | null },
  account: { accountSid: string; isMainAccount: boolean },
): boolean => (number.accountSid === null ? account.isMainAccount : number.accountSid === account.accountSid);
