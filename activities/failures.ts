import { CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { DatabaseUnavailableError, sqlStateOf } from '../src/db/database.js';
import { failureWithoutStack } from '../workflows/contract/failures.js';

type Activity = (...args: never[]) => Promise<unknown>;

/**
 * Turns whatever an activity throws into an ApplicationFailure with a type and a short message, without stack or cause:
 * Temporal keeps failures in plain text, and Postgres' errors name host and port or quote a row. The error itself is
 * logged, with the ids that the activity was given. Retries do not change.
 */
export function withPlainFailures<Activities extends Record<string, Activity>>(
  activities: Activities,
  log: Logger,
): Activities {
  const wrapped = Object.entries(activities).map(([name, run]): [string, Activity] => [
    name,
    async (...args) => {
      try {
        return await run(...args);
      } catch (error) {
        throw plainFailure(error, { activity: name, ...idsOf(args[0]) }, log);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

/** Errors that the SDK recognises by their class stay as they are. */
function plainFailure(error: unknown, context: object, log: Logger): unknown {
  const isOfSdk = error instanceof CancelledFailure || error instanceof CompleteAsyncError || isAbort(error);
  if (isOfSdk || error instanceof ApplicationFailure) return error;
  if (error instanceof DatabaseUnavailableError) {
    // Every delivery runs into this: log the cause in a word, without a stack.
    const { code, message } = (error.cause ?? error) as { code?: string; message: string };
    log.warn({ ...context, reason: code ?? message }, 'activity.postgres_unavailable: it is retried');
    return failureWithoutStack({ type: 'DatabaseUnavailable', message: `Postgres: ${error.reason}` });
  }
  log.error({ ...context, error }, 'activity.failed');
  return failureWithoutStack({ type: 'Internal', message: nameOf(error) });
}

/** The class and a code, never the message, which may quote anything. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no Error';
  const code = sqlStateOf(error) ?? (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? `${error.constructor.name} ${code}` : error.constructor.name;
}

function idsOf(input: unknown): object {
  const { deliveryId, messageId } = (input ?? {}) as { deliveryId?: unknown; messageId?: unknown };
  return {
    ...(deliveryId !== undefined && { delivery: deliveryId }),
    ...(messageId !== undefined && { message: messageId }),
  };
}

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError';
