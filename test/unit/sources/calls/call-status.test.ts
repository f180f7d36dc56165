import assert from 'node:assert/strict';
import { callStatus } from '../../../../src/sources/calls/call-status.js';

describe('callStatus', () => {
  it('is `completed` for every answered call, whatever ended it', () => {
    for (const cause of ['NORMAL_CLEARING', 'CALL_REJECTED', 'ALLOTTED_TIMEOUT', 'SYSTEM_SHUTDOWN', 'UNKNOWN'])
      assert.equal(callStatus(cause, true), 'completed');
  });

  it('field case 53: is never `completed` for an unanswered call', () => {
    for (const [cause, status] of [
      ['NO_ANSWER', 'no-answer'],
      ['USER_BUSY', 'busy'],
      ['ORIGINATOR_CANCEL', 'canceled'],
      ['UNALLOCATED_NUMBER', 'failed'],
      ['NONE', 'failed'],
      ['MY_CUSTOM_DROP', 'failed'],
      ['487', 'canceled'],
      ['UNKNOWN', 'failed'],
      ['CALL_REJECTED', 'failed'],
      ['NORMAL_TEMPORARY_FAILURE', 'failed'],
      ['NORMAL_CLEARING', 'no-answer'],
    ] as const)
      assert.equal(callStatus(cause, false), status, cause);
  });
});
