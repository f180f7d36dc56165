import { ConfigError } from '../config/environment.js';
import { loadMigrateConfig } from '../config/migrate.js';
import { createLogger } from '../log.js';
import { migrate } from '../db/migrations.js';

try {
  const config = loadMigrateConfig(process.env);
  const log = createLogger(config.log);
  await migrate(config.databaseUrl, log).catch((error: unknown) => {
    log.fatal({ error }, 'migrations.failed');
    process.exitCode = 1;
  });
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
