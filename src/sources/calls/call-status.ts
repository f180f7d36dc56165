import type { CallStatus } from '../../db/calls.js';

/** Causes of a call that was never answered, as FreeSWITCH, SIP (RFC 3261, section 21) or Q.850 name them. */
const statusOfCause = new Map<string, CallStatus>([
  ['USER_BUSY', 'busy'],
  ['17', 'busy'],
  ['486', 'busy'],
  ['600', 'busy'],
  // The caller gave up, or our side ended the call before it was answered.
  ['ORIGINATOR_CANCEL', 'canceled'],
  ['487', 'canceled'],
  ['MANAGER_REQUEST', 'canceled'],
  ['LOSE_RACE', 'canceled'],
  ['PICKED_OFF', 'canceled'],
  ['BLIND_TRANSFER', 'canceled'],
  ['ATTENDED_TRANSFER', 'canceled'],
  ['NO_ANSWER', 'no-answer'],
  ['NO_USER_RESPONSE', 'no-answer'],
  ['SUBSCRIBER_ABSENT', 'no-answer'],
  ['ALLOTTED_TIMEOUT', 'no-answer'],
  ['PROGRESS_TIMEOUT', 'no-answer'],
  // A hunt group where nobody answered ends like this.
  ['NORMAL_CLEARING', 'no-answer'],
  ['18', 'no-answer'],
  ['19', 'no-answer'],
  ['408', 'no-answer'],
  ['480', 'no-answer'],
]);

/** An answered call is `completed`, whatever ended it. For the others, an unknown cause is `failed`. */
export function callStatus(hangupCause: string, wasAnswered: boolean): CallStatus {
  return wasAnswered ? 'completed' : (statusOfCause.get(hangupCause) ?? 'failed');
}
