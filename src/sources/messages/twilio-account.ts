/** A Twilio account or sub-account; each signs with its own token. */
export interface TwilioAccount {
  /** `AC…` */
  readonly sid: string;
  /** The current auth token, and during a rotation the next one. Secrets; none is empty. */
  readonly tokens: readonly string[];
}

/** Whether the number is in the account. A number without an account of its own is in the one that sends. */
export const isIn = (
  number: { accountSid: string | null },
  account: { accountSid: string; isMainAccount: boolean },
): boolean => (number.accountSid === null ? account.isMainAccount : number.accountSid === account.accountSid);
