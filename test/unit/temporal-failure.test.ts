import assert from 'node:assert/strict';
import { ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { failureProblem, temporalFailure } from '../../src/temporal/failure.js';

const grpcError = (code: number, message: string) => Object.assign(new Error(message), { code });

describe('a failed call to Temporal', () => {
  for (const [kind, error] of [
    ['away', grpcError(14, 'unavailable')],
    ['away', grpcError(4, 'deadline exceeded')],
    ['away', grpcError(8, 'resource exhausted')],
    ['away', new Error('socket hang up')],
    ['refused', grpcError(3, 'no mapping defined for search attribute EventType')],
    ['refused', grpcError(7, 'permission denied')],
    ['namespace-missing', grpcError(5, 'Namespace calls is not found.')],
    ['namespace-missing', new NamespaceNotFoundError('calls')],
  ] as const)
    it(`means ${kind}: ${error.message || error.name}`, () => {
      assert.equal(temporalFailure(error).kind, kind);
      assert.equal(temporalFailure(new ServiceError('Failed to start Workflow', { cause: error })).kind, kind);
    });

  it('is reported with a remedy, and with details only for the log', () => {
    const problem = (code: number) => failureProblem(temporalFailure(grpcError(code, 'at 10.0.0.7:7233')), 'calls');
    assert.equal(problem(5).remedy, 'temporal operator namespace create --namespace calls --retention 72h');
    assert.match(problem(7).remedy, /TEMPORAL_API_KEY/);
    assert.match(problem(14).remedy, /TEMPORAL_ADDRESS/);
    for (const code of [5, 7, 14]) {
      const { what, remedy, detail } = problem(code);
      assert.ok(!`${what} ${remedy}`.includes('10.0.0.7'));
      assert.match(detail!, /10\.0\.0\.7/);
    }
  });
});
