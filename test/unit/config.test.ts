import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadEmbeddedConfig } from '../../src/config/embedded.js';
import { loadRotationConfig } from '../../src/config/encryption.js';
import { ConfigError, type Environment } from '../../src/config/environment.js';
import { loadMigrateConfig } from '../../src/config/migrate.js';
import { loadConfig } from '../../src/config/service.js';
import { unnamedKey } from '../../src/encryption/seal.js';

const encryptionKey = Buffer.alloc(32, 7).toString('base64');
const required = {
  DATABASE_URL: 'postgres://irisx:pa55@db:5432/irisx',
  TEMPORAL_ADDRESS: 'temporal:7233',
  IRISX_ENCRYPTION_KEY: encryptionKey,
};

function problemsOf(env: Environment, load: (env: Environment) => unknown = loadConfig): readonly string[] {
  try {
    load(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return assert.fail('expected a ConfigError');
}

describe('config', () => {
  it('needs three variables, and has defaults for all others', () => {
    assert.deepEqual(loadConfig(required), {
      databaseUrl: 'postgres://irisx:pa55@db:5432/irisx',
      databasePoolSize: 20,
      databasePreparedStatements: true,
      temporal: { address: 'temporal:7233', namespace: 'default', taskQueue: 'irisx-webhooks' },
      api: {
        host: '0.0.0.0',
        port: 3000,
        callsPerMinute: 6000,
        keepAliveMs: 65_000,
        trustedProxies: [],
        portalFrameAncestors: [],
      },
      encryptionKeys: [unnamedKey(Buffer.alloc(32, 7))],
      allowedNetworks: [],
      allowHttp: false,
      requireVerification: false,
      maxRetryAfterMs: 3_600_000,
      retention: { bodies: 30, attempts: 30, deliveries: 30, events: 30, calls: 30, messages: 30 },
      auditRetentionDays: 400,
      statisticsRetentionDays: 400,
      log: { level: 'info', format: 'pretty' },
    });
  });

  it('reads every variable', () => {
    const config = loadConfig({
      ...required,
      DATABASE_POOL_SIZE: '5',
      DATABASE_PREPARED_STATEMENTS: 'false',
      TEMPORAL_NAMESPACE: 'hooks',
      TEMPORAL_TASK_QUEUE: 'queue',
      TEMPORAL_API_KEY: 'cloud-key',
      TEMPORAL_METRICS_ADDRESS: '0.0.0.0:9464',
      METRICS_ADDRESS: '[::1]:9090',
      HOST: '127.0.0.1',
      PORT: '0',
      API_CALLS_PER_MINUTE: '600',
      API_KEEP_ALIVE_SECONDS: '120',
      API_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1',
      PUBLIC_BASE_URL: 'https://hooks.example.com/irisx/',
      PORTAL_FRAME_ANCESTORS: 'https://app.example.com,https://*.Example.net:8443  http://localhost:5173',
      TEMPORAL_UI_URL: 'http://temporal.example.com/',
      IRISX_ADMIN_KEY: '0123456789abcdef',
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8, ::1, 10.1.2.3',
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_VERIFICATION: 'required',
      WEBHOOK_MAX_RETRY_AFTER_SECONDS: '60',
      RETENTION_DAYS: '7',
      RETENTION_BODY_DAYS: '1',
      RETENTION_ATTEMPT_DAYS: '2',
      RETENTION_DELIVERY_DAYS: '3',
      RETENTION_EVENT_DAYS: '4',
      RETENTION_CALL_DAYS: '5',
      AUDIT_RETENTION_DAYS: '70',
      STATISTICS_RETENTION_DAYS: '800',
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'json',
    });
    assert.deepEqual(config, {
      databaseUrl: required.DATABASE_URL,
      databasePoolSize: 5,
      databasePreparedStatements: false,
      temporal: {
        address: 'temporal:7233',
        namespace: 'hooks',
        taskQueue: 'queue',
        tls: {},
        apiKey: 'cloud-key',
        metricsAddress: '0.0.0.0:9464',
      },
      api: {
        host: '127.0.0.1',
        port: 0,
        callsPerMinute: 600,
        keepAliveMs: 120_000,
        trustedProxies: ['10.0.0.0/8', '192.0.2.1/32'],
        publicBaseUrl: 'https://hooks.example.com/irisx',
        portalFrameAncestors: ['https://app.example.com', 'https://*.example.net:8443', 'http://localhost:5173'],
        temporalUiUrl: 'http://temporal.example.com',
      },
      adminKey: '0123456789abcdef',
      encryptionKeys: [unnamedKey(Buffer.alloc(32, 7))],
      allowedNetworks: ['127.0.0.0/8', '::1/128', '10.1.2.3/32'],
      allowHttp: true,
      requireVerification: true,
      maxRetryAfterMs: 60_000,
      retention: { bodies: 1, attempts: 2, deliveries: 3, events: 4, calls: 5, messages: 7 },
      auditRetentionDays: 70,
      statisticsRetentionDays: 800,
      metricsAddress: '[::1]:9090',
      log: { level: 'debug', format: 'json' },
    });
  });

  it('counts an empty variable as not set', () => {
    const config = loadConfig({ ...required, IRISX_ADMIN_KEY: '', PORT: ' ', TEMPORAL_TLS_CA_FILE: '' });
    assert.equal(config.adminKey, undefined);
    assert.equal(config.api.port, 3000);
    assert.equal(config.temporal.tls, undefined);
  });

  it('requires no encryption key for a process that needs none, and does not keep one', () => {
    for (const IRISX_ENCRYPTION_KEY of ['', required.IRISX_ENCRYPTION_KEY, 'nonsense']) {
      const config = loadConfig({ ...required, IRISX_ENCRYPTION_KEY }, { needsKey: false });
      assert.deepEqual(config.encryptionKeys, []);
    }
  });

  it('accepts one Postgres host, and says so if there are several', () => {
    for (const hosts of ['a:5432,b:5432', 'a,b']) {
      const problems = problemsOf({ ...required, DATABASE_URL: `postgres://irisx:p,a@${hosts}/irisx` });
      assert.deepEqual(problems, [
        'DATABASE_URL names several hosts: give one name that follows the primary (docs/operations.md, Failover)',
      ]);
    }
    assert.ok(loadConfig({ ...required, DATABASE_URL: 'postgres://irisx:p,a@db/irisx?options=-c%20a=b,c' }));
  });

  it('sends traces only if a collector or an exporter is named, and nothing switches them off', () => {
    const isOn = (variables: Record<string, string>) => loadConfig({ ...required, ...variables }).tracing === true;
    const named = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    assert.ok(!isOn({}));
    assert.ok(!isOn({ OTEL_TRACES_SAMPLER: 'always_on' }));
    assert.ok(isOn(named));
    assert.ok(isOn({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }));
    assert.ok(isOn({ OTEL_TRACES_EXPORTER: 'console' }));
    assert.ok(!isOn({ ...named, OTEL_TRACES_EXPORTER: 'none' }));
    assert.ok(!isOn({ ...named, OTEL_SDK_DISABLED: 'true' }));
  });

  it("refuses one address for our metrics and the SDK's own page", () => {
    const address = '0.0.0.0:9464';
    assert.deepEqual(problemsOf({ ...required, METRICS_ADDRESS: address, TEMPORAL_METRICS_ADDRESS: address }), [
      `METRICS_ADDRESS and TEMPORAL_METRICS_ADDRESS are both ${address}: unset the latter, since METRICS_ADDRESS serves the SDK's metrics too`,
    ]);
  });

  it('reports all problems together, each with variable, value and what is expected', () => {
    const problems = problemsOf({
      DATABASE_URL: 'mysql://db',
      PORT: '65536',
      DATABASE_POOL_SIZE: 'many',
      TEMPORAL_ADDRESS: 'http://temporal:7233',
      WEBHOOK_ALLOW_HTTP: 'yes',
      WEBHOOK_VERIFICATION: 'on',
      WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8,nonsense,10.0.0.0/99',
      LOG_LEVEL: 'loud',
    });
    assert.deepEqual([...problems].sort(), [
      'DATABASE_POOL_SIZE must be a whole number, but is "many"',
      'DATABASE_URL must be a url that begins with postgres:// or postgresql://',
      'IRISX_ENCRYPTION_KEY is missing: 32 random bytes in base64, for example from: openssl rand -base64 32',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, but is "loud"',
      'PORT must be from 0 to 65535, but is "65536"',
      'TEMPORAL_ADDRESS must be host:port, but is "http://temporal:7233"',
      'WEBHOOK_ALLOWED_NETWORKS holds "10.0.0.0/99", which is not a CIDR range like 10.0.0.0/8',
      'WEBHOOK_ALLOWED_NETWORKS holds "nonsense", which is not a CIDR range like 10.0.0.0/8',
      'WEBHOOK_ALLOW_HTTP must be true or false, but is "yes"',
      'WEBHOOK_VERIFICATION must be off or required, but is "on"',
    ]);
  });

  it('never repeats a secret', () => {
    const secrets = {
      DATABASE_URL: 'postgres://irisx:s3cret-password@db:port/irisx',
      IRISX_ADMIN_KEY: 's3cret-short',
      IRISX_ENCRYPTION_KEY: 's3cret-key',
      TEMPORAL_API_KEY: 's3cret-cloud',
      TEMPORAL_TLS: 'false',
    };
    const problems = problemsOf(secrets);
    assert.equal(problems.length, 5, problems.join('\n'));
    assert.doesNotMatch(new ConfigError(problems).message, /s3cret/);
  });

  it('field case 88: refuses credentials in urls that are shown to others, and does not repeat them', () => {
    for (const url of [
      'https://user:s3cret@hooks.example.com',
      'https://s3cret@hooks.example.com/irisx',
      'https://:s3cret@hooks.example.com',
      'https:/\\user:s3cret@hooks.example.com',
      'https://user:s3cret/with-slash@hooks.example.com',
    ]) {
      const problems = problemsOf({ ...required, PUBLIC_BASE_URL: url });
      assert.match(problems[0]!, /^PUBLIC_BASE_URL must /);
      assert.doesNotMatch(problems.join('\n'), /s3cret/);
    }
    assert.match(
      problemsOf({ ...required, PUBLIC_BASE_URL: 'https://a:b@hooks.example.com' })[0]!,
      /must not hold a user name or password/,
    );
  });

  it('takes only origins as those that may show the portal', () => {
    const wrong = [
      '*',
      "'self'",
      'app.example.com',
      'https://app.example.com/',
      'https://a.example.com;script-src',
      'https://a:b@c',
      'https://',
      'javascript:x',
      'https://a.example.com:99999',
    ];
    for (const origin of wrong) {
      const problems = problemsOf({ ...required, PORTAL_FRAME_ANCESTORS: `https://app.example.com ${origin}` });
      assert.match(
        problems.join(),
        /^PORTAL_FRAME_ANCESTORS holds ".*", which is not an origin like https:\/\/app/,
        origin,
      );
    }
  });

  it('accepts an encryption key of exactly 32 bytes', () => {
    for (const key of [Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64'), 'x'.repeat(44)]) {
      assert.match(problemsOf({ ...required, IRISX_ENCRYPTION_KEY: key })[0]!, /32 bytes/);
    }
  });

  it('accepts event keys in the same form, none by default, and shows no part of a wrong one', () => {
    const key = Buffer.alloc(32, 3);
    const IRISX_EVENT_KEYS = `2026:${key.toString('base64')}`;
    assert.equal(loadConfig(required).eventKeys, undefined);
    assert.deepEqual(loadConfig({ ...required, IRISX_EVENT_KEYS }).eventKeys, [{ id: '2026', key }]);
    assert.equal(loadConfig({ ...required, IRISX_EVENT_KEYS }, { needsKey: false }).eventKeys, undefined);
    const problem = 'IRISX_EVENT_KEYS number 1 must be 32 bytes in base64 (44 characters) after its id';
    assert.deepEqual(problemsOf({ ...required, IRISX_EVENT_KEYS: '2026:s3cret' }), [problem]);
  });

  describe('IRISX_ENCRYPTION_KEYS', () => {
    const keyOf = (byte: number) => Buffer.alloc(32, byte).toString('base64');
    const given = (keys: string, env: Environment = {}) => ({
      ...required,
      IRISX_ENCRYPTION_KEY: '',
      IRISX_ENCRYPTION_KEYS: keys,
      ...env,
    });

    it('accepts keys with ids, in their order', () => {
      assert.deepEqual(loadConfig(given(`2026:${keyOf(1)}, old_key-1:${keyOf(2).replace('=', '')}`)).encryptionKeys, [
        { id: '2026', key: Buffer.alloc(32, 1) },
        { id: 'old_key-1', key: Buffer.alloc(32, 2) },
      ]);
    });

    it('says which key is wrong and why, and shows no part of any', () => {
      const refused: [string, RegExp][] = [
        [keyOf(1), /number 1 must be id:key/],
        [`${keyOf(1)}:a`, /number 1 must be id:key/],
        [`a:${keyOf(1)},:${keyOf(2)}`, /number 2 must be id:key/],
        [`a:${keyOf(1)},`, /number 2 must be id:key/],
        [`a:${keyOf(1)},b b:${keyOf(2)}`, /number 2 must be id:key/],
        [`${'x'.repeat(33)}:${keyOf(1)}`, /number 1 must be id:key/],
        ['a:s3cret', /number 1 must be 32 bytes in base64/],
        [`a:${Buffer.alloc(31).toString('base64')}`, /number 1 must be 32 bytes/],
        [`a:${keyOf(1)},a:${keyOf(2)}`, /number 1 and number 2 have the same id/],
        [`a:${keyOf(1)},b:${keyOf(1)}`, /number 1 and number 2 are the same key/],
      ];
      for (const [keys, message] of refused) {
        const problems = problemsOf(given(keys));
        assert.equal(problems.length, 1, keys);
        assert.match(problems[0]!, /^IRISX_ENCRYPTION_KEYS /);
        assert.match(problems[0]!, message);
        for (const part of [keyOf(1), keyOf(2), 's3cret']) assert.ok(!problems[0]!.includes(part), problems[0]);
      }
    });

    it('may be set together with IRISX_ENCRYPTION_KEY only if it contains that key', () => {
      const both = given(`new:${keyOf(1)},old:${keyOf(2)}`, { IRISX_ENCRYPTION_KEY: keyOf(2) });
      assert.deepEqual(
        loadConfig(both).encryptionKeys.map(({ id }) => id),
        ['new', 'old'],
      );
      assert.deepEqual(problemsOf({ ...both, IRISX_ENCRYPTION_KEY: keyOf(3) }), [
        'IRISX_ENCRYPTION_KEY is not among IRISX_ENCRYPTION_KEYS: add it there under an id, or unset it',
      ]);
    });

    it('and the database are all that the rotation needs', () => {
      const { DATABASE_URL } = required;
      const keys = { IRISX_ENCRYPTION_KEYS: `a:${keyOf(1)}` };
      assert.equal(loadRotationConfig({ DATABASE_URL, ...keys }).encryptionKeys[0]?.id, 'a');
      assert.deepEqual(
        problemsOf({}, loadRotationConfig).map((problem) => problem.split(' ')[0]),
        ['DATABASE_URL', 'IRISX_ENCRYPTION_KEY'],
      );
    });
  });

  it('is deeply frozen', () => {
    const config = loadConfig({ ...required, TEMPORAL_TLS: 'true' });
    for (const part of [config, config.temporal, config.temporal.tls, config.api, config.allowedNetworks, config.log]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it('logs JSON in production by default', () => {
    assert.equal(loadConfig({ ...required, NODE_ENV: 'production' }).log.format, 'json');
    assert.equal(loadConfig({ ...required, NODE_ENV: 'production', LOG_FORMAT: 'pretty' }).log.format, 'pretty');
  });

  it('requires only the database to migrate', () => {
    assert.equal(loadMigrateConfig({ DATABASE_URL: required.DATABASE_URL }).databaseUrl, required.DATABASE_URL);
    assert.match(problemsOf({}, loadMigrateConfig)[0]!, /^DATABASE_URL is missing/);
  });

  it('says where the embedded stack keeps its data and where it listens', () => {
    assert.deepEqual(loadEmbeddedConfig({}), {
      dataDir: path.resolve('.data'),
      temporalPort: 7233,
      temporalUiPort: 8233,
    });
    const given = {
      IRISX_DATA_DIR: '/var/irisx',
      POSTGRES_PORT: '5433',
      TEMPORAL_PORT: '7000',
      TEMPORAL_UI_PORT: '7001',
    };
    assert.deepEqual(loadEmbeddedConfig(given), {
      dataDir: '/var/irisx',
      databasePort: 5433,
      temporalPort: 7000,
      temporalUiPort: 7001,
    });
  });

  describe('TLS to Temporal', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'irisx-config-'));
      for (const name of ['ca', 'cert', 'key']) writeFileSync(path.join(folder, name), name);
    });
    after(() => rmSync(folder, { recursive: true }));

    it("is on with TEMPORAL_TLS alone, trusting the system's authorities", () => {
      assert.equal(loadConfig({ ...required, TEMPORAL_TLS: 'false' }).temporal.tls, undefined);
      assert.deepEqual(loadConfig({ ...required, TEMPORAL_TLS: ' true ' }).temporal.tls, {});
      assert.deepEqual(loadConfig({ ...required, TEMPORAL_TLS: 'true' }).temporal.tls, {});
    });

    it('reads authority and client certificate from files, in the form that the SDK expects', () => {
      const { tls } = loadConfig({
        ...required,
        TEMPORAL_TLS_CA_FILE: path.join(folder, 'ca'),
        TEMPORAL_TLS_CERT_FILE: path.join(folder, 'cert'),
        TEMPORAL_TLS_KEY_FILE: path.join(folder, 'key'),
        TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
      }).temporal;
      assert.deepEqual(tls, {
        serverNameOverride: 'temporal.internal',
        serverRootCACertificate: Buffer.from('ca'),
        clientCertPair: { crt: Buffer.from('cert'), key: Buffer.from('key') },
      });
    });

    it('names a file that cannot be read, and a certificate without its key', () => {
      const problems = problemsOf({ ...required, TEMPORAL_TLS_CERT_FILE: path.join(folder, 'missing') });
      assert.deepEqual(problems, [
        `TEMPORAL_TLS_CERT_FILE names a file that cannot be read (ENOENT): ${path.join(folder, 'missing')}`,
        'TEMPORAL_TLS_CERT_FILE and TEMPORAL_TLS_KEY_FILE belong together, but only one is set',
      ]);
    });

    it('refuses an API key over plain text', () => {
      const problems = problemsOf({ ...required, TEMPORAL_TLS: 'false', TEMPORAL_API_KEY: 'cloud' });
      assert.deepEqual(problems, ['TEMPORAL_TLS is false, but TEMPORAL_API_KEY needs TLS: unset one']);
    });
  });

  describe('FREESWITCH_URLS', () => {
    const switches = (urls: string) => loadConfig({ ...required, FREESWITCH_URLS: urls }).freeswitch?.switches;

    it('lists the switches, with default port and password where none is given', () => {
      assert.deepEqual(switches('esl://:p%40ss%2Cw@fs1.example.com:8022, fs2, tcp://secret@[::1]:80'), [
        { host: 'fs1.example.com', port: 8022, password: 'p@ss,w' },
        { host: 'fs2', port: 8021, password: 'ClueCon' },
        { host: '::1', port: 80, password: 'secret' },
      ]);
      assert.equal(loadConfig(required).freeswitch, undefined);
    });

    it('refuses invalid urls, a switch named twice, and a line break in a password, without showing it', () => {
      for (const urls of [
        'esl://:s3cret@fs1:99999',
        'esl://:s3cret%0A@fs1',
        'esl://:s3cret%@fs1',
        'fs1/s3cret',
        'fs1,fs1:8021',
      ]) {
        const problems = problemsOf({ ...required, FREESWITCH_URLS: urls });
        assert.equal(problems.length, 1, urls);
        assert.doesNotMatch(problems[0]!, /s3cret/);
      }
    });

    it('needs a tenant variable that is not a SIP header, and a template with known placeholders', () => {
      const urls = { ...required, FREESWITCH_URLS: 'fs1' };
      const template = 'https://recordings.example.com/{call_sid}/{path}';
      const { freeswitch } = loadConfig({
        ...urls,
        FREESWITCH_TENANT_VARIABLE: 'customer',
        RECORDING_URL_TEMPLATE: template,
      });
      assert.deepEqual([freeswitch?.tenantVariable, freeswitch?.recordingUrlTemplate], ['customer', template]);
      for (const name of ['sip_h_X-Tenant-ID', 'a b'])
        assert.equal(problemsOf({ ...urls, FREESWITCH_TENANT_VARIABLE: name }).length, 1, name);
      for (const bad of ['https://r.example.com/{uuid}', 'not a url', 'https://r.example.com/{path'])
        assert.equal(problemsOf({ ...urls, RECORDING_URL_TEMPLATE: bad }).length, 1, bad);
    });
  });

  describe('TWILIO_*', () => {
    const account = 'AC0123456789abcdef0123456789abcdef';
    const sub = 'AC00000000000000000000000000000001';
    const twilio = {
      ...required,
      PUBLIC_BASE_URL: 'https://hooks.example.com',
      TWILIO_ACCOUNT_SID: account,
      TWILIO_AUTH_TOKEN: 's3cret',
    };

    it('configure the accounts, each with its current and next token', () => {
      assert.deepEqual(
        loadConfig({ ...twilio, TWILIO_NEXT_AUTH_TOKEN: 'n3xt', TWILIO_SUBACCOUNTS: `${sub}:a:b` }).twilio,
        {
          accountSid: account,
          accounts: [
            { sid: account, tokens: ['s3cret', 'n3xt'] },
            { sid: sub, tokens: ['a', 'b'] },
          ],
        },
      );
      assert.equal(loadConfig(required).twilio, undefined);
    });

    it('need a non-empty token, and a url that Twilio can call', () => {
      const wrong: [env: Environment, problem: RegExp][] = [
        [{ TWILIO_AUTH_TOKEN: '' }, /TWILIO_AUTH_TOKEN is missing or empty/],
        [{ TWILIO_AUTH_TOKEN: undefined }, /TWILIO_AUTH_TOKEN is missing or empty/],
        [{ TWILIO_ACCOUNT_SID: '' }, /TWILIO_ACCOUNT_SID is missing/],
        [{ TWILIO_ACCOUNT_SID: 'SK0123456789abcdef0123456789abcdef' }, /must be AC and 32 hexadecimal digits/],
        [{ PUBLIC_BASE_URL: '' }, /PUBLIC_BASE_URL is missing/],
        [{ PUBLIC_BASE_URL: 'https://my_hooks.example.com' }, /underscore/],
        [{ TWILIO_SUBACCOUNTS: sub }, /TWILIO_SUBACCOUNTS number 1/],
        [{ TWILIO_SUBACCOUNTS: `${sub}:` }, /TWILIO_SUBACCOUNTS number 1/],
        [{ TWILIO_SUBACCOUNTS: `${sub}:s3cret,${sub}:s3cret` }, /twice/],
        [{ TWILIO_SUBACCOUNTS: `${account}:s3cret` }, /has its own variables/],
        [{ TWILIO_API_BASE_URL: 'http://twilio.local:4010' }, /two labels/],
      ];
      for (const [env, problem] of wrong) {
        const problems = problemsOf({ ...twilio, ...env });
        assert.equal(problems.length, 1, problems.join('; '));
        assert.match(problems[0]!, problem);
        assert.doesNotMatch(problems[0]!, /s3cret/);
      }
    });
  });

  describe('.env.example', () => {
    const text = readFileSync('.env.example', 'utf8');
    const named = new Map(
      [...text.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
    );

    it('names every variable that is read', () => {
      const read = new Set<string>();
      const spy = new Proxy<Environment>(required, {
        get: (env, name) => (read.add(String(name)), env[String(name)]),
      });
      for (const load of [loadConfig, loadEmbeddedConfig, loadMigrateConfig]) load(spy);
      assert.ok(read.size > 25);
      assert.deepEqual(
        [...read].filter((name) => !named.has(name)),
        [],
      );
    });

    it('shows the actual defaults', () => {
      const shown = Object.fromEntries([...named].filter(([name, value]) => value !== '' && !(name in required)));
      assert.deepEqual(loadConfig({ ...required, ...shown }), loadConfig(required));
      assert.deepEqual(loadEmbeddedConfig(shown), loadEmbeddedConfig({}));
    });
  });
});
