import { z } from 'zod';
import { keyringProblem, unnamedKey, type EncryptionKey, type Keyring } from '../encryption/seal.js';
import { ConfigError, databaseUrl, deepFreeze, parse, present, type Environment } from './environment.js';
import { logConfig, logVariables, type LogConfig } from './log.js';

/** What `rotate-encryption-key` needs; it does not use Temporal. */
export interface RotationConfig {
  readonly databaseUrl: string;
  /** As in `Config`. */
  readonly encryptionKeys: Keyring;
  readonly log: LogConfig;
}

export const encryptionVariables = {
  IRISX_ENCRYPTION_KEY: z.string().transform(singleKey).optional(),
  IRISX_ENCRYPTION_KEYS: z.string().transform(parseEncryptionKeys).optional(),
};

const rotationVariables = z.object({ DATABASE_URL: databaseUrl, ...encryptionVariables, ...logVariables });

/** @throws {ConfigError} naming every problem at once */
export function loadRotationConfig(env: Environment): RotationConfig {
  const problems: string[] = [];
  const given = present(rotationVariables, env);
  const variables = parse(rotationVariables, given, problems);
  const encryptionKeys = loadEncryptionKeys(given, variables, problems);
  if (!variables || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze({ databaseUrl: variables.DATABASE_URL, encryptionKeys, log: logConfig(variables) });
}

/** The keys of either variable; empty if something is wrong with them. `variables`: the parsed form of `given`. */
export function loadEncryptionKeys(
  given: Record<string, string>,
  variables: { IRISX_ENCRYPTION_KEY?: Buffer; IRISX_ENCRYPTION_KEYS?: Keyring } | undefined,
  problems: string[],
): Keyring {
  if (!given.IRISX_ENCRYPTION_KEY && !given.IRISX_ENCRYPTION_KEYS)
    problems.push(
      'IRISX_ENCRYPTION_KEY is missing: 32 random bytes in base64, for example from: openssl rand -base64 32',
    );
  const { IRISX_ENCRYPTION_KEY: single, IRISX_ENCRYPTION_KEYS: keys } = variables ?? {};
  if (!keys) return single ? [unnamedKey(single)] : [];
  // Whichever of them was meant, values sealed with the other one could not be opened.
  if (single && !keys.some(({ key }) => key.equals(single)))
    problems.push('IRISX_ENCRYPTION_KEY is not among IRISX_ENCRYPTION_KEYS: add it there under an id, or unset it');
  return keys;
}

function singleKey(text: string, context: z.RefinementCtx): Buffer {
  const key = parseEncryptionKey(text);
  if (!key) context.addIssue('must be 32 bytes in base64 (44 characters)');
  return key ?? Buffer.alloc(0);
}

const keyForm = /^[A-Za-z0-9+/_-]{43}=?$/;

/** 32 bytes in base64, with or without the padding; undefined for anything else. */
const parseEncryptionKey = (text: string): Buffer | undefined =>
  keyForm.test(text) ? Buffer.from(text, 'base64') : undefined;

/** `id:base64key`, separated by commas. Problems name entries by number: an id in the wrong place may be a key. */
export function parseEncryptionKeys(list: string, context: z.RefinementCtx): EncryptionKey[] {
  const entries = list.split(',').map((entry) => entry.trim());
  const keys = entries.flatMap((entry, index) => {
    const [, id, text = ''] = /^([\w-]{1,32}):(.*)$/.exec(entry) ?? [];
    const key = parseEncryptionKey(text);
    if (id && key) return [{ id, key }];
    const what = id
      ? 'must be 32 bytes in base64 (44 characters) after its id'
      : 'must be id:key, with an id of 1 to 32 letters, digits, - and _';
    context.addIssue(`number ${index + 1} ${what}`);
    return [];
  });
  const problem = keys.length === entries.length ? keyringProblem(keys) : undefined;
  if (problem) context.addIssue(`is not valid: ${problem}`);
  return keys;
}
