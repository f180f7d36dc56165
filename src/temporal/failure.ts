import { NamespaceNotFoundError } from '@temporalio/common';

/** Something that keeps deliveries from going out, for an operator. */
export interface TemporalProblem {
  what: string;
  /** How to fix it; a command where there is one. */
  remedy: string;
  /** For the log only: `/readyz` is open to everybody. */
  detail?: string;
}

export interface TemporalFailure {
  /**
   * away: Temporal does not answer, or cannot serve the call at present. namespace-missing and refused: Temporal
   * answers, and a retry gets the same answer until somebody changes something.
   */
  kind: 'away' | 'namespace-missing' | 'refused';
  /** The gRPC status code; undefined if there was no response. */
  code: number | undefined;
  reason: string;
}

export const grpcCode = {
  invalidArgument: 3,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  failedPrecondition: 9,
  unimplemented: 12,
  unauthenticated: 16,
} as const;
const refusals: readonly number[] = [
  grpcCode.invalidArgument,
  grpcCode.permissionDenied,
  grpcCode.failedPrecondition,
  grpcCode.unimplemented,
  grpcCode.unauthenticated,
];

/**
 * What a failed call to Temporal means: a start, or a check of the namespace. The client wraps gRPC's errors, so their
 * causes are searched.
 */
export function temporalFailure(error: unknown): TemporalFailure {
  let code: number | undefined;
  let reason = error instanceof Error ? error.message : String(error);
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof NamespaceNotFoundError)
      return { kind: 'namespace-missing', code: grpcCode.notFound, reason: `namespace ${each.namespace} is not found` };
    if ('code' in each && typeof each.code === 'number') {
      code = each.code;
      reason = each.message;
    }
  }
  // In these calls only the namespace can be missing.
  if (code === grpcCode.notFound) return { kind: 'namespace-missing', code, reason };
  return { kind: code !== undefined && refusals.includes(code) ? 'refused' : 'away', code, reason };
}

/** The command with which an operator creates the namespace. */
export const namespaceCommand = (namespace: string) =>
  `temporal operator namespace create --namespace ${namespace} --retention 72h`;

/** A failed call as described to an operator. */
export function failureProblem({ kind, code, reason: detail }: TemporalFailure, namespace: string): TemporalProblem {
  if (kind === 'namespace-missing')
    return { what: `Temporal has no namespace ${namespace}`, remedy: namespaceCommand(namespace), detail };
  if (code === grpcCode.permissionDenied || code === grpcCode.unauthenticated)
    return {
      what: `Temporal denies this process access to namespace ${namespace}`,
      remedy: 'check TEMPORAL_API_KEY or the client certificate, and its permissions in that namespace',
      detail,
    };
  return {
    what: `Temporal does not answer for namespace ${namespace}`,
    remedy: 'check TEMPORAL_ADDRESS, and whether the Temporal server and its database are running',
    detail,
  };
}
