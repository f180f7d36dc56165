/** An account of Twilio's, or a sub-account, which signs with a token of its own. */
export interface TwilioAccount {
  /** `AC…` */
  readonly sid: string;
  /** The current auth token, and during a rotation the next one. Secrets; none is empty. */
  readonly tokens: readonly string[];
}
