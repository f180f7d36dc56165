import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { loadMigrateConfig } from '../../src/config/migrate.js';
import { loadConfig } from '../../src/config/service.js';

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  restart?: string;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  container_name?: string;
  volumes?: string[];
  profiles?: string[];
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, Service> };
const services = Object.entries(compose.services);
/** The file of the repository that a service sees under this path. */
const mountedAt = ({ volumes = [] }: Service, file: string): string | undefined =>
  volumes
    .map((volume) => volume.split(':'))
    .filter(([, target]) => file === target || file.startsWith(`${target}/`))
    .map(([source, target]) => source! + file.slice(target!.length))
    .find((path) => existsSync(path));
/** A job ends when its work is done; all other services keep running. */
const isJob = (service: Service) => service.restart?.startsWith('on-failure') ?? false;

describe('docker-compose.yml', () => {
  it('is valid by the Compose Specification', () => {
    const schema = JSON.parse(readFileSync('test/fixtures/compose-spec.json', 'utf8')) as Record<string, unknown>;
    delete schema.$schema; // its https url is not the identifier of draft 7 that validators know
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
    const broken = { services: { service: { imagine: 'x' } } };
    assert.ok(!validate(broken), 'the schema refuses what it does not know');
  });

  it('has the services of a complete stack', () => {
    assert.deepEqual(
      services.map(([name]) => name),
      // prettier-ignore
      ['postgres', 'temporal-schema', 'temporal', 'temporal-namespace', 'temporal-ui', 'migrate', 'service', 'balancer', 'listener', 'prometheus', 'grafana'],
    );
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of services)
      assert.match(image ?? '', /^[\w./-]+:v?\d+\.\d+(\.\d+)?(-alpine)?$/, name);
  });

  it('has a health check for every service and none for a job, and restarts services unless they are stopped', () => {
    for (const [name, service] of services) {
      if (isJob(service)) assert.equal(service.healthcheck, undefined, name);
      else {
        assert.equal(service.restart, 'unless-stopped', name);
        assert.ok((service.healthcheck?.test.length ?? 0) > 1, `${name} has no health check`);
      }
    }
    assert.deepEqual(
      services.filter(([, service]) => isJob(service)).map(([name]) => name),
      ['temporal-schema', 'temporal-namespace', 'migrate'],
    );
  });

  it('waits only for existing services, with a condition that they can satisfy', () => {
    for (const [name, { depends_on }] of services) {
      for (const [dependency, { condition }] of Object.entries(depends_on ?? {})) {
        const service = compose.services[dependency];
        assert.ok(service, `${name} waits for ${dependency}, which is no service`);
        assert.equal(condition, isJob(service) ? 'service_completed_successfully' : 'service_healthy', name);
      }
    }
  });

  it('uses only variables that .env.example names', () => {
    const used = new Set([...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name!));
    assert.ok(used.size > 10);
    const example = readFileSync('.env.example', 'utf8');
    for (const name of used) assert.match(example, new RegExp(`^(# )?${name}=`, 'm'));
  });

  it('has no default for a secret', () => {
    const usesOf = (name: string) => text.match(new RegExp(`\\$\\{${name}\\b[^}]*\\}`, 'g')) ?? [];
    for (const name of [
      'POSTGRES_PASSWORD',
      'IRISX_DATABASE_PASSWORD',
      'TEMPORAL_DATABASE_PASSWORD',
      'IRISX_ADMIN_KEY',
    ]) {
      assert.ok(usesOf(name).length > 0, name);
      for (const use of usesOf(name)) assert.match(use, /^\$\{\w+:\?set \w+ in \.env\}$/);
    }
    // One of the two is enough, which compose cannot express; the process refuses to start if both are missing.
    for (const name of ['IRISX_ENCRYPTION_KEY', 'IRISX_ENCRYPTION_KEYS'])
      assert.deepEqual(usesOf(name), [`\${${name}:-}`]);
  });

  it('gives each service only the secrets that it needs', () => {
    const secret = /\$\{(\w*(?:PASSWORD|TOKEN|KEY|SUBACCOUNTS|FREESWITCH_URLS)\w*)/;
    const secretsOf = ({ environment = {} }: Service) => [
      ...new Set(
        Object.values(environment).flatMap((value) => {
          const name = secret.exec(value)?.[1];
          return name ? [name] : [];
        }),
      ),
    ];
    const twilio = ['TWILIO_AUTH_TOKEN', 'TWILIO_NEXT_AUTH_TOKEN', 'TWILIO_SUBACCOUNTS'];
    const ours = 'IRISX_DATABASE_PASSWORD';
    assert.deepEqual(Object.fromEntries(services.map(([name, service]) => [name, secretsOf(service)])), {
      postgres: ['POSTGRES_PASSWORD', ours, 'TEMPORAL_DATABASE_PASSWORD'],
      'temporal-schema': ['TEMPORAL_DATABASE_PASSWORD'],
      temporal: ['TEMPORAL_DATABASE_PASSWORD'],
      'temporal-namespace': [],
      'temporal-ui': [],
      migrate: [ours],
      service: [
        ours,
        'IRISX_ENCRYPTION_KEY',
        'IRISX_ENCRYPTION_KEYS',
        'IRISX_EVENT_KEYS',
        ...twilio,
        'IRISX_ADMIN_KEY',
      ],
      balancer: [],
      listener: [ours, 'FREESWITCH_URLS'],
      prometheus: [],
      grafana: [],
    });
  });

  it('gives each of our processes enough to start, and no superuser', () => {
    const withValues = (environment: Record<string, string>) =>
      Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.replace(
            /\$\{(\w+)(?::[-?]([^}]*))?\}/g,
            (_, variable: string, other: string | undefined) =>
              values[variable] ?? (value.includes(':-') ? other! : 'a-password'),
          ),
        ]),
      );
    const values: Record<string, string> = {
      IRISX_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      IRISX_ADMIN_KEY: '0123456789abcdef',
    };
    for (const name of ['service', 'listener']) {
      const config = loadConfig(withValues(compose.services[name]!.environment!), { needsKey: name !== 'listener' });
      assert.equal(new URL(config.databaseUrl).username, 'irisx', name);
    }
    assert.equal(
      new URL(loadMigrateConfig(withValues(compose.services['migrate']!.environment!)).databaseUrl).username,
      'irisx',
    );
    assert.equal(compose.services['temporal']!.environment!['POSTGRES_USER'], 'temporal');
    assert.equal(compose.services['temporal-schema']!.environment!['SQL_USER'], 'temporal');
  });

  it('exposes only the API to other machines', () => {
    for (const [name, { ports = [] }] of services) {
      for (const mapping of ports) if (name !== 'balancer') assert.match(mapping, /^127\.0\.0\.1:/, name);
    }
  });

  it('lets the service scale: it has no fixed port or name, and the balancer finds all instances', () => {
    const { service, balancer } = compose.services;
    assert.equal(service!.ports, undefined, 'a published port cannot be shared');
    assert.equal(service!.container_name, undefined);
    assert.deepEqual(balancer!.ports, ['${PORT:-3000}:3000']);
    const lines = readFileSync('docker/haproxy.cfg', 'utf8')
      .split('\n')
      .map((line) => line.trim());
    for (const line of ['bind :3000', 'http-request set-header X-Forwarded-For %[src]', 'nameserver dns 127.0.0.11:53'])
      assert.ok(lines.includes(line), line);
    const template = lines.find((line) => line.startsWith('server-template ')) ?? '';
    const [name, port] = template.split(' ').at(-1)!.split(':');
    assert.ok(compose.services[name!], `${template}: no such service`);
    assert.equal(port, service!.environment!['PORT']);
  });

  it('makes the service trust the balancer, which overwrites what a caller claims', () => {
    const { trustedProxies = [] } = loadConfig({
      DATABASE_URL: 'postgres://irisx:password@localhost/irisx',
      TEMPORAL_ADDRESS: 'localhost:7233',
      IRISX_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      API_TRUSTED_PROXIES: /:-([^}]+)\}/.exec(compose.services['service']!.environment!['API_TRUSTED_PROXIES']!)![1],
    }).api;
    assert.ok(trustedProxies.includes('172.16.0.0/12'), "Docker's own networks");
  });

  it('runs programs that exist in the sources', () => {
    const programs = services.flatMap(([, { build, command }]) => (build ? [command?.[1] ?? ''] : []));
    assert.equal(programs.length, 3);
    for (const program of programs) {
      const source = program.replace(/^dist\//, '').replace(/\.js$/, '.ts');
      assert.ok(program.startsWith('dist/') && existsSync(source), `${program}: no ${source}`);
    }
  });

  it('mounts files that are in the repository', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('./')));
    assert.ok(mounted.length > 0);
    for (const volume of mounted) assert.ok(existsSync(volume.split(':')[0]!), volume);
  });

  it('runs Prometheus and Grafana only on request, and lets Prometheus find every process', () => {
    const { prometheus, grafana } = compose.services;
    for (const service of [prometheus, grafana]) assert.deepEqual(service!.profiles, ['monitoring']);
    const { scrape_configs: jobs, rule_files: rules } = parse(readFileSync('monitoring/prometheus.yml', 'utf8')) as {
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
      rule_files: string[];
    };
    const { names, port } = jobs[0]!.dns_sd_configs[0]!;
    for (const name of names)
      assert.equal(compose.services[name]!.environment!['METRICS_ADDRESS'], `0.0.0.0:${port}`, name);
    for (const file of ['/etc/prometheus/prometheus.yml', ...rules]) assert.ok(mountedAt(prometheus!, file), file);
  });

  it('provisions the dashboard and its source of data from files', () => {
    const { grafana } = compose.services;
    const read = (file: string): unknown => parse(readFileSync(mountedAt(grafana!, file) ?? '', 'utf8'));
    const provisioning = '/etc/grafana/provisioning';
    const { datasources } = read(`${provisioning}/datasources/prometheus.yml`) as {
      datasources: { uid: string; url: string }[];
    };
    assert.equal(datasources[0]!.url, 'http://prometheus:9090');
    const { providers } = read(`${provisioning}/dashboards/irisx-webhooks.yml`) as {
      providers: { options: { path: string } }[];
    };
    const home = grafana!.environment!['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']!;
    assert.ok(home.startsWith(`${providers[0]!.options.path}/`));
    const { panels } = read(home) as {
      panels: { id: number; type: string; datasource?: { uid: string }; targets?: unknown[] }[];
    };
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const { type, datasource, targets } of panels)
      if (type !== 'row') assert.deepEqual([datasource!.uid, targets!.length > 0], [datasources[0]!.uid, true]);
  });

  it('switches fairness on, with one partition', () => {
    const config = parse(readFileSync('docker/temporal-dynamic-config.yaml', 'utf8')) as Record<string, unknown>;
    assert.deepEqual(config, {
      'matching.enableFairness': [{ value: true }],
      'matching.numTaskqueueReadPartitions': [{ value: 1 }],
      'matching.numTaskqueueWritePartitions': [{ value: 1 }],
    });
  });
});

describe('Dockerfile', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

  it('pins its base image and runs as an unprivileged user', () => {
    for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm)) assert.equal(image, 'node:24.21-bookworm-slim');
    assert.match(lastStage, /^USER node$/m);
    assert.ok(lastStage.indexOf('USER node') < lastStage.indexOf('CMD ["node", "dist/src/server/service.js"]'));
  });

  it('copies only what .dockerignore allows', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).+$/gm) ?? [];
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) => files!.split(' '));
    assert.deepEqual([...new Set(copied)].sort(), [...allowed].sort());
    for (const file of copied) assert.ok(existsSync(file), file);
  });
});
