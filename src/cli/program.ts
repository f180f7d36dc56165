import { createRequire } from 'node:module';
import { Command, CommanderError, Option } from 'commander';
import { ApiError } from '../client/index.js';
import { collect, count, httpUrl, time, webhookId } from './arguments.js';
import { deliveries, type DeliveriesOptions } from './commands/deliveries.js';
import { listen, type ListenOptions } from './commands/listen.js';
import { recover, type RecoverOptions } from './commands/recover.js';
import { retry } from './commands/retry.js';
import { trigger, type TriggerOptions } from './commands/trigger.js';
import { webhooks } from './commands/webhooks.js';
import { createContext, defaultUrl, UsageError, type Context, type GlobalOptions, type Io } from './context.js';

const { version } = createRequire(import.meta.url)(
  import.meta.url.includes('/dist/') ? '../../../package.json' : '../../package.json',
) as { version: string };

const exitCodes = { done: 0, refused: 1, usage: 2, unavailable: 3 } as const;

const explanations = `
Examples:
  irisx listen --forward http://localhost:4000/hook      receive deliveries on your own machine
  irisx trigger call.completed --webhook 7               send a test event to webhook 7
  irisx deliveries --status failed --since 2h            what failed in the last two hours
  irisx retry 0199f2b4-7b12-7f01-8c4d-9e8f7a6b5c4d
  irisx recover 7 --status failed --since 6h --wait      send all of that again

Keys:
  A key of a tenant needs webhooks:read; trigger --webhook, retry and recover need webhooks:write.
  With an admin key give --tenant too.

Exit codes:
  0  done
  1  the API refused it, or not everything was recovered
  2  the command was not given correctly
  3  the API cannot be reached, or cannot answer now; try again later`;

/** Carries out one command; resolves to its exit code. Never rejects. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram(io, (isDone) => (code = isDone ? exitCodes.done : exitCodes.refused));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    io.err(`irisx: ${messageOf(error)}`);
    if (error instanceof UsageError) return exitCodes.usage;
    return error instanceof ApiError && isAway(error) ? exitCodes.unavailable : exitCodes.refused;
  }
}

const isAway = ({ status }: ApiError) => status === null || status === 408 || status === 429 || status >= 500;

function messageOf(error: unknown): string {
  if (error instanceof ApiError)
    return error.message + (error.requestId === null ? '' : ` (request ${error.requestId})`);
  return error instanceof UsageError ? error.message : String((error as Error).stack ?? error);
}

function createProgram(io: Io, onResult: (isDone: boolean) => void): Command {
  const program = new Command('irisx')
    .description('Webhooks from the command line: receive them on your own machine, see what was sent, send it again.')
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .addOption(new Option('--url <url>', 'url of the API').env('IRISX_API_URL').default(defaultUrl))
    .addOption(
      new Option('--key <key>', 'API key; better by environment, where others cannot see it').env('IRISX_API_KEY'),
    )
    .addOption(new Option('--tenant <id>', 'with an admin key: whose webhooks').env('IRISX_TENANT_ID'))
    .option('--json', 'JSON for programs, one object a line')
    .showHelpAfterError('(irisx --help shows how it is used)')
    .addHelpText('after', explanations);
  const context = (): Context => createContext(io, program.opts<GlobalOptions>());
  const webhookOption = () => new Option('--webhook <id>', 'not needed if there is only one').argParser(webhookId);

  program
    .command('listen')
    .description('Show each new delivery of a webhook as it would be sent, and forward it; one line each, until Ctrl-C')
    .argument('[webhook]', 'its id; not needed if there is only one', webhookId)
    .option('--forward <url>', 'post each delivery there, with its headers and signature', httpUrl)
    .option('--timeout <seconds>', 'how long to wait for the answer from there', count, 30)
    .option('--last-event-id <delivery>', 'begin after this delivery instead of now')
    .action((webhook: number | undefined, options: ListenOptions) => listen(context(), webhook, options));

  program
    .command('trigger')
    .description('Send a test event to one webhook, or (with events:write) trigger an event of a tenant')
    .argument('<event-type>', 'such as call.completed')
    .addOption(new Option('--webhook <id>', 'a test event, to this webhook').argParser(webhookId))
    .option('--event-id <id>', 'without --webhook: the id of the event; the same one is accepted once')
    .option(
      '--data <json>',
      "without --webhook: its payload, @FILE or - for standard input; default: the type's example",
    )
    .action((type: string, options: TriggerOptions) => trigger(context(), type, options));

  program
    .command('deliveries')
    .description('List the newest deliveries, or show one with its attempts')
    .argument('[delivery]', 'the id of one')
    .addOption(webhookOption())
    .option('--status <status>', 'pending, delivered, failed, held, cancelled or expired')
    .option('--type <event-type>', 'only this event type')
    .option('--event-id <id>', 'only this event')
    .option('--since <time>', 'accepted since this time; or 30m, 2h, 7d ago', time)
    .option('--until <time>', 'accepted before this time', time)
    .option('--limit <number>', 'at most so many', count, 20)
    .action((id: string | undefined, options: DeliveriesOptions) => deliveries(context(), id, options));

  program
    .command('retry')
    .description('Send a delivery again, now')
    .argument('<delivery>', 'its id')
    .addOption(webhookOption())
    .option('--force', 'even if it was delivered')
    .action((id: string, options: { webhook?: number; force?: boolean }) => retry(context(), id, options));

  program
    .command('recover')
    .description('Send everything again that a webhook missed')
    .argument('<webhook>', 'its id', webhookId)
    .option('--status <status>', 'failed, expired, cancelled or delivered; may be given several times', collect)
    .option('--type <event-type>', 'only this event type; may be given several times', collect)
    .option('--since <time>', 'accepted since this time; or 30m, 2h, 7d ago', time)
    .option('--until <time>', 'accepted before this time', time)
    .option('--include-missing', 'also events that the webhook was not subscribed to then')
    .option('--dry-run', 'only count')
    .option('--wait', 'show the progress until it has ended')
    .option('--cancel <recovery>', 'instead: cancel this one')
    .action(async (id: number, options: RecoverOptions) => onResult(await recover(context(), id, options)));

  program
    .command('webhooks')
    .description('List the webhooks, or show one with its statistics')
    .argument('[webhook]', 'the id of one', webhookId)
    .action((id: number | undefined) => webhooks(context(), id));

  return program;
}
