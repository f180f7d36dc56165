import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import { startEach } from '../maintenance/start-each.js';
import { listUnstartedMessages, markMessagesStarted, type StartableMessage } from '../../src/db/unstarted-messages.js';

export interface SweepMessagesDeps {
  db: Database;
  log: Logger;
  /** Resolves when the workflow runs. */
  startMessageInTurn: (message: StartableMessage) => Promise<unknown>;
}

const batchSize = 50;

/** Starts every message whose workflow nobody started, or whose workflow was lost, oldest first. Safe to repeat. */
export async function sweepMessages({ db, log, startMessageInTurn }: SweepMessagesDeps): Promise<void> {
  let started = 0;
  for (let count = batchSize; count === batchSize;) {
    const messages = await listUnstartedMessages(db, batchSize);
    count = messages.length;
    if (count === 0) break;
    const group = await startEach(messages, startMessageInTurn);
    await markMessagesStarted(
      db,
      group.started.map(({ id }) => id),
    );
    started += group.started.length;
    if (group.refused.length > 0)
      log.warn(
        { count: group.refused.length, message: group.refused[0]!.id },
        'sweep.message_start_refused: tried again by the next sweep',
      );
    Context.current().heartbeat();
  }
  if (started > 0) log.info({ started }, 'sweep.messages_started');
}
