import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { startInRounds } from '../maintenance/start-in-rounds.js';
import {
  listUnsettledMessages,
  listUnstartedMessages,
  markMessagesStarted,
  type StartableMessage,
} from '../../src/db/unstarted-messages.js';

export interface SweepMessagesDeps {
  db: Database;
  log: Logger;
  /** In its tenant's turn; `started` is false if the workflow was running already. */
  startMessageInTurn: (message: StartableMessage) => Promise<{ started: boolean }>;
}

/** Starts, tenants in turn, every message whose workflow nobody started, or whose workflow was lost. Safe to repeat. */
export async function sweepMessages({ db, log, startMessageInTurn }: SweepMessagesDeps): Promise<void> {
  const mark = (messages: StartableMessage[]) =>
    markMessagesStarted(
      db,
      messages.map(({ id }) => id),
    );
  const { started, refused } = await startInRounds<StartableMessage>(
    { list: (leftOut) => listUnstartedMessages(db, leftOut), start: startMessageInTurn, mark },
    { list: (leftOut) => listUnsettledMessages(db, leftOut), start: startMessageInTurn, mark, mostAlreadyRun: true },
  );
  const [unstarted, lost] = started;
  if (unstarted! + lost! > 0) log.info({ started: unstarted, lost }, 'sweep.messages_started');
  if (refused.length > 0)
    log.warn(
      { count: refused.length, message: refused[0]!.id },
      'sweep.message_start_refused: the next sweep tries again',
    );
}
