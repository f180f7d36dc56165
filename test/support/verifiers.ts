import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import type { ReceivedRequest } from './receiver.js';

type Verify = (request: ReceivedRequest, secret: string) => boolean;

/** What tenants use to verify deliveries, by name: the guide's example, our published samples, the public libraries. */
export interface Verifiers {
  /** For each request, whether it is accepted as genuine with that secret. */
  verify(requests: ReceivedRequest[], secret: string): Promise<Record<VerifierName, boolean[]>>;
  close(): Promise<void>;
}

export const verifierNames = [
  "the guide's Node example",
  'docs/samples/verify.mjs',
  'docs/samples/verify.py',
  'standardwebhooks of npm',
  'standardwebhooks of PyPI',
] as const;
export type VerifierName = (typeof verifierNames)[number];

/** Installs the library from PyPI into a folder of its own. Rejects, saying why, if it cannot. */
export async function startVerifiers(): Promise<Verifiers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'irisx-python-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    await installFromPyPi('standardwebhooks>=1,<2', folder);
  } catch (error) {
    await close();
    throw error;
  }
  const sample = await nodeSample();
  return {
    async verify(requests, secret) {
      const run = (verify: Verify) => requests.map((request) => verify(request, secret));
      const [samplePy, libraryPy] = await Promise.all([
        runPython(samplePython, [samples], requests, secret),
        runPython(libraryPython, [folder], requests, secret),
      ]);
      return {
        "the guide's Node example": run((request, key) => guideAccepts(request, key)),
        'docs/samples/verify.mjs': run(sample),
        'docs/samples/verify.py': samplePy,
        'standardwebhooks of npm': run(libraryAccepts),
        'standardwebhooks of PyPI': libraryPy,
      };
    },
    close,
  };
}

async function installFromPyPi(requirement: string, folder: string): Promise<void> {
  const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--retries', '2', '--timeout', '10'];
  try {
    await promisify(execFile)('python3', ['-m', 'pip', 'install', ...options, '--target', folder, requirement]);
  } catch (error) {
    throw new Error(
      `The Python library ${requirement}, with which this test verifies deliveries, cannot be installed. It needs ` +
        "python3 with pip, and a package index that pip can reach. The cause has pip's message.",
      { cause: error },
    );
  }
}

const samples = fileURLToPath(new URL('../../docs/samples/', import.meta.url));

async function nodeSample(): Promise<Verify> {
  const url = new URL('../../docs/samples/verify.mjs', import.meta.url);
  const { verifyWebhook } = (await import(url.href)) as {
    verifyWebhook(rawBody: Buffer, headers: unknown, secret: string): boolean;
  };
  return ({ body, headers }, secret) => verifyWebhook(body, headers, secret);
}

/** Called as in the guide's endpoint, with the parsed body. `header` names another signature than the guide's. */
export function guideAccepts(
  { body, headers }: ReceivedRequest,
  secret: string,
  header = 'x-irisx-signature',
): boolean {
  const { verifyWebhookSignature } = createRequire(import.meta.url)('../fixtures/guide/verify.cjs') as {
    verifyWebhookSignature(payload: unknown, signature: unknown, secret: string, timestamp: unknown): boolean;
  };
  return verifyWebhookSignature(JSON.parse(body.toString()), headers[header], secret, headers['x-irisx-timestamp']);
}

function libraryAccepts({ body, headers }: ReceivedRequest, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

const samplePython = 'from verify import verify_webhook as is_genuine';
const libraryPython = `
from standardwebhooks import Webhook, WebhookVerificationError
def is_genuine(body, headers, secret):
    try:
        Webhook(secret).verify(body, headers)
        return True
    except WebhookVerificationError:
        return False
`;

/** `code` defines `is_genuine(body, headers, secret)`. */
async function runPython(
  code: string,
  importFrom: string[],
  requests: ReceivedRequest[],
  secret: string,
): Promise<boolean[]> {
  const program = `import base64, json, sys
sys.dont_write_bytecode = True
sys.path[:0] = sys.argv[1:]
${code}
given = json.load(sys.stdin)
print(json.dumps([is_genuine(base64.b64decode(r["body"]), r["headers"], given["secret"]) for r in given["requests"]]))`;
  const running = promisify(execFile)('python3', ['-c', program, ...importFrom], { maxBuffer: 1_000_000 });
  const given = requests.map(({ body, headers }) => ({ body: body.toString('base64'), headers }));
  running.child.stdin?.end(JSON.stringify({ secret, requests: given }));
  return JSON.parse((await running).stdout) as boolean[];
}
