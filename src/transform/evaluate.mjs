// @ts-check
/*
 * The program of a process that evaluates transforms. It is plain JavaScript, so that Node runs the same file in a
 * checkout and in a build. Expressions come from tenants, so each is evaluated in a realm of its own: without anything
 * of Node, text in and text out. Nothing of an evaluation is left for the next one.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import vm from 'node:vm';

/** Nested calls: more would exceed the stack. */
const maxDepth = 500;
/** Of an error's message, which may contain a value of any length. */
const maxMessageChars = 500;

const library = new vm.Script(readFileSync(String(process.argv[2]), 'utf8'));
const program = new vm.Script(`(${inside})().then((result) => (output = JSON.stringify(result)))`);

/** Runs in the realm. It uses nothing of this file. */
async function inside() {
  const { jsonata, input, base64encode, base64decode } = /** @type {any} */ (globalThis);
  const { expression: text, envelope: envelopeText, maxDepth, maxMessageChars } = JSON.parse(input);
  for (const name of ['base64encode', 'base64decode', 'jsonata', 'input']) Reflect.deleteProperty(globalThis, name);
  try {
    const expression = jsonata(text, { stack: maxDepth });
    // Only the syntax is checked.
    if (envelopeText === undefined) return {};
    const envelope = JSON.parse(envelopeText);
    // $now and $millis give the event's time, whenever it is evaluated.
    const now = Date.parse(envelope.timestamp);
    const RealDate = Date;
    globalThis.Date = /** @type {any} */ (
      class extends RealDate {
        /** @param {[any?]} args */
        constructor(...args) {
          super(...(args.length > 0 ? /** @type {[any]} */ (args) : /** @type {[any]} */ ([now])));
        }
      }
    );
    expression.registerFunction('base64encode', (/** @type {string} */ value) => base64encode(value), '<s-:s>');
    expression.registerFunction('base64decode', (/** @type {string} */ value) => base64decode(value), '<s-:s>');
    // What an event contains, such as the text of a message, must not become part of the expression.
    expression.registerFunction('eval', () => {
      throw { message: '$eval is not available' };
    });
    const value = await expression.evaluate(envelope);
    const body = JSON.stringify(value, (_key, part) => {
      if (typeof part === 'function' || part?._jsonata_lambda || part?._jsonata_function)
        throw { message: 'The result contains a function, which JSON cannot hold' };
      return part;
    });
    return body === undefined ? { error: { message: 'The expression gives nothing for this event' } } : { body };
  } catch (/** @type {any} */ error) {
    const message =
      error instanceof RangeError ? 'The expression nests too deeply, or a text becomes too long' : `${error?.message}`;
    return {
      error: { message: message.slice(0, maxMessageChars).replaceAll('\0', '\uFFFD'), position: error?.position },
    };
  }
}

function newRealm() {
  // Without a prototype, nothing of this realm is reachable from the other one.
  const realm = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    // Otherwise the timeout would not cover what comes after the first `await`.
    microtaskMode: 'afterEvaluate',
  });
  library.runInContext(realm);
  return realm;
}

/** @param {{ expression: string, envelope?: string, maxMs: number, maxBodyBytes: number }} request */
function evaluate({ expression, envelope, maxMs, maxBodyBytes }) {
  realm['input'] = JSON.stringify({ expression, envelope, maxDepth, maxMessageChars });
  realm['base64encode'] = (/** @type {string} */ value) => Buffer.from(value).toString('base64');
  realm['base64decode'] = (/** @type {string} */ value) => Buffer.from(value, 'base64').toString();
  const cpuBefore = process.cpuUsage();
  try {
    program.runInContext(realm, { timeout: maxMs });
  } catch (/** @type {any} */ error) {
    if (error?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { timedOutAfterCpuMs: (user + system) / 1_000 };
  }
  const result = JSON.parse(String(realm['output']));
  if (result.body !== undefined && Buffer.byteLength(result.body) > maxBodyBytes)
    return { error: { message: `The result is larger than ${maxBodyBytes} bytes` } };
  return result;
}

/** @type {vm.Context} */
let realm = newRealm();
process.on('message', (/** @type {any} */ request) => {
  const answer = evaluate(request);
  // Before the answer: if too much memory is in use for a new one, it is this expression that used it.
  realm = Object.create(null);
  realm = newRealm();
  process.send?.(answer);
});
// A signal to the whole group, such as Ctrl+C, is for the parent process, which finishes its work and ends this one.
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit());
process.send?.('ready');
